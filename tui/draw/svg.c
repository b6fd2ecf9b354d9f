/* svg.c: writing SVG. */
#include "draw/svg.h"
#include "base/printable.h"
#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* A length or coordinate: two decimals at most, never an exponent. */
static void svg_number(FILE *f, double value) {
    char text[64];
    if (!isfinite(value)) value = 0;
    if (fabs(value) > 1e7) value = value > 0 ? 1e7 : -1e7;
    snprintf(text, sizeof text, "%.2f", value);
    char *end = text + strlen(text);
    while (end[-1] == '0') *--end = 0;
    if (end[-1] == '.') *--end = 0;
    fputs(strcmp(text, "-0") == 0 ? "0" : text, f);
}

void svg_text(FILE *f, const char *text) {
    printable_run run = {0};
    while (*text) {
        uint32_t code = utf8_next(&text);
        char piece[PRINTABLE_PIECE];
        printable_piece(&run, code, PRINTABLE_MARKUP, piece);
        if (code == '&') fputs("&amp;", f);
        else if (code == '<') fputs("&lt;", f);
        else if (code == '>') fputs("&gt;", f);
        else if (code == '"') fputs("&quot;", f);
        else fputs(piece, f);
    }
}

void svg_put(FILE *f, const char *format, ...) {
    va_list args;
    va_start(args, format);
    for (const char *at = format; *at; at++) {
        if (*at != '%') {
            fputc(*at, f);
            continue;
        }
        switch (*++at) {
        case 'n':
            svg_number(f, va_arg(args, double));
            break;
        case 's':
            fputs(va_arg(args, const char *), f);
            break;
        case 't':
            svg_text(f, va_arg(args, const char *));
            break;
        case 'd':
            fprintf(f, "%d", va_arg(args, int));
            break;
        case 'c':
            fprintf(f, "#%06x", (unsigned)va_arg(args, uint32_t));
            break;
        default:
            fputc(*at, f);
            break;
        }
    }
    va_end(args);
}
