/* analysis/mixture.c: a budget of examples split over domains in the ratio of their scores. */
#include "analysis.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

typedef struct share {
    size_t domain;
    double weight, quota;
    bool bound; /* quota is least or most, and stays */
} share;

static bool check(const share *shares, size_t used, uint32_t budget, uint32_t least, uint32_t most, scry_error *err) {
    double sum = 0;
    for (size_t i = 0; i < used; i++) sum += shares[i].weight;
    if (!used) return scry_misuse(err, "no domain is left to mix");
    if (least > most)
        return scry_misuse(err, "at least %" PRIu32 " and at most %" PRIu32 " examples a domain: no number is both",
                           least, most);
    if ((uint64_t)least * used > budget)
        return scry_misuse(err, "%zu domains of at least %" PRIu32 " examples take %" PRIu64 "; the budget is %" PRIu32,
                           used, least, (uint64_t)least * used, budget);
    if ((uint64_t)most * used < budget)
        return scry_misuse(
            err, "%zu domains of at most %" PRIu32 " examples take no more than %" PRIu64 "; the budget is %" PRIu32,
            used, most, (uint64_t)most * used, budget);
    if (!(sum > 0)) return scry_fail(err, "all scores are 0: there is no ratio to split the budget in");
    return true;
}

/* Quotas in ratio of the weights, clipped to least..most, that sum to the budget: those are
 * clip(scale * weight) for one scale. Whichever bound is missed by more, its offenders belong on it
 * (the scale that remains moves away from them), so each pass settles one domain or more. */
static void set_quotas(share *shares, size_t used, uint32_t budget, uint32_t least, uint32_t most) {
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
            /* weights of 0 among themselves: all alike */
            s->quota = weight > 0 ? left * s->weight / weight : left / (double)free_count;
            if (s->quota > most) above += s->quota - most;
            if (s->quota < least) below += least - s->quota;
        }
        if (above == 0 && below == 0) return;
        for (size_t i = 0; i < used; i++) {
            share *s = &shares[i];
            if (s->bound) continue;
            if (above >= below && s->quota > most) s->quota = most, s->bound = true;
            else if (above < below && s->quota < least) s->quota = least, s->bound = true;
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

/* A quota that rounding has left a hair below a whole number is that number. */
static double whole(double quota) {
    double near = round(quota);
    return fabs(quota - near) <= 1e-9 * (1 + near) ? near : quota;
}

bool scry_mixture(const double *weight, const bool *use, size_t n, uint32_t budget, uint32_t least, uint32_t most,
                  uint32_t *examples, scry_error *err) {
    share *shares = mem_new(n, sizeof *shares);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        examples[i] = 0;
        if (use[i]) shares[used++] = (share){.domain = i, .weight = weight[i]};
    }
    bool ok = check(shares, used, budget, least, most, err);
    if (ok) {
        set_quotas(shares, used, budget, least, most);
        int64_t left = budget;
        for (size_t i = 0; i < used; i++) {
            shares[i].quota = whole(shares[i].quota);
            examples[shares[i].domain] = (uint32_t)floor(shares[i].quota);
            left -= examples[shares[i].domain];
        }
        qsort(shares, used, sizeof *shares, by_remainder);
        /* Fewer are left than there are quotas with a remainder, none of which stands on a bound. */
        for (size_t i = 0; i < used && left > 0; i++) examples[shares[i].domain]++, left--;
    }
    free(shares);
    return ok;
}
