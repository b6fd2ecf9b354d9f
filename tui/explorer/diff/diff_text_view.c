/* diff_text_view.c: the tokens of a text in lines, shaded by what the models say differently behind them. */
#include "explorer/diff/diff_page.h"

#include <math.h>
#include <stdio.h>

double diff_page_size(scry_diff_by by, double kl, double gain) {
    double size = by == SCRY_DIFF_KL ? kl : fabs(gain);
    return isnan(size) ? 0 : size;
}

double diff_text_strongest(const diff_page_state *s) {
    double most = 0;
    for (size_t t = 0; t < s->found->at.tokens; t++)
        most = fmax(most, diff_page_size(s->by, s->found->kl[t], s->found->gain[t]));
    return most;
}

/* Without shades only tokens that stand out are marked. */
double diff_text_least(const app *a) {
    return diff_text_strongest(diff_page_of(a)) * (a->mono || a->ascii ? 0.25 : 0.1);
}

static const char *text_of(const void *context, uint64_t token) {
    const diff_page_state *s = context;
    const char *piece = scry_diff_reader_piece(s->reader, s->found->ids[token]);
    return piece ? piece : "";
}

static shaded_piece piece_of(const token_source *source, uint32_t from, uint32_t end) {
    const diff_page_state *s = source->context;
    const double least = diff_text_least(source->a);
    shaded_piece out = {.h = 0};
    char raw[sizeof out.text] = "";
    size_t used = 0;
    for (uint32_t t = from; t < end && used < sizeof raw; t++) {
        double size = diff_page_size(s->by, s->found->kl[t], s->found->gain[t]);
        if (size > 0 && size >= least && (float)size > out.h) out.h = (float)size;
        used += (size_t)snprintf(raw + used, sizeof raw - used, "%s", text_of(s, t));
    }
    shaded_piece_set(source->a, &out, raw);
    return out;
}

static token_source source_of(app *a) {
    const diff_page_state *s = diff_page_of(a);
    return (token_source){.a = a,
                          .context = s,
                          .text = text_of,
                          .piece = piece_of,
                          .tokens = (uint32_t)s->found->at.tokens,
                          .strongest = (float)diff_text_strongest(s)};
}

void diff_text_lay_out(app *a, int cols) {
    diff_page_state *s = diff_page_of(a);
    bool plain = a->mono || a->ascii;
    if (s->layout.width == cols && s->layout_plain == plain && s->layout_by == s->by) return;
    s->layout_plain = plain;
    s->layout_by = s->by;
    token_source source = source_of(a);
    token_layout_set(&s->layout, &source, cols);
}

void diff_text_draw(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    token_source source = source_of(a);
    token_layout_draw(a, r, s->top, &s->layout, &source, s->token);
}
