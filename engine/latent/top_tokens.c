/* latent/top_tokens.c: where a latent fires, and the text around it. */
#include "latent/top_tokens.h"
#include "base/sort.h"
#include "index/read/index.h"
#include "latent.h"
#include "scry.h"

#include <string.h>

scry_example top_tokens_example(const scry_index *x, uint32_t capture, uint32_t row, float activation) {
    scry_example e = {.capture = capture, .token = row, .activation = activation};
    if (x->info.capture[capture].samples) {
        e.sample = scry_sample_of(x, capture, e.token);
        scry_sample sample = scry_sample_at(x, capture, e.sample);
        e.position = (uint32_t)(e.token - sample.first) + sample.cut;
    } else {
        e.position = (uint32_t)e.token;
    }
    return e;
}

static bool stronger(const scry_example *a, const scry_example *b, int order) {
    (void)order;
    if (a->activation != b->activation) return a->activation > b->activation;
    if (a->capture != b->capture) return a->capture < b->capture;
    return a->token < b->token;
}

/* Same text, same sample: base, icl and sft of one question count once. */
static bool same_sample(const scry_index *x, const scry_example *a, const scry_example *b) {
    int ta = x->capture_text[a->capture], tb = x->capture_text[b->capture];
    return ta >= 0 && ta == tb && a->sample == b->sample;
}

TOP_N_INSERT(insert, scry_example, stronger)

size_t top_tokens_insert(const scry_index *x, scry_example *list, size_t n, size_t top, const scry_example *e,
                         bool distinct) {
    size_t at = distinct ? 0 : n;
    while (at < n && !same_sample(x, &list[at], e)) at++;
    return insert(list, n, top, at, e, 0);
}

size_t scry_top_tokens(const scry_index *x, uint32_t latent, int capture, bool distinct, size_t top,
                       scry_example *out) {
    size_t n = 0;
    index_cursor c = index_postings(x, latent);
    if (capture >= 0) index_seek(x, &c, (uint32_t)capture, 0);
    while (top && index_segment(x, &c)) {
        if (capture >= 0 && c.capture != (uint32_t)capture) break;
        while (index_next(x, &c)) {
            if (!(c.activation > 0) || (n == top && c.activation < out[n - 1].activation)) continue;
            scry_example e = top_tokens_example(x, c.capture, c.row, c.activation);
            if (n == top && !stronger(&e, &out[n - 1], 0)) continue;
            n = top_tokens_insert(x, out, n, top, &e, distinct);
        }
    }
    return n;
}

void scry_activations(const scry_index *x, uint32_t latent, size_t capture, uint64_t from, size_t count, float *out) {
    memset(out, 0, count * sizeof *out);
    if (from >= x->info.capture[capture].rows) return;
    index_cursor c = index_postings(x, latent);
    index_seek(x, &c, (uint32_t)capture, from);
    if (!index_segment(x, &c) || c.capture != capture) return;
    while (index_next(x, &c) && c.row >= from && c.row - from < count) out[c.row - from] = c.activation;
}
