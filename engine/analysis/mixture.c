/* analysis/mixture.c: splits a budget of examples over domains in proportion to their scores. */
#include "analysis.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct share {
    size_t domain;
    double weight, quota;
    bool bound; /* quota is min or max, and final */
} share;

static bool check(const share *shares, size_t used, uint32_t budget, uint32_t min, uint32_t max, scry_error *err) {
    double sum = 0;
    for (size_t i = 0; i < used; i++) sum += shares[i].weight;
    if (!used) return scry_misuse(err, "no domain is left to mix");
    if (min > max)
        return scry_misuse(err, "the minimum of %" PRIu32 " examples per domain is above the maximum of %" PRIu32, min,
                           max);
    if ((uint64_t)min * used > budget)
        return scry_misuse(err, "%zu domains of at least %" PRIu32 " examples take %" PRIu64 "; the budget is %" PRIu32,
                           used, min, (uint64_t)min * used, budget);
    if ((uint64_t)max * used < budget)
        return scry_misuse(
            err, "%zu domains of at most %" PRIu32 " examples take no more than %" PRIu64 "; the budget is %" PRIu32,
            used, max, (uint64_t)max * used, budget);
    if (!(sum > 0)) return scry_fail(err, "all scores are 0: they give no proportions to split the budget in");
    return true;
}

/* Quotas in proportion to the weights, clipped to min..max, that sum to the budget: clip(scale * weight) for one scale.
 * The quotas past whichever bound is exceeded by more in total belong on it, since the remaining scale moves away from
 * them: so each pass fixes one domain or more. */
static void set_quotas(share *shares, size_t used, uint32_t budget, uint32_t min, uint32_t max) {
    for (;;) {
        double left = budget, weight = 0, above = 0, below = 0;
        size_t free_count = 0;
        for (size_t i = 0; i < used; i++) {
            if (shares[i].bound) left -= shares[i].quota;
            else weight += shares[i].weight, free_count++;
        }
        if (!free_count) return;
        for (size_t i = 0; i < used; i++) {
            share *s = &shares[i];
            if (s->bound) continue;
            /* only weights of 0 remain: equal quotas */
            s->quota = weight > 0 ? left * s->weight / weight : left / (double)free_count;
            if (s->quota > max) above += s->quota - max;
            if (s->quota < min) below += min - s->quota;
        }
        if (above == 0 && below == 0) return;
        for (size_t i = 0; i < used; i++) {
            share *s = &shares[i];
            if (s->bound) continue;
            if (above >= below && s->quota > max) s->quota = max, s->bound = true;
            else if (above < below && s->quota < min) s->quota = min, s->bound = true;
        }
    }
}

static int by_remainder(const void *x, const void *y) {
    const share *a = x, *b = y;
    double first = a->quota - floor(a->quota), second = b->quota - floor(b->quota);
    if (first != second) return first > second ? -1 : 1;
    if (a->weight != b->weight) return a->weight > b->weight ? -1 : 1;
    return a->domain < b->domain ? -1 : 1;
}

/* Undoes rounding just below a whole number. */
static double round_up_error(double quota) {
    double near = round(quota);
    return fabs(quota - near) <= 1e-9 * (1 + near) ? near : quota;
}

bool scry_mixture(const double *weight, const bool *use, size_t n, uint32_t budget, uint32_t min, uint32_t max,
                  uint32_t *examples, scry_error *err) {
    share *shares = mem_new(n, sizeof *shares);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        examples[i] = 0;
        if (use[i]) shares[used++] = (share){.domain = i, .weight = weight[i]};
    }
    bool ok = check(shares, used, budget, min, max, err);
    if (ok) {
        set_quotas(shares, used, budget, min, max);
        int64_t left = budget;
        for (size_t i = 0; i < used; i++) {
            shares[i].quota = round_up_error(shares[i].quota);
            examples[shares[i].domain] = (uint32_t)floor(shares[i].quota);
            left -= examples[shares[i].domain];
        }
        qsort(shares, used, sizeof *shares, by_remainder);
        /* Fewer are left than there are quotas with a remainder, none of which is on a bound. */
        for (size_t i = 0; i < used && left > 0; i++) examples[shares[i].domain]++, left--;
    }
    free(shares);
    return ok;
}
