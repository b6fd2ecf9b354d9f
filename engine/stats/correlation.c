/* stats/correlation.c: Pearson, Spearman, permutation p and leave-one-out over a handful of domains. */
#include "rho_context.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct moments {
    double mean_x, mean_y, sxx, syy, sxy;
    bool flat; /* no variance in x or y, or fewer than 3 points: rho is undefined */
} moments;

static bool all_equal(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

/* Two passes: the deviations from the mean, not differences of large sums. */
static moments moments_of(const double *x, const double *y, size_t n) {
    moments m = {0};
    for (size_t i = 0; i < n; i++) {
        m.mean_x += x[i] / (double)n;
        m.mean_y += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        double dx = x[i] - m.mean_x, dy = y[i] - m.mean_y;
        m.sxx += dx * dx;
        m.syy += dy * dy;
        m.sxy += dx * dy;
    }
    /* The sums of equal values hold rounding, which is no variance. */
    m.flat = n < 3 || all_equal(x, n) || all_equal(y, n) || !(m.sxx > 0) || !(m.syy > 0);
    return m;
}

static double rho_of(const moments *m) {
    if (m->flat) return NAN;
    double rho = m->sxy / sqrt(m->sxx) / sqrt(m->syy);
    return rho > 1 ? 1 : rho < -1 ? -1 : rho;
}

scry_fit scry_fit_line(const double *x, const double *y, size_t n) {
    moments m = moments_of(x, y, n);
    scry_fit fit = {.n = n, .pearson = rho_of(&m)};
    fit.r2 = fit.pearson * fit.pearson;
    fit.slope = m.flat ? NAN : m.sxy / m.sxx;
    fit.intercept = m.mean_y - fit.slope * m.mean_x;
    return fit;
}

/* Ranks from 1; equal values share the mean of theirs. */
static void mid_ranks(const double *x, size_t n, double *rank) {
    for (size_t i = 0; i < n; i++) {
        size_t below = 0, equal = 0;
        for (size_t k = 0; k < n; k++) {
            below += x[k] < x[i];
            equal += x[k] == x[i];
        }
        rank[i] = (double)below + ((double)equal + 1) / 2;
    }
}

double scry_spearman(const double *x, const double *y, size_t n) {
    double *rank = mem_new(2 * n, sizeof *rank);
    mid_ranks(x, n, rank);
    mid_ranks(y, n, rank + n);
    moments m = moments_of(rank, rank + n, n);
    free(rank);
    return rho_of(&m);
}

void scry_leave_one_out(const double *x, const double *y, size_t n, double *low, double *high) {
    *low = *high = NAN;
    if (n < 4) return;
    double *left = mem_new(2 * n, sizeof *left);
    for (size_t out = 0; out < n; out++) {
        size_t k = 0;
        for (size_t i = 0; i < n; i++) {
            if (i == out) continue;
            left[k] = x[i];
            left[n + k++] = y[i];
        }
        double rho = scry_fit_line(left, left + n, n - 1).pearson;
        if (isnan(rho)) continue;
        if (isnan(*low) || rho < *low) *low = rho;
        if (isnan(*high) || rho > *high) *high = rho;
    }
    free(left);
}

typedef struct permuter {
    const double *x; /* centred */
    double *y;       /* centred, in the order of the permutation */
    size_t n;
    double threshold; /* |sum x y| that counts as at least as extreme */
    uint64_t hits, all;
} permuter;

static void count_one(permuter *p) {
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) sum += p->x[i] * p->y[i];
    p->hits += fabs(sum) >= p->threshold;
    p->all++;
}

static void every_order(permuter *p, size_t fixed) {
    if (fixed + 1 >= p->n) {
        count_one(p);
        return;
    }
    for (size_t i = fixed; i < p->n; i++) {
        double a = p->y[fixed];
        p->y[fixed] = p->y[i], p->y[i] = a;
        every_order(p, fixed + 1);
        a = p->y[fixed];
        p->y[fixed] = p->y[i], p->y[i] = a;
    }
}

double scry_permutation_p(const double *x, const double *y, size_t n, uint32_t draws, uint64_t seed) {
    moments m = moments_of(x, y, n);
    if (m.flat) return NAN;
    double *both = mem_new(2 * n, sizeof *both);
    for (size_t i = 0; i < n; i++) {
        both[i] = x[i] - m.mean_x;
        both[n + i] = y[i] - m.mean_y;
    }
    /* Slightly below the observed value, so that equal ones are not lost to rounding. */
    permuter p = {.x = both, .y = both + n, .n = n, .threshold = fabs(m.sxy) * (1 - 1e-12)};
    double value;
    if (n <= 9) {
        every_order(&p, 0);
        value = (double)p.hits / (double)p.all;
    } else {
        for (uint32_t k = 0; k < draws; k++) {
            for (size_t i = n - 1; i > 0; i--) {
                size_t other = random_below(&seed, (uint32_t)i + 1);
                double a = p.y[i];
                p.y[i] = p.y[other], p.y[other] = a;
            }
            count_one(&p);
        }
        value = ((double)p.hits + 1) / ((double)p.all + 1);
    }
    free(both);
    return value;
}

scry_rho_context scry_rho_context_none(void) {
    return (scry_rho_context){.train_domain = -1,
                              .farthest_domain = -1,
                              .without_train = NAN,
                              .without_farthest = NAN,
                              .domains_low = NAN,
                              .domains_high = NAN,
                              .random_tail = NAN,
                              .matched_mean = NAN,
                              .matched_sd = NAN,
                              .matched_tail = NAN,
                              .untouched = NAN,
                              .search_p = NAN,
                              .search_mean = NAN,
                              .cv_r2 = NAN,
                              .split_half = NAN,
                              .reliability = NAN,
                              .ceiling = NAN};
}

void scry_domain_interval(double rho, size_t n, double *low, double *high) {
    *low = *high = NAN;
    if (n < 4 || isnan(rho)) return;
    double reach = 1.959963984540054 / sqrt((double)n - 3);
    *low = tanh(atanh(rho) - reach);
    *high = tanh(atanh(rho) + reach);
}

double scry_tail(double value, const double *others, size_t n) {
    size_t below = 1, above = 1;
    for (size_t i = 0; i < n; i++) {
        below += others[i] <= value;
        above += others[i] >= value;
    }
    double p = 2 * (double)(below < above ? below : above) / ((double)n + 1);
    return !n || isnan(value) ? (double)NAN : p < 1 ? p : 1;
}

double scry_reliability(const double *y, const double *se, size_t n) {
    double mean = 0, variance = 0, noise = 0;
    for (size_t i = 0; i < n; i++) mean += y[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        variance += (y[i] - mean) * (y[i] - mean) / ((double)n - 1);
        noise += se[i] * se[i] / (double)n;
    }
    if (n < 3 || isnan(noise)) return NAN;
    return noise < variance ? 1 - noise / variance : 0;
}
