/* full_sample.c: an example's full sample, wrapped: as in its capture, or under each condition, one below the other,
 * with the tokens that moved most. */
#include "base/mem.h"
#include "explorer/latent/latent_page.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BEFORE_MOST = 1500, /* columns of text before the token; it must come within the scratch row */
    MOVED_MOST = 12,
    AROUND = 2000 /* tokens before and after the example that are compared: samples can be as long as a capture */
};

/* Where the text begins, behind the name of a condition. */
static int indent(const app *a) {
    return latent_condition_cols(a) + 4;
}

/* "4.22 train.base  train-math-09  token 118   base 4.22  icl +0.59  sft -0.07" */
static void draw_head(app *a, rect r, int y, const scry_example *e, const condition_row *sides, int n) {
    char text[128], number[32];
    int x = r.x + 1, end = r.x + r.cols;
    condition_text((double)e->activation, false, text, sizeof text);
    grid_put_right(a->grid, y, x, 6, ROLE_HEADER, text);
    x += 7;
    text_clean(a->tab->info->capture[e->capture].name, text, sizeof text, a->ascii);
    x += grid_put(a->grid, y, x, end - x, ROLE_FAINT, text) + 2;
    if (a->tab->info->capture[e->capture].has_tokens) {
        text_clean(scry_sample_at(a->tab->index, e->capture, e->sample).id, text, sizeof text, a->ascii);
        text_fit_middle(text, 24, a->ascii);
        x += grid_put(a->grid, y, x, end - x, ROLE_TEXT, text) + 2;
        x += grid_print(a->grid, y, x, end - x, ROLE_FAINT, "token %u", e->position) + 2;
    } else {
        x += grid_print(a->grid, y, x, end - x, ROLE_TEXT, "row %llu", (unsigned long long)e->token) + 2;
    }
    for (int i = 0; i < n; i++) {
        double d = condition_difference(sides, &sides[i]);
        condition_text(isnan(d) ? sides[i].h : d, !isnan(d), number, sizeof number);
        snprintf(text, sizeof text, "%s %s", scry_condition_name(sides[i].condition), number);
        if (x + text_columns(text) > end) break;
        x += grid_put(a->grid, y, x, end - x, ROLE_TEXT, text) + 2;
    }
}

typedef struct moved {
    uint64_t row;
    double change; /* from the reference */
} moved;

