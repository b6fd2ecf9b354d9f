/* latent_text.c: the tokens around an example: shaded where the latent fires, on one line or wrapped. */
#include "views/latent_page.h"

#include <string.h>

static role shade(float activation, float strongest) {
    float share = strongest > 0 ? activation / strongest : 0;
    return share > 0.75F ? ROLE_ACT4 : share > 0.5F ? ROLE_ACT3 : share > 0.25F ? ROLE_ACT2 : ROLE_ACT1;
}

static int token_columns(app *a, size_t capture, uint64_t row) {
    char safe[256];
    return text_clean(scry_token(a->tab->index, capture, row), safe, sizeof safe, a->ascii);
}

/* Tokens on which the latent fires are shaded; the example's, and all of them where there is no
 * colour, stand in brackets. */
static int put_token(app *a, int x, size_t capture, uint64_t row, bool is_peak) {
    char safe[256];
    float h = scry_fires_at(latent_fires(a), capture, row);
    role look = h > 0 ? shade(h, state_of(a)->strongest) : ROLE_TEXT;
    bool bracket = is_peak || (h > 0 && (a->mono || a->ascii));
    int start = x, room = a->scratch->cols;
    text_clean(scry_token(a->tab->index, capture, row), safe, sizeof safe, a->ascii);
    if (bracket) x += grid_put(a->scratch, 0, x, 1, look, "[");
    x += grid_put(a->scratch, 0, x, room - x, look, safe);
    if (bracket) x += grid_put(a->scratch, 0, x, 1, look, "]");
    return x - start;
}

laid_out latent_lay_out(app *a, size_t capture, uint64_t row, int before) {
    uint32_t number = scry_sample_of(a->tab->index, capture, row);
    scry_sample sample = scry_sample_at(a->tab->index, capture, number);
    uint64_t from = row, end = sample.first + sample.count;
    int columns = 0, x = 0;
    while (from > sample.first && columns < before) {
        bool fires = scry_fires_at(latent_fires(a), capture, from - 1) > 0;
        columns += token_columns(a, capture, --from) + (fires && (a->mono || a->ascii) ? 2 : 0);
    }
    laid_out out = {.cut_left = from > sample.first};
    grid_clear(a->scratch);
    uint64_t t = from;
    for (; t < end && x + 300 < a->scratch->cols; t++) {
        if (t == row) out.peak = x;
        x += put_token(a, x, capture, t, t == row);
    }
    out.columns = x;
    out.cut_right = t < end;
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
