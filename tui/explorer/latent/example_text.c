/* example_text.c: the tokens around an example: shaded where the latent fires, on one line or wrapped. */
#include "explorer/latent/latent_page.h"
#include "explorer/latent/shaded_piece.h"
#include "text/text.h"
#include "text/token_run.h"

#include <stdio.h>
#include <string.h>

/* Tokens of a capture. */
typedef struct capture_tokens {
    const scry_index *index;
    size_t capture;
} capture_tokens;

static const char *text_of(const void *context, uint64_t row) {
    const capture_tokens *c = context;
    return scry_token(c->index, c->capture, row);
}

/* Tokens on which the latent fires are shaded; the example's stands in brackets. Where there is no colour, all of them
 * do, and the example's in two. */
static shaded_piece piece_of(app *a, size_t capture, token_run of, uint64_t peak) {
    shaded_piece out = {.h = 0};
    char raw[512] = "";
    size_t used = 0;
    for (uint64_t t = of.from; t < of.end; t++) {
        float h = scry_latent_activations_at(latent_activations(a), capture, t);
        if (h > out.h) out.h = h;
        used += (size_t)snprintf(raw + used, sizeof raw - used, "%s", scry_token(a->tab->index, capture, t));
        if (used >= sizeof raw) break;
    }
    shaded_piece_set(a, &out, raw);
    if (peak >= of.from && peak < of.end) out.brackets = 1 + (a->mono || a->ascii);
    return out;
}

laid_out latent_lay_out(app *a, size_t capture, uint64_t row, int before) {
    uint32_t number = scry_sample_of(a->tab->index, capture, row);
    scry_sample sample = scry_sample_at(a->tab->index, capture, number);
    uint64_t end = sample.first + sample.count;
    const capture_tokens tokens = {a->tab->index, capture};
    token_run of = token_run_around(text_of, &tokens, row, sample.first, end);
    for (int columns = 0; of.from > sample.first && columns < before;) {
        of = token_run_around(text_of, &tokens, of.from - 1, sample.first, end);
        shaded_piece p = piece_of(a, capture, of, row);
        columns += shaded_piece_columns(&p);
    }
    laid_out out = {.cut_left = of.from > sample.first};
    grid_clear(a->scratch);
    int x = 0;
    bool alone = true;
    for (; of.from < end && x + 600 < a->scratch->cols; of.from = of.end) {
        of.end = token_run_end(text_of, &tokens, of.from, end);
        if (row >= of.from && row < of.end) out.peak = x;
        shaded_piece p = piece_of(a, capture, of, row);
        x += shaded_piece_put(a->scratch, 0, x, a->scratch->cols - x, &p, state_of(a)->strongest, alone);
        alone = p.brackets > 0;
    }
    out.columns = x;
    out.cut_right = of.from < end;
    return out;
}

void latent_copy(app *a, int y, int x, int cols, int from) {
    grid *g = a->grid;
    const grid *s = a->scratch;
    for (int i = 0; i < cols && x + i < g->cols; i++) {
        cell c = {.code = {' '}, .width = 1};
        if (from + i >= 0 && from + i < s->cols) c = s->cells[from + i];
        if ((c.width == 0 && i == 0) || (c.width == 2 && (i + 1 == cols || x + i + 1 == g->cols)))
            c = (cell){.code = {' '}, .width = 1};
        g->cells[(size_t)y * (size_t)g->cols + (size_t)(x + i)] = c;
    }
}

/* The last blank of a line that is full, not too far from its end: the next line begins behind it. */
static int break_at(const grid *s, int from, int cols) {
    int end = from + cols;
    for (int x = end; x > from + cols * 2 / 3; x--)
        if (s->cells[x].code[0] == ' ' && s->cells[x].width == 1) return x + 1;
    return s->cells[end].width == 0 ? end - 1 : end; /* not through a wide character */
}

int latent_break(app *a, const laid_out *text, int cols, int from[LINES_MOST + 1]) {
    int n = 0, x = 0;
    if (cols < 4) cols = 4;
    while (x < text->columns && n < LINES_MOST) {
        from[n++] = x;
        x = text->columns - x <= cols ? text->columns : break_at(a->scratch, x, cols);
    }
    from[n] = x;
    return n;
}
