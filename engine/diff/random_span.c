/* diff/random_span.c: the share of vectors that the decoder rows of random sets of latents span. */
#include "base/mem.h"
#include "lens.h"
#include "stats/set_drawing.h"

#include <math.h>
#include <stdlib.h>

/* A set of its own from the pool. */
static scry_set *draw(const scry_index *x, const set_drawing *d, const uint32_t *pool, uint64_t seed) {
    uint64_t *bits = mem_new(scry_set_words(d->count), sizeof *bits);
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
    set_drawing_bits(d, seed, bits);
    for (uint32_t i = 0; i < d->count; i++)
        if (bits[i / 64] >> (i % 64) & 1) scry_set_put(set, pool[i], true);
    free(bits);
    return set;
}

static bool span_of(scry_span *span, const scry_set *set, const scry_cancel *cancel) {
    while (!scry_span_work(span, set, 0.1))
        if (scry_cancelled(cancel)) return false;
    return !scry_cancelled(cancel);
}

/* Adds a share to the mean and the sum of squares of the k before it (Welford). */
static void add(double share, uint32_t k, double *mean, double *square) {
    double off = share - *mean;
    *mean += off / (k + 1);
    *square += off * (share - *mean);
}

bool scry_span_random(const scry_index *x, uint32_t size, uint32_t sets, uint64_t seed, const double *const *m,
                      size_t count, double *mean, double *sd, const scry_cancel *cancel, scry_error *err) {
    scry_span *span = scry_span_new(x, err);
    if (!span) return false;
    uint32_t *pool = mem_new(scry_index_info(x)->d_sae, sizeof *pool);
    const set_drawing drawing = {.count = scry_active_latents(x, pool), .size = size};
    const bool any = sets && size && size <= drawing.count;
    bool ok = true;
    for (size_t i = 0; i < count; i++) mean[i] = sd[i] = any && m[i] ? 0 : (double)NAN;
    for (uint32_t k = 0; k < sets && any && ok; k++) {
        scry_set *set = draw(x, &drawing, pool, seed + k);
        ok = span_of(span, set, cancel) || scry_fail(err, "cancelled");
        for (size_t i = 0; i < count && ok; i++)
            if (m[i]) add(scry_span_share(span, m[i]), k, &mean[i], &sd[i]);
        scry_set_free(set);
        scry_report_progress(cancel, (double)(k + 1) / sets);
    }
    for (size_t i = 0; i < count; i++) sd[i] = sets > 1 ? sqrt(sd[i] / (sets - 1)) : (double)NAN;
    free(pool);
    scry_span_free(span);
    return ok;
}
