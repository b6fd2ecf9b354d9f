/* grid_ansi.c: a whole screen with its styles: as text with escape sequences, and as runs of styles. */
#include "draw/grid_ansi.h"
#include "base/mem.h"
#include "text/text.h"

#include <stdlib.h>
#include <string.h>

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

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
enum { LETTERS = sizeof letters - 1 };

typedef struct styles {
    style of[LETTERS];
    int count;
} styles;

/* A theme has fewer styles than there are letters; any beyond them share the last letter. */
static char letter_of(styles *s, style of) {
    int i = 0;
    while (i < s->count && !same(s->of[i], of)) i++;
    if (i == s->count && s->count < LETTERS) s->of[s->count++] = of;
    return letters[i < LETTERS ? i : LETTERS - 1];
}

static void write_runs(const grid *g, int y, const theme *t, color_level level, styles *s, FILE *file) {
    int run = 0;
    char open = 0;
    for (int x = 0; x < g->cols; x++) {
        const cell *c = &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
        /* the right half of a wide character has the style of its left half */
        char here = c->width || !open ? letter_of(s, theme_style(t, level, (role)c->role, c->flags)) : open;
        if (open && here != open) {
            fprintf(file, "%d%c ", run, open);
            run = 0;
        }
        open = here;
        run++;
    }
    if (open) fprintf(file, "%d%c", run, open);
}

static void write_color(FILE *file, short color) {
    if (color < 0) fputs(" -", file);
    else fprintf(file, " %d", color);
}

static void write_legend(const styles *s, FILE *file) {
    for (int i = 0; i < s->count; i++) {
        const style *of = &s->of[i];
        fprintf(file, "%c%s%s%s", letters[i], of->bold ? " bold" : "", of->underline ? " underline" : "",
                of->reverse ? " reverse" : "");
        write_color(file, of->fg);
        fputs(" on", file);
        write_color(file, of->bg);
        fputc('\n', file);
    }
}

bool grid_styles(const grid *g, const theme *t, color_level level, FILE *file) {
    styles s = {.count = 0};
    char *row = NULL, *above = NULL;
    size_t size;
    int alike = 0;
    for (int y = 0; y <= g->rows; y++) {
        FILE *f = y < g->rows ? mem_stream(&row, &size) : NULL;
        if (f) write_runs(g, y, t, level, &s, f), mem_stream_end(f);
        if (above && row && strcmp(above, row) == 0) {
            alike++;
        } else {
            if (above) fprintf(file, alike > 1 ? "%s x%d\n" : "%s\n", above, alike);
            alike = 1;
        }
        free(above);
        above = row;
        row = NULL;
    }
    write_legend(&s, file);
    return !ferror(file);
}
