/* stats/bootstrap.c: how rho varies with the tokens that were read: an interval over resampled blocks, and the paper's
 * repeats. */
#include "analysis.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

/* Each draw has its own random stream, seeded by a hash of its number, so that draws do not depend on each other. */
static uint64_t stream_of(uint64_t seed, uint32_t draw) {
    uint64_t state = seed ^ (uint64_t)draw << 32;
    return random_next(&state);
}

/* The domain's STS of `take` blocks drawn with replacement. */
static double draw_domain(const scry_blocks *b, size_t domain, size_t take, uint64_t *state) {
    size_t first = b->first[domain];
    uint32_t blocks = (uint32_t)(b->first[domain + 1] - first);
    double sum = 0, count = 0;
    for (size_t i = 0; i < take; i++) {
        size_t at = first + random_below(state, blocks);
        sum += b->sum[at];
        count += b->count[at];
    }
    return scry_score_aggregate(b->score, sum / count, b->selected);
}

/* One resample's rho; writes its scores to sts[D]. Domains that take no part are drawn too, so that the figures of a
 * domain do not depend on the scope. */
static double draw_rho(const scry_blocks *b, const double *change, size_t max_blocks, uint64_t state, double *sts,
                       double *x) {
    size_t n = 0;
    double *y = x + b->domains;
    for (size_t d = 0; d < b->domains; d++) {
        size_t blocks = b->first[d + 1] - b->first[d];
        sts[d] = blocks ? draw_domain(b, d, blocks < max_blocks ? blocks : max_blocks, &state) : NAN;
        if (isnan(sts[d]) || isnan(change[d])) continue;
        x[n] = sts[d];
        y[n++] = change[d];
    }
    return scry_fit_line(x, y, n).pearson;
}

static bool enough_blocks(const scry_blocks *b, const double *change) {
    for (size_t d = 0; d < b->domains; d++)
        if (!isnan(change[d]) && b->first[d + 1] - b->first[d] == 1) return false;
    return true;
}

bool scry_interval(const scry_blocks *b, const double *change, uint32_t draws, uint64_t seed, const scry_cancel *cancel,
                   double *low, double *high) {
    *low = *high = NAN;
    if (!enough_blocks(b, change)) return true;
    double *rho = mem_new(draws, sizeof *rho), *sts = mem_new(3 * b->domains, sizeof *sts);
    size_t drawn = 0;
    bool cancelled = false;
    for (uint32_t k = 0; k < draws && !cancelled; k++) {
        double one = draw_rho(b, change, SIZE_MAX, stream_of(seed, k), sts, sts + b->domains);
        if (!isnan(one)) rho[drawn++] = one;
        cancelled = k % 16 == 0 && scry_cancelled(cancel);
    }
    if (!cancelled && 2 * drawn > draws) {
        scry_sort(rho, drawn);
        *low = scry_quantile(rho, drawn, 0.025);
        *high = scry_quantile(rho, drawn, 0.975);
    }
    free(rho);
    free(sts);
    return !cancelled;
}

bool scry_repeats(const scry_blocks *b, const double *change, uint32_t repeats, uint32_t max_blocks, uint64_t seed,
                  const scry_cancel *cancel, double *rho, double *sts) {
    double *own = mem_new(3 * b->domains, sizeof *own);
    bool cancelled = false;
    for (uint32_t k = 0; k < repeats && !(cancelled = scry_cancelled(cancel)); k++)
        rho[k] =
            draw_rho(b, change, max_blocks, stream_of(seed, k), sts ? sts + k * b->domains : own, own + b->domains);
    free(own);
    return !cancelled;
}

bool scry_result_interval(scry_result *r, const scry_index *index, scry_score score, const scry_set *set,
                          const scry_cancel *cancel) {
    r->ci_low = r->ci_high = NAN;
    if (isnan(r->fit.pearson) || !set->count) return true;
    scry_error err = {0};
    scry_blocks *blocks = scry_blocks_new(index, score, set, SCRY_SAMPLES, cancel, &err);
    if (!blocks) return err.status != 0;
    bool done = scry_interval(blocks, r->change, SCRY_DRAWS, SCRY_SEED, cancel, &r->ci_low, &r->ci_high);
    scry_blocks_free(blocks);
    return done;
}
