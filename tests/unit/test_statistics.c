/* test_statistics.c: figures of scipy and numpy (tests/specimens/statistics); quantiles, means and deviations; the
 * largest remainder of a mixture against exhaustive search. */
#include "analysis.h"
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 20, CHARTS = 13, QUANTILES = 6 };

static void against_scipy(void) {
    FILE *f = fopen("tests/specimens/statistics/cases.tsv", "r");
    if (!check(f != NULL, "scipy's cases are there")) return;
    worst w[CHARTS];
    static const char *const names[CHARTS] = {"pearson", "slope",       "intercept", "Spearman",   "exact p",
                                              "loo low", "loo high",    "minimum",   "2.5% point", "quartile",
                                              "median",  "97.5% point", "maximum"};
    static const double at[QUANTILES] = {0, 0.025, 0.25, 0.5, 0.975, 1};
    for (int i = 0; i < CHARTS; i++) w[i] = (worst){.tolerance = 1e-9};
    int n, cases = 0;
    while (fscanf(f, "%d", &n) == 1 && n <= MOST) {
        double x[MOST], y[MOST], expected[CHARTS], found[CHARTS], sorted[MOST];
        int read = 0;
        for (int i = 0; i < n; i++) read += fscanf(f, "%la", &x[i]);
        for (int i = 0; i < n; i++) read += fscanf(f, "%la", &y[i]);
        for (int i = 0; i < CHARTS; i++) read += fscanf(f, "%la", &expected[i]);
        if (read != 2 * n + CHARTS) break;
        scry_fit fit = scry_fit_line(x, y, (size_t)n);
        memcpy(sorted, x, sizeof sorted);
        scry_sort(sorted, (size_t)n);
        found[0] = fit.pearson, found[1] = fit.slope, found[2] = fit.intercept;
        found[3] = scry_spearman(x, y, (size_t)n);
        found[4] = isnan(expected[4]) ? (double)NAN : scry_permutation_p(x, y, (size_t)n, 10, 1);
        scry_leave_one_out(x, y, (size_t)n, &found[5], &found[6]);
        for (int i = 0; i < QUANTILES; i++) found[7 + i] = scry_quantile(sorted, (size_t)n, at[i]);
        for (int i = 0; i < CHARTS; i++)
            worst_add(&w[i], found[i], expected[i],
                      i == 1 || i > 6 ? fabs(expected[i])
                      : i == 2        ? fabs(expected[i]) + fabs(fit.slope * x[0])
                                      : 1,
                      "case %d, %d points", cases, n);
        cases++;
    }
    fclose(f);
    check(cases == 44, "44 cases of scipy: found %d", cases);
    for (int i = 0; i < CHARTS; i++) worst_line(&w[i], "%s is scipy's", names[i]);
}

static void means(void) {
    const double x[] = {2, NAN, 4, 4, 4, 5, 5, NAN, 7, 9};
    double mean, sd;
    scry_mean_sd(x, 10, &mean, &sd);
    check_near(mean, 5, 1e-15, "mean without NaN");
    check_near(sd, sqrt(32.0 / 7), 1e-15, "deviation, n - 1");
    scry_mean_sd(x, 2, &mean, &sd);
    check(mean == 2 && isnan(sd), "one value has no deviation");
    scry_mean_sd(x + 1, 1, &mean, &sd);
    check(isnan(mean) && isnan(sd), "no value has no mean");
    check(isnan(scry_quantile(x, 0, 0.5)) && scry_quantile(x, 1, 0.3) == 2, "quantiles of none and of one");
}

static void grids(void) {
    static const uint32_t first[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20};
    size_t count, wrong = 0, tops = 0;
    uint32_t *g = scry_sweep_grid(1234567, &count);
    for (size_t i = 0; i < 12; i++) wrong += g[i] != first[i];
    check(wrong == 0 && count > 90 && count < 130 && g[count - 1] == 1234567, "a grid to 1234567: %zu points", count);
    free(g);
    for (uint32_t top = 1; top < 3000; top++) {
        g = scry_sweep_grid(top, &count);
        tops += g[count - 1] == top && g[0] == 1;
        bool has100 = false;
        for (size_t i = 0; i < count; i++) {
            if (i && g[i] <= g[i - 1]) wrong++;
            has100 = has100 || g[i] == 100;
        }
        wrong += top >= 100 && !has100;
        free(g);
    }
    check(wrong == 0 && tops == 2999, "grids to 1..2999 ascend from 1 to the top, with 100 in them: %zu astray", wrong);
    g = scry_sweep_grid(0, &count);
    check_is(count, 0, "no grid to 0");
    free(g);
}

/* ---- mixture -------------------------------------------------------------------------------- */

/* The quotas by bisection of the scale, and the remainders by plain search, sharing nothing with scry_mixture. */
static void slow_mix(const double *weight, const bool *use, size_t n, uint32_t budget, uint32_t least, uint32_t most,
                     uint32_t *out) {
    double low = 0, high = 1e30, quota[32];
    bool taken[32] = {false};
    for (int k = 0; k < 400; k++) {
        double middle = k < 200 && high > 1 ? sqrt((low > 1e-30 ? low : 1e-30) * high) : (low + high) / 2, sum = 0;
        for (size_t i = 0; i < n; i++)
            if (use[i]) sum += fmin(most, fmax(least, middle * weight[i]));
        if (sum < budget) low = middle;
        else high = middle;
    }
    uint32_t left = budget;
    for (size_t i = 0; i < n; i++) {
        quota[i] = use[i] ? fmin(most, fmax(least, high * weight[i])) : 0;
        if (fabs(quota[i] - round(quota[i])) < 1e-7) quota[i] = round(quota[i]);
        out[i] = (uint32_t)quota[i];
        left -= out[i];
    }
    for (; left; left--) {
        size_t best = n;
        for (size_t i = 0; i < n; i++) {
            if (!use[i] || taken[i] || quota[i] == floor(quota[i])) continue;
            double here = quota[i] - floor(quota[i]), there = best < n ? quota[best] - floor(quota[best]) : -1;
            if (here > there + 1e-9 || (fabs(here - there) <= 1e-9 && weight[i] > weight[best])) best = i;
        }
        if (best == n) break;
        taken[best] = true;
        out[best]++;
    }
}

