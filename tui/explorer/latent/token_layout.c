/* token_layout.c: see token_layout.h. */
#include "explorer/latent/token_layout.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Ends a line: the word that does not fit goes to the next, where it began in the last third of the line. */
static void break_line(token_layout *l, size_t word, int *x) {
    const token_place *first = &l->place[word];
    l->lines++;
    *x = 0;
    if (word >= l->count || first->line != l->lines - 1 || first->x <= l->width * 2 / 3) return;
    for (size_t i = word; i < l->count; i++) {
        l->place[i].line = l->lines;
        l->place[i].x = *x;
        *x += l->place[i].cols;
    }
}

void token_layout_set(token_layout *l, const token_source *source, int cols) {
    free(l->place);
    *l = (token_layout){.place = mem_new(source->tokens, sizeof *l->place), .width = cols};
    int x = 0;
    size_t word = 0;
    for (uint32_t t = 0, end; t < source->tokens; t = end) {
        end = (uint32_t)token_run_end(source->text, source->context, t, source->tokens);
        shaded_piece p = source->piece(source, t, end);
        int width = shaded_piece_columns(&p);
        const char *last = source->text(source->context, end - 1);
        if (source->text(source->context, t)[0] == ' ' || !l->count) word = l->count;
        if (x > 0 && x + width > cols) break_line(l, word, &x);
        if (x > 0 && x + width > cols) break_line(l, l->count, &x);
        l->place[l->count++] = (token_place){t, end, l->lines, x, width};
        x += width;
        if (width > cols) { /* over several lines */
            l->lines += (width - 1) / cols;
            x = (width - 1) % cols + 1;
            word = l->count;
        }
        if (*last && last[strlen(last) - 1] == '\n') {
            l->lines++;
            x = 0;
            word = l->count;
        }
    }
    l->lines += x > 0;
}

size_t token_layout_find(const token_layout *l, size_t token) {
    size_t low = 0, high = l->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (l->place[middle].from <= token) low = middle;
        else high = middle;
    }
    return low;
}

static int last_line(const token_layout *l, const token_place *p) {
    return p->line + (p->cols > 0 ? (p->x + p->cols - 1) / l->width : 0);
}

bool token_layout_at(const token_layout *l, int line, int x, size_t *place) {
    for (size_t i = 0; i < l->count && l->place[i].line <= line; i++) {
        const token_place *p = &l->place[i];
        int at = (line - p->line) * l->width + x;
        *place = i;
        if (line <= last_line(l, p) && at >= p->x && at < p->x + p->cols) return true;
    }
    return false;
}

/* One that is wider than a line is drawn into the scratch row first. */
static void draw_wide(app *a, rect r, int first, const token_place *p, const shaded_piece *piece, float strongest) {
    grid_clear(a->scratch);
    shaded_piece_put(a->scratch, 0, 0, a->scratch->cols, piece, strongest, true);
    for (int from = 0, y = r.y + p->line - first; from < p->cols; from += r.cols, y++)
        for (int i = 0; y >= r.y && y < r.y + r.rows && i < r.cols && from + i < a->scratch->cols; i++) {
            cell c = a->scratch->cells[from + i];
            bool half = (c.width == 0 && i == 0) || (c.width == 2 && i + 1 == r.cols);
            if (half) c = (cell){.code = {' '}, .width = 1};
            a->grid->cells[(size_t)y * (size_t)a->grid->cols + (size_t)(r.x + i)] = c;
        }
}

/* The token under the cursor, whatever its shade: in the colours of a title, or reversed. */
static void mark_cells(app *a, int y, int x, int cols) {
    for (int i = x; i < x + cols && i < a->grid->cols; i++) {
        cell *c = &a->grid->cells[(size_t)y * (size_t)a->grid->cols + (size_t)i];
        c->role = a->mono ? ROLE_TEXT : ROLE_TITLE;
        if (a->mono) c->flags |= CELL_CURSOR;
    }
}

void token_layout_draw(app *a, rect r, int first, const token_layout *l, const token_source *source, size_t cursor) {
    const size_t at = cursor == TOKEN_LAYOUT_NO_CURSOR ? l->count : token_layout_find(l, cursor);
    for (size_t i = 0; i < l->count && l->place[i].line < first + r.rows; i++) {
        const token_place *p = &l->place[i];
        if (last_line(l, p) < first) continue;
        shaded_piece piece = source->piece(source, p->from, p->end);
        int y = r.y + p->line - first;
        if (p->cols > r.cols) draw_wide(a, r, first, p, &piece, source->strongest);
        else if (y >= r.y)
            shaded_piece_put(a->grid, y, r.x + p->x, r.cols - p->x, &piece, source->strongest, p->x == 0);
        if (i != at) continue;
        for (int row = y, left = p->cols, x = p->x; left > 0 && row < r.y + r.rows; row++) {
            int here = left < r.cols - x ? left : r.cols - x;
            if (row >= r.y) mark_cells(a, row, r.x + x, here);
            left -= here;
            x = 0;
        }
        if (p->cols == 0 && y >= r.y && y < r.y + r.rows) mark_cells(a, y, r.x + p->x, 1);
    }
}
