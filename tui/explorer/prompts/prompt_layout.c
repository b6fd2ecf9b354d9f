/* prompt_layout.c: the tokens of a prompt in lines, shaded by the activation of a latent. */
#include "base/mem.h"
#include "explorer/latent/shaded_piece.h"
#include "explorer/prompts/prompt_page.h"
#include "text/text.h"
#include "text/token_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const void *context, uint64_t token) {
    const prompt_page_state *s = context;
    const char *piece = s->models ? scry_prompt_piece(s->models, s->result->id[token]) : NULL;
    return piece ? piece : "";
}

static shaded_piece piece_of(const app *a, uint32_t from, uint32_t end, int64_t shade) {
    const prompt_page_state *s = prompt_page_of(a);
    shaded_piece out = {.h = 0};
    char raw[sizeof out.text] = "", room[PROMPT_ID_TEXT];
    size_t used = 0;
    for (uint32_t t = from; t < end && used < sizeof raw; t++) {
        float h =
            shade >= 0 && scry_prompt_counts(s->result, t) ? scry_prompt_activation(s->result, t, (uint32_t)shade) : 0;
        if (h > out.h) out.h = h;
        used += (size_t)snprintf(raw + used, sizeof raw - used, "%s", prompt_token_text(s, s->result->id[t], room));
    }
    shaded_piece_set(a, &out, raw);
    return out;
}

/* Ends a line: the word that does not fit goes to the next, where it began in the last third of the line. */
static void break_line(prompt_layout *l, size_t word, int *x) {
    const prompt_place *first = &l->place[word];
    l->lines++;
    *x = 0;
    if (word >= l->count || first->line != l->lines - 1 || first->x <= l->width * 2 / 3) return;
    for (size_t i = word; i < l->count; i++) {
        l->place[i].line = l->lines;
        l->place[i].x = *x;
        *x += l->place[i].cols;
    }
}

void prompt_lay_out(app *a, int cols) {
    prompt_page_state *s = prompt_page_of(a);
    prompt_layout *l = &s->layout;
    uint32_t shade = 0;
    bool plain = a->mono || a->ascii;
    int64_t by = prompt_shade(a, &shade) ? (int64_t)shade : -1;
    if (l->width == cols && l->shade == by && l->plain == plain) return;
    free(l->place);
    *l = (prompt_layout){
        .place = mem_new(s->result->tokens, sizeof *l->place), .width = cols, .shade = by, .plain = plain};
    int x = 0;
    size_t word = 0;
    for (uint32_t t = 0, end; t < s->result->tokens; t = end) {
        end = (uint32_t)token_run_end(text_of, s, t, s->result->tokens);
        shaded_piece p = piece_of(a, t, end, by);
        int width = shaded_piece_columns(&p);
        const char *last = text_of(s, end - 1);
        if (text_of(s, t)[0] == ' ' || !l->count) word = l->count;
        if (x > 0 && x + width > cols) break_line(l, word, &x);
        if (x > 0 && x + width > cols) break_line(l, l->count, &x);
        l->place[l->count++] = (prompt_place){t, end, l->lines, x, width};
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

size_t prompt_place_of(const prompt_page_state *s, size_t token) {
    size_t low = 0, high = s->layout.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->layout.place[middle].from <= token) low = middle;
        else high = middle;
    }
    return low;
}

static int last_line(const prompt_layout *l, const prompt_place *p) {
    return p->line + (p->cols > 0 ? (p->x + p->cols - 1) / l->width : 0);
}

bool prompt_place_at(const prompt_page_state *s, int line, int x, size_t *place) {
    const prompt_layout *l = &s->layout;
    for (size_t i = 0; i < l->count && l->place[i].line <= line; i++) {
        const prompt_place *p = &l->place[i];
        int at = (line - p->line) * l->width + x;
        *place = i;
        if (line <= last_line(l, p) && at >= p->x && at < p->x + p->cols) return true;
    }
    return false;
}

/* One that is wider than a line is drawn into the scratch row first. */
static void draw_wide(app *a, rect r, int first, const prompt_place *p, const shaded_piece *piece, float strongest) {
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

void prompt_text_draw(app *a, rect r, int first, uint32_t shade, bool shaded) {
    const prompt_page_state *s = prompt_page_of(a);
    const prompt_layout *l = &s->layout;
    float strongest = shaded ? scry_prompt_peak(s->result, shade) : 0;
    size_t cursor = prompt_place_of(s, s->token);
    for (size_t i = 0; i < l->count && l->place[i].line < first + r.rows; i++) {
        const prompt_place *p = &l->place[i];
        if (last_line(l, p) < first) continue;
        shaded_piece piece = piece_of(a, p->from, p->end, shaded ? (int64_t)shade : -1);
        int y = r.y + p->line - first;
        if (p->cols > r.cols) draw_wide(a, r, first, p, &piece, strongest);
        else if (y >= r.y) shaded_piece_put(a->grid, y, r.x + p->x, r.cols - p->x, &piece, strongest, p->x == 0);
        if (i != cursor) continue;
        for (int row = y, left = p->cols, x = p->x; left > 0 && row < r.y + r.rows; row++) {
            int here = left < r.cols - x ? left : r.cols - x;
            if (row >= r.y) mark_cells(a, row, r.x + x, here);
            left -= here;
            x = 0;
        }
        if (p->cols == 0 && y >= r.y && y < r.y + r.rows) mark_cells(a, y, r.x + p->x, 1);
    }
}