static void by_hand(void) {
    const double w[] = {5, 3, 1, 1};
    const bool all[] = {true, true, true, true}, some[] = {true, false, true, true};
    uint32_t e[4];
    scry_error err = {0};
    scry_mixture(w, all, 4, 10, 0, 10, e, &err);
    check(e[0] == 5 && e[1] == 3 && e[2] == 1 && e[3] == 1, "10 in 5:3:1:1");
    scry_mixture(w, all, 4, 11, 0, 11, e, &err); /* 5.5 3.3 1.1 1.1 */
    check(e[0] == 6 && e[1] == 3 && e[2] == 1 && e[3] == 1, "11 in 5:3:1:1, the largest remainder");
    scry_mixture(w, all, 4, 12, 0, 12, e, &err); /* 6 3.6 1.2 1.2 */
    check(e[0] == 6 && e[1] == 4 && e[2] == 1 && e[3] == 1, "12 in 5:3:1:1");
    scry_mixture(w, all, 4, 3, 0, 3, e, &err); /* 1.5 .9 .3 .3 */
    check(e[0] == 2 && e[1] == 1 && e[2] == 0 && e[3] == 0, "3 in 5:3:1:1");
    scry_mixture(w, all, 4, 10, 2, 4, e, &err); /* at least 2, at most 4: 3.75.. */
    check(e[0] + e[1] + e[2] + e[3] == 10 && e[0] <= 4 && e[1] <= 4 && e[2] == 2 && e[3] == 2, "10 within 2 to 4");
    scry_mixture(w, some, 4, 7, 0, 7, e, &err);
    check(e[0] == 5 && e[1] == 0 && e[2] == 1 && e[3] == 1, "7 without the second");
    check(scry_mixture(w, all, 4, 8, 2, 2, e, &err) && e[0] == 2 && e[3] == 2, "8 at exactly 2 each");
    const double paper[] = {5.11, 3.21}; /* engineering and law */
    scry_mixture(paper, all, 2, 220, 0, 220, e, &err);
    check(e[0] == 135 && e[1] == 85, "220 over two domains in 5.11:3.21");
    static const struct {
        uint32_t budget, least, most;
        const char *says;
    } wrong[] = {{7, 2, 9, "take 8"}, {9, 0, 2, "no more than 8"}, {8, 5, 4, "is above the maximum of 4"}};
    for (size_t i = 0; i < 3; i++) {
        scry_error why = {0};
        bool ok = scry_mixture(w, all, 4, wrong[i].budget, wrong[i].least, wrong[i].most, e, &why);
        check(!ok && why.status == 2 && strstr(why.text, wrong[i].says), "impossible bounds %zu: %s", i, why.text);
    }
    const double nothing[] = {0, 0, 0, 0};
    const bool none[] = {false, false, false, false};
    check(!scry_mixture(nothing, all, 4, 5, 0, 5, e, &err), "scores of 0 have no ratio: %s", err.text);
    check(!scry_mixture(w, none, 4, 5, 0, 5, e, &err), "no domain: %s", err.text);
}

static void mixtures(void) {
    uint64_t seed = 41;
    size_t off = 0, outside = 0, differ = 0, trials = 3000;
    for (size_t k = 0; k < trials; k++) {
        size_t n = 1 + roll_below(&seed, 20), used = 0;
        double w[32];
        bool use[32];
        uint32_t e[32], f[32];
        for (size_t i = 0; i < n; i++) {
            w[i] = k % 4 == 0 ? 1 + roll_below(&seed, 3) : roll_unit(&seed) * (k % 3 ? 1 : 100) + 1e-3;
            use[i] = k % 5 || roll_below(&seed, 4) || i == 0;
            used += use[i];
        }
        uint32_t least = k % 2 ? roll_below(&seed, 8) : 0, most = least + 1 + roll_below(&seed, 60);
        uint32_t budget = (uint32_t)used * least + roll_below(&seed, (uint32_t)used * (most - least) + 1);
        scry_error err = {0};
        if (!budget) continue;
        if (!scry_mixture(w, use, n, budget, least, most, e, &err)) {
            check(false, "trial %zu: %s", k, err.text);
            continue;
        }
        slow_mix(w, use, n, budget, least, most, f);
        uint64_t sum = 0;
        bool same = true;
        for (size_t i = 0; i < n; i++) {
            sum += e[i];
            if (use[i] ? e[i] < least || e[i] > most : e[i] != 0) outside++;
            same = same && e[i] == f[i];
        }
        off += sum != budget;
        differ += !same;
    }
    check(off == 0, "%zu random mixtures sum to the budget, %zu off", trials, off);
    check(outside == 0, "within least and most: %zu outside", outside);
    check(differ == 0, "as bisection and plain search give them: %zu differ", differ);
}

int main(void) {
    against_scipy();
    means();
    grids();
    by_hand();
    mixtures();
    return check_end();
}
