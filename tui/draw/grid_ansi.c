/* grid_ansi.c: a whole screen as text with the styles of a terminal. */
#include "draw/grid_ansi.h"
#include "text/text.h"

static void put_color(FILE *file, int color, bool background) {
    if (color < 0) return;
    if (color < 8) fprintf(file, ";%d", color + (background ? 40 : 30));
    else if (color < 16) fprintf(file, ";%d", color - 8 + (background ? 100 : 90));
    else fprintf(file, ";%d;5;%d", background ? 48 : 38, color);
}

static void put_style(FILE *file, style s) {
    fprintf(file, "\033[0%s%s%s", s.bold ? ";1" : "", s.underline ? ";4" : "", s.reverse ? ";7" : "");
    put_color(file, s.fg, false);
    put_color(file, s.bg, true);
    fputc('m', file);
}

static bool same(style a, style b) {
    return a.fg == b.fg && a.bg == b.bg && a.bold == b.bold && a.underline == b.underline && a.reverse == b.reverse;
}

bool grid_ansi(const grid *g, const theme *t, color_level level, FILE *file) {
    const style plain = {-1, -1, false, false, false};
    for (int y = 0; y < g->rows; y++) {
        style open = plain;
        for (int x = 0; x < g->cols; x++) {
            const cell *c = &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
            style s = theme_style(t, level, (role)c->role, c->flags);
            if (c->width && !same(s, open)) {
                put_style(file, s);
                open = s;
            }
            for (int i = 0; i < CELL_CODES && c->code[i]; i++) {
                char bytes[5];
                utf8_encode(c->code[i], bytes);
                fputs(bytes, file);
            }
        }
        fputs(same(open, plain) ? "\n" : "\033[0m\n", file);
    }
    return !ferror(file);
}
