/* example_text.c: the tokens around an example: shaded where the latent fires, on one line or wrapped. */
#include "base/utf8.h"
#include "explorer/latent/latent_page.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

static role shade(float activation, float strongest) {
    float share = strongest > 0 ? activation / strongest : 0;
    return share > 0.75F ? ROLE_ACT4 : share > 0.5F ? ROLE_ACT3 : share > 0.25F ? ROLE_ACT2 : ROLE_ACT1;
}

/* Byte-level tokenizers split characters: joins their bytes again, to make the text readable. */
typedef struct run {
    uint64_t from, end;
} run;

enum { RUN_MOST = 8 };

/* How many bytes the last character of a text lacks. */
static int lacking(const char *text) {
    size_t n = strlen(text), tails = 0;
    while (tails < n && tails < 3 && utf8_is_continuation(text[n - 1 - tails])) tails++;
    if (tails == n) return 0;
    unsigned char lead = (unsigned char)text[n - 1 - tails];
    int wanted = lead >= 0xf0 && lead < 0xf8   ? 3
                 : lead >= 0xe0 && lead < 0xf0 ? 2
                 : lead >= 0xc0 && lead < 0xe0 ? 1
                                               : 0;
    return wanted > (int)tails ? wanted - (int)tails : 0;
}

/* The tokens from `from` that make whole characters: one where it does so alone, or none do. */
static uint64_t run_end(app *a, size_t capture, uint64_t from, uint64_t end) {
    int lack = lacking(scry_token(a->tab->index, capture, from));
    uint64_t t = from + 1;
    for (; lack && t < end && t - from < RUN_MOST; t++) {
        const char *text = scry_token(a->tab->index, capture, t);
        for (; lack && utf8_is_continuation(*text); text++) lack--;
        if (lack && *text) break;
        if (!lack) lack = lacking(text);
    }
    return lack ? from + 1 : t;
}

static run run_around(app *a, size_t capture, uint64_t row, uint64_t first, uint64_t end) {
    uint64_t from = row;
    while (from > first && row - from < RUN_MOST && utf8_is_continuation(*scry_token(a->tab->index, capture, from)))
        from--;
    uint64_t last = run_end(a, capture, from, end);
    return last > row ? (run){from, last} : (run){row, run_end(a, capture, row, end)};
}

typedef struct piece {
    char text[512];
    float h;      /* the largest of its tokens */
    int brackets; /* on each side */
} piece;

/* Tokens on which the latent fires are shaded; the example's stands in brackets. Where there is no colour, all of them
 * do, and the example's in two. */
static piece piece_of(app *a, size_t capture, run of, uint64_t peak) {
    piece out = {.h = 0};
    char raw[512] = "";
    size_t used = 0;
    for (uint64_t t = of.from; t < of.end; t++) {
        float h = scry_latent_activations_at(latent_activations(a), capture, t);
        if (h > out.h) out.h = h;
        used += (size_t)snprintf(raw + used, sizeof raw - used, "%s", scry_token(a->tab->index, capture, t));
        if (used >= sizeof raw) break;
    }
    text_clean(raw, out.text, sizeof out.text, a->ascii);
    bool plain = a->mono || a->ascii, is_peak = peak >= of.from && peak < of.end;
    out.brackets = is_peak ? 1 + plain : plain && out.h > 0;
    return out;
}

/* alone: no letter stands before it, for a mark to go onto. */
static int put_piece(app *a, int x, const piece *p, bool alone) {
    static const char ring[] = "\xe2\x97\x8c";
    role look = p->h > 0 ? shade(p->h, state_of(a)->strongest) : ROLE_TEXT;
    int start = x, room = a->scratch->cols;
    const char *text = p->text;
    x += grid_put(a->scratch, 0, x, p->brackets, look, "[[");
    if ((p->brackets || alone) && text_starts_with_mark(text)) x += grid_put(a->scratch, 0, x, room - x, look, ring);
    text = grid_join(a->scratch, 0, x, text);
    x += grid_put(a->scratch, 0, x, room - x, look, text);
    x += grid_put(a->scratch, 0, x, p->brackets, look, "]]");
    return x - start;
}

static int piece_columns(const piece *p) {
    return text_columns(p->text) + 2 * p->brackets;
}

laid_out latent_lay_out(app *a, size_t capture, uint64_t row, int before) {
    uint32_t number = scry_sample_of(a->tab->index, capture, row);
    scry_sample sample = scry_sample_at(a->tab->index, capture, number);
    uint64_t end = sample.first + sample.count;
    run of = run_around(a, capture, row, sample.first, end);
    for (int columns = 0; of.from > sample.first && columns < before;) {
        of = run_around(a, capture, of.from - 1, sample.first, end);
        piece p = piece_of(a, capture, of, row);
        columns += piece_columns(&p);
    }
    laid_out out = {.cut_left = of.from > sample.first};
    grid_clear(a->scratch);
    int x = 0;
    bool alone = true;
    for (; of.from < end && x + 600 < a->scratch->cols; of.from = of.end) {
        of.end = run_end(a, capture, of.from, end);
        if (row >= of.from && row < of.end) out.peak = x;
        piece p = piece_of(a, capture, of, row);
        x += put_piece(a, x, &p, alone);
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
