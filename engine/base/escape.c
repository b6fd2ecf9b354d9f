/* base/escape.c: text in cells of CSV and in lines of a file. */
#include "base/escape.h"
#include "base/mem.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_formula(const char *text) {
    return text[0] && strchr("=+-@\t\r", text[0]);
}

void csv_text_write(FILE *file, const char *text) {
    char *cell = mem_format("%s%s", is_formula(text) ? "'" : "", text);
    csv_fwrite(file, cell, strlen(cell));
    free(cell);
}

void csv_text_write_line(FILE *file, const char *text) {
    char *line = NULL;
    size_t size;
    FILE *f = mem_stream(&line, &size);
    line_escape(f, text);
    mem_stream_end(f);
    csv_text_write(file, line);
    free(line);
}

const char *csv_text_unguard(const char *cell) {
    return cell[0] == '\'' && is_formula(cell + 1) ? cell + 1 : cell;
}

void quote_text(FILE *file, const char *text) {
    fputc('"', file);
    for (; *text; text++) fprintf(file, *text == '"' ? "\\%c" : "%c", *text);
    fputc('"', file);
}

void line_escape(FILE *file, const char *text) {
    for (; *text; text++)
        if (*text == '\n' || *text == '\\') fprintf(file, "\\%c", *text == '\n' ? 'n' : '\\');
        else fputc(*text, file);
}

char *line_unescape(char *text) {
    char *to = text;
    for (const char *at = text; *at; at++) {
        if (at[0] == '\\' && (at[1] == 'n' || at[1] == '\\')) *to++ = *++at == 'n' ? '\n' : '\\';
        else *to++ = *at;
    }
    *to = 0;
    return text;
}
