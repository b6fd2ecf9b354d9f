/* grid.c: the screen as cells of text and role. */
#include "draw/grid.h"
#include "base/mem.h"
#include "base/printable.h"
#include "text/text.h"

#include <stdarg.h>
#include <stdlib.h>

const char *const role_names[ROLES] = {"text",  "faint", "title",  "header", "focus", "in",     "out",
                                       "mark",  "bar",   "barout", "rho",    "key",   "prompt", "message",
                                       "error", "act1",  "act2",   "act3",   "act4",  "plot1",  "plot2",
                                       "plot3", "plot4", "plot5",  "plot6",  "found"};

grid *grid_new(int rows, int cols) {
    grid *g = mem_new(1, sizeof *g);
    grid_resize(g, rows, cols);
    return g;
}

void grid_free(grid *g) {
    if (!g) return;
    free(g->cells);
    free(g);
}

void grid_resize(grid *g, int rows, int cols) {
    free(g->cells);
    g->rows = rows > 0 ? rows : 1;
    g->cols = cols > 0 ? cols : 1;
    g->cells = mem_new((size_t)g->rows * (size_t)g->cols, sizeof *g->cells);
    grid_clear(g);
}

void grid_clear(grid *g) {
    for (int i = 0; i < g->rows * g->cols; i++) g->cells[i] = (cell){.code = {' '}, .width = 1};
}

static cell *at(grid *g, int y, int x) {
    return &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
}

/* Writing over half of a wide character blanks the other half. */
static void set(grid *g, int y, int x, cell c) {
    cell *old = at(g, y, x);
    if (old->width == 0 && x > 0 && at(g, y, x - 1)->width == 2) *at(g, y, x - 1) = (cell){.code = {' '}, .width = 1};
    if (old->width == 2 && x + 1 < g->cols) *at(g, y, x + 1) = (cell){.code = {' '}, .width = 1};
    *old = c;
}

static void combine(grid *g, int y, int x, uint32_t code) {
    if (x <= 0) return;
    cell *c = at(g, y, x - 1);
    if (c->width == 0 && x > 1) c = at(g, y, x - 2);
    for (int i = 1; i < CELL_CODES; i++)
        if (!c->code[i]) {
            c->code[i] = code;
            return;
        }
}

int grid_put(grid *g, int y, int x, int cols, role r, const char *text) {
    if (y < 0 || y >= g->rows || x < 0 || x >= g->cols) return 0;
    int end = cols > g->cols - x ? g->cols : x + cols, start = x;
    for (const char *p = text; *p;) {
        uint32_t code = utf8_next(&p);
        if (printable_is_hidden(code)) code = UTF8_REPLACEMENT;
        int width = text_width(code);
        if (width == 0) {
            if (x > start) combine(g, y, x, code);
            continue;
        }
        if (x + width > end) break;
        set(g, y, x, (cell){.code = {code}, .width = (uint8_t)width, .role = (uint8_t)r});
        if (width == 2) set(g, y, x + 1, (cell){.code = {0}, .width = 0, .role = (uint8_t)r});
        x += width;
    }
    return x - start;
}

const char *grid_join(grid *g, int y, int x, const char *text) {
    while (y >= 0 && y < g->rows && x <= g->cols && text_starts_with_mark(text)) combine(g, y, x, utf8_next(&text));
    return text;
}

int grid_print(grid *g, int y, int x, int cols, role r, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return grid_put(g, y, x, cols, r, text);
}

void grid_put_right(grid *g, int y, int x, int cols, role r, const char *text) {
    int width = text_columns(text);
    if (width > cols) width = cols;
    grid_put(g, y, x + cols - width, width, r, text);
}

void grid_fill(grid *g, int y, int x, int cols, role r, uint32_t code) {
    if (y < 0 || y >= g->rows) return;
    for (int i = x < 0 ? 0 : x; i < x + cols && i < g->cols; i++)
        set(g, y, i, (cell){.code = {code}, .width = 1, .role = (uint8_t)r});
}

void grid_flag(grid *g, int y, int x, int cols, uint8_t flags) {
    if (y < 0 || y >= g->rows) return;
    for (int i = x < 0 ? 0 : x; i < x + cols && i < g->cols; i++) at(g, y, i)->flags |= flags;
}

int grid_bar_eighths(int cols, double share) {
    if (!(share > 0) || cols <= 0) return 0;
    int eighths = (int)((share < 1 ? share : 1) * cols * 8 + 0.5);
    return eighths ? eighths : 1; /* keep small values visible */
}

int grid_bar_ascii(int eighths) {
    return !eighths ? 0 : eighths < 8 ? 1 : (eighths + 4) / 8;
}

void grid_bar(grid *g, int y, int x, int cols, role r, double share, bool ascii) {
    int eighths = grid_bar_eighths(cols, share);
    if (!eighths) return;
    if (ascii) {
        grid_fill(g, y, x, grid_bar_ascii(eighths), r, '#');
        return;
    }
    grid_fill(g, y, x, eighths / 8, r, 0x2588);
    if (eighths % 8) grid_fill(g, y, x + eighths / 8, 1, r, 0x2590u - (uint32_t)(eighths % 8));
}

static void write_cell(const cell *c, FILE *file) {
    for (int i = 0; i < CELL_CODES && c->code[i]; i++) {
        char bytes[5];
        utf8_encode(c->code[i], bytes);
        fputs(bytes, file);
    }
}

static void write_row_with_roles(const grid *g, int y, FILE *file) {
    int open = -1;
    for (int x = 0; x < g->cols; x++) {
        const cell *c = &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
        int style = c->role | (c->flags & CELL_CURSOR) << 8;
        if (c->width && style != open) {
            if (open > 0) fputc('}', file);
            if (style) fprintf(file, "{%s%s:", style & 0x100 ? "^" : "", role_names[c->role]);
            open = style;
        }
        write_cell(c, file);
    }
    fprintf(file, "%s|\n", open > 0 ? "}" : "");
}

static void write_row(const grid *g, int y, FILE *file) {
    const cell *row = &g->cells[(size_t)y * (size_t)g->cols];
    int end = g->cols;
    while (end > 0 && row[end - 1].code[0] == ' ') end--;
    for (int x = 0; x < end; x++) write_cell(&row[x], file);
    fputc('\n', file);
}

void grid_write(const grid *g, FILE *file, bool with_roles) {
    for (int y = 0; y < g->rows; y++) {
        if (with_roles) write_row_with_roles(g, y, file);
        else write_row(g, y, file);
    }
}