static int by_size(const void *x, const void *y) {
    const moved *a = x, *b = y;
    double first = fabs(a->change), second = fabs(b->change);
    if (first != second) return first < second ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

/* The tokens of the side's sample that differ most from the reference's, the largest first. */
static int moved_most(app *a, const condition_row *base, const condition_row *s, moved out[MOVED_MOST]) {
    uint32_t number = scry_sample_of(a->tab->index, s->capture, (uint64_t)s->row);
    scry_sample sample = scry_sample_at(a->tab->index, s->capture, number);
    uint64_t at = (uint64_t)s->row, end = sample.first + sample.count;
    uint64_t from = at > sample.first + AROUND ? at - AROUND : sample.first;
    if (end > at + AROUND) end = at + AROUND;
    moved *all = mem_new((size_t)(end - from), sizeof *all);
    int n = 0, kept;
    for (uint64_t row = from; row < end; row++) {
        int64_t partner = scry_paired_row(latent_pairing(a), s->capture, row, base->capture);
        if (partner < 0) continue;
        double change = (double)scry_latent_activations_at(latent_activations(a), s->capture, row) -
                        (double)scry_latent_activations_at(latent_activations(a), base->capture, (uint64_t)partner);
        if (change != 0) all[n++] = (moved){row, change};
    }
    qsort(all, (size_t)n, sizeof *all, by_size);
    for (kept = 0; kept < n && kept < MOVED_MOST; kept++) out[kept] = all[kept];
    free(all);
    return kept;
}

/* "moved   12 +4.29   x -0.51" as far as it fits. */
static void draw_moved(app *a, rect r, int y, const condition_row *base, const condition_row *s) {
    moved most[MOVED_MOST];
    int n = moved_most(a, base, s, most), x = r.x + indent(a), end = r.x + r.cols - 1;
    char same[40];
    snprintf(same, sizeof same, "as under %s", scry_condition_name(base->condition));
    bool little = n && fabs(most[0].change) < 0.005; /* shown with two places */
    x += grid_put(a->grid, y, x, end - x, ROLE_FAINT, little ? "moved by less than 0.01" : n ? "moved" : same) + 2;
    for (int i = 0; i < n && fabs(most[i].change) >= 0.005; i++) {
        char token[64], number[16];
        if (a->tab->info->capture[s->capture].has_tokens)
            text_clean(scry_token(a->tab->index, s->capture, most[i].row), token, sizeof token, a->ascii);
        else snprintf(token, sizeof token, "row %llu", (unsigned long long)most[i].row);
        text_fit(token, 16, a->ascii);
        condition_text(most[i].change, true, number, sizeof number);
        if (x + text_columns(token) + 3 + text_columns(number) > end) break;
        x += grid_put(a->grid, y, x, 1, ROLE_FAINT, "[");
        x += grid_put(a->grid, y, x, end - x, ROLE_TEXT, token);
        x += grid_put(a->grid, y, x, 1, ROLE_FAINT, "]") + 1;
        x += grid_put(a->grid, y, x, end - x, ROLE_TEXT, number) + 2;
    }
}

static int text_lines(app *a, size_t capture, uint64_t row, int cols) {
    if (!a->tab->info->capture[capture].has_tokens) return 1;
    int from[LINES_MOST + 1];
    laid_out text = latent_lay_out(a, capture, row, BEFORE_MOST);
    return latent_break(a, &text, cols - indent(a) - 1, from);
}

/* Draws those of its lines that lie within the rows of r; returns how many it has. */
static int draw_text(app *a, rect r, int y, size_t capture, uint64_t row) {
    if (!a->tab->info->capture[capture].has_tokens) {
        if (y >= r.y && y < r.y + r.rows)
            grid_put(a->grid, y, r.x + indent(a), r.cols - indent(a), ROLE_FAINT, CONDITIONS_NO_TEXT);
        return 1;
    }
    int from[LINES_MOST + 1];
    laid_out text = latent_lay_out(a, capture, row, BEFORE_MOST);
    int n = latent_break(a, &text, r.cols - indent(a) - 1, from);
    for (int i = 0; i < n; i++)
        if (y + i >= r.y && y + i < r.y + r.rows)
            latent_copy(a, y + i, r.x + indent(a), from[i + 1] - from[i], from[i]);
    return n;
}

static bool has_moved(const condition_row *sides, const condition_row *s) {
    return s->row >= 0 && sides[0].row >= 0 && sides[0].reference && !s->reference;
}

int full_sample_lines(app *a, const scry_example *e, bool all, int cols) {
    condition_row sides[SCRY_CONDITIONS];
    int n = all ? condition_rows(a, e, sides) : 0, lines = 1;
    if (!all) return lines + text_lines(a, e->capture, e->token, cols);
    for (int i = 0; i < n; i++) {
        lines += sides[i].row < 0 ? 1 : text_lines(a, sides[i].capture, (uint64_t)sides[i].row, cols);
        lines += has_moved(sides, &sides[i]);
    }
    return lines;
}

/* One condition: its name at the left, its text, what moved. Returns the lines. */
static int draw_side(app *a, rect r, int y, const condition_row *sides, const condition_row *s) {
    bool seen = y >= r.y && y < r.y + r.rows;
    if (seen) grid_put_right(a->grid, y, r.x + 1, indent(a) - 2, ROLE_HEADER, scry_condition_name(s->condition));
    if (s->row < 0) {
        if (seen) grid_put(a->grid, y, r.x + indent(a), r.cols - indent(a), ROLE_FAINT, "no such token");
        return 1;
    }
    int lines = draw_text(a, r, y, s->capture, (uint64_t)s->row);
    if (!has_moved(sides, s)) return lines;
    if (y + lines >= r.y && y + lines < r.y + r.rows) draw_moved(a, r, y + lines, &sides[0], s);
    return lines + 1;
}

void full_sample_draw(app *a, rect r, int y, int line, const scry_example *e, bool all) {
    condition_row sides[SCRY_CONDITIONS];
    int n = condition_rows(a, e, sides), end = r.y + r.rows;
    rect seen = {y, r.x, end - y, r.cols};
    if (line == 0) draw_head(a, r, y, e, sides, n);
    y += 1 - line;
    if (line > 0) y = seen.y - line + 1;
    else seen.y++, seen.rows--;
    if (!all) draw_text(a, seen, y, e->capture, e->token);
    for (int i = 0; all && i < n && y < end; i++) y += draw_side(a, seen, y, sides, &sides[i]);
}
