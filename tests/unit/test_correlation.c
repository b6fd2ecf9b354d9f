/* test_correlation.c: Pearson, line, Spearman, leave-one-out, permutations; which domains take part. */
#include "check.h"
#include "scry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a second opinion ----------------------------------------------------------------------- */

static double rho_of(const double *x, const double *y, size_t n) {
    long double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) mx += (long double)x[i], my += (long double)y[i];
    mx /= n, my /= n;
    for (size_t i = 0; i < n; i++) {
        long double a = (long double)x[i] - mx, b = (long double)y[i] - my;
        xx += a * a, yy += b * b, xy += a * b;
    }
    return (double)(xy / sqrtl(xx * yy));
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Mid-ranks by sorting: the mean of the first and last place of equal values. */
static void ranks_of(const double *x, size_t n, double *rank) {
    double sorted[32];
    memcpy(sorted, x, n * sizeof *x);
    qsort(sorted, n, sizeof *sorted, ascending);
    for (size_t i = 0; i < n; i++) {
        size_t first = 0, last = n - 1;
        while (sorted[first] != x[i]) first++;
        while (sorted[last] != x[i]) last--;
        rank[i] = ((double)first + (double)last) / 2 + 1;
    }
}

/* Every permutation of numbers 0..n-1 in lexical order. */
static bool next_order(size_t *p, size_t n) {
    size_t i = n - 1, k = n - 1;
    while (i > 0 && p[i - 1] >= p[i]) i--;
    if (i == 0) return false;
    while (p[k] <= p[i - 1]) k--;
    size_t swap = p[i - 1];
    p[i - 1] = p[k], p[k] = swap;
    for (k = n - 1; i < k; i++, k--) swap = p[i], p[i] = p[k], p[k] = swap;
    return true;
}

static double brute_p(const double *x, const double *y, size_t n) {
    size_t p[9], hits = 0, all = 0;
    double z[9], observed = fabs(rho_of(x, y, n));
    for (size_t i = 0; i < n; i++) p[i] = i;
    do {
        for (size_t i = 0; i < n; i++) z[i] = y[p[i]];
        hits += fabs(rho_of(x, z, n)) >= observed - 1e-10;
        all++;
    } while (next_order(p, n));
    return (double)hits / (double)all;
}

static void draw(double *x, size_t n, uint64_t *seed, bool coarse) {
    for (size_t i = 0; i < n; i++) x[i] = coarse ? (double)roll_below(seed, 4) : roll_unit(seed) * 20 - 10;
}

static bool flat(const double *x, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (x[i] != x[0]) return false;
    return true;
}

/* ---- subjects ------------------------------------------------------------------------------- */

static void lines(void) {
    const double x[] = {1, 2, 3, 4}, y[] = {2, 4, 5, 4};
    scry_fit fit = scry_fit_line(x, y, 4);
    check_is(fit.n, 4, "points");
    check_near(fit.slope, 0.7, 1e-14, "slope by hand");
    check_near(fit.intercept, 2, 1e-14, "intercept by hand");
    check_near(fit.pearson, 3.5 / sqrt(5 * 4.75), 1e-14, "rho by hand");
    check_near(fit.r2, 12.25 / 23.75, 1e-14, "R2 by hand");
    const double down[] = {9, 6, 3, 0};
    check_near(scry_fit_line(x, down, 4).pearson, -1, 1e-15, "a falling line");
    uint64_t seed = 31;
    worst w = {.tolerance = 1e-12};
    for (int k = 0; k < 2000; k++) {
        double a[20], b[20];
        size_t n = 3 + roll_below(&seed, 18);
        draw(a, n, &seed, k % 3 == 0);
        draw(b, n, &seed, k % 5 == 0);
        if (flat(a, n) || flat(b, n)) continue;
        fit = scry_fit_line(a, b, n);
        worst_add(&w, fit.pearson, rho_of(a, b, n), 1, "rho of trial %d", k);
        double off = 0, along = 0; /* least squares: residuals sum to nothing, also against x */
        for (size_t i = 0; i < n; i++) {
            double r = b[i] - fit.intercept - fit.slope * a[i];
            off += r, along += r * a[i];
        }
        worst_add(&w, off, 0, 1000, "residuals of trial %d", k);
        worst_add(&w, along, 0, 10000, "residuals times x of trial %d", k);
    }
    worst_line(&w, "random points");
    double far_x[8], far_y[8];
    for (int i = 0; i < 8; i++) far_x[i] = 1e9 + i, far_y[i] = 1e-9 * (i * i % 7);
    double near_x[8];
    for (int i = 0; i < 8; i++) near_x[i] = i;
    check_near(scry_fit_line(far_x, far_y, 8).pearson, rho_of(near_x, far_y, 8), 1e-9,
               "points far from 0 lose nothing");
}

static void spearman(void) {
    const double x[] = {10, 20, 20, 30}, y[] = {1, 30, 20, 400};
    check_near(scry_spearman(x, y, 4), 4.5 / sqrt(4.5 * 5), 1e-14, "Spearman with a tie, by hand");
    const double up[] = {1, 10, 100, 1000, 10000}, line[] = {1, 2, 3, 4, 5};
    check_near(scry_spearman(up, line, 5), 1, 1e-15, "any rising curve has 1");
    uint64_t seed = 32;
    worst w = {.tolerance = 1e-12};
    for (int k = 0; k < 2000; k++) {
        double a[20], b[20], ra[20], rb[20];
        size_t n = 3 + roll_below(&seed, 18);
        draw(a, n, &seed, true);
        draw(b, n, &seed, k % 2);
        if (flat(a, n) || flat(b, n)) continue;
        ranks_of(a, n, ra);
        ranks_of(b, n, rb);
        worst_add(&w, scry_spearman(a, b, n), rho_of(ra, rb, n), 1, "trial %d", k);
    }
    worst_line(&w, "Spearman of random points with many ties");
}

static void leave_one_out(void) {
    uint64_t seed = 33;
    worst w = {.tolerance = 1e-12};
    for (int k = 0; k < 500; k++) {
        double a[15], b[15], low, high, least = 2, most = -2, c[15], d[15];
        size_t n = 4 + roll_below(&seed, 11);
        draw(a, n, &seed, false);
        draw(b, n, &seed, false);
        for (size_t out = 0; out < n; out++) {
            size_t m = 0;
            for (size_t i = 0; i < n; i++)
                if (i != out) c[m] = a[i], d[m++] = b[i];
            double rho = rho_of(c, d, m);
            least = fmin(least, rho), most = fmax(most, rho);
        }
        scry_leave_one_out(a, b, n, &low, &high);
        worst_add(&w, low, least, 1, "low of trial %d", k);
        worst_add(&w, high, most, 1, "high of trial %d", k);
    }
    worst_line(&w, "leave-one-out of random points");
    double low = 0, high = 0;
    const double x[] = {0, 0, 0, 1}, y[] = {1, 2, 3, 7}; /* without the last, x is constant: left out */
    scry_leave_one_out(x, y, 4, &low, &high);
    check(isfinite(low) && isfinite(high), "a point without which nothing varies is passed over: %g to %g", low, high);
    scry_leave_one_out(x, y, 3, &low, &high);
    check(isnan(low) && isnan(high), "three points leave two: no range");
}

static void permutations(void) {
    const double x[] = {1, 2, 3, 4, 5};
    check_near(scry_permutation_p(x, x, 3, 1, 1), 2.0 / 6, 1e-15, "a line of 3: it and its reverse, of 6");
    check_near(scry_permutation_p(x, x, 4, 1, 1), 2.0 / 24, 1e-15, "a line of 4");
    check_near(scry_permutation_p(x, x, 5, 1, 1), 2.0 / 120, 1e-15, "a line of 5");
    const double pole[] = {0, 0, 0, 1}, any[] = {3, 1, 4, 9};
    /* |rho| depends on what meets the 1: 9 is the extreme (4.75 off the mean), 6 of 24 orders */
    check_near(scry_permutation_p(pole, any, 4, 1, 1), 6.0 / 24, 1e-15, "one pole among 4, by hand");
    uint64_t seed = 34;
    worst w = {.tolerance = 1e-12};
    for (size_t n = 3; n <= 9; n++)
        for (int k = 0; k < (n == 9 ? 2 : n == 8 ? 6 : 40); k++) {
            double a[9], b[9];
            draw(a, n, &seed, k % 3 == 1);
            draw(b, n, &seed, k % 3 > 0);
            if (flat(a, n) || flat(b, n)) continue;
            worst_add(&w, scry_permutation_p(a, b, n, 10, 1), brute_p(a, b, n), 1, "%zu points, trial %d", n, k);
        }
    worst_line(&w, "exact p of 3 to 9 points against every order");

    double a[14], b[14];
    draw(a, 14, &seed, false);
    for (size_t i = 0; i < 14; i++) b[i] = a[i] + 25 * roll_unit(&seed);
    double p = scry_permutation_p(a, b, 14, 100000, SCRY_SEED), q = scry_permutation_p(a, b, 14, 100000, SCRY_SEED + 1);
    check(p == scry_permutation_p(a, b, 14, 100000, SCRY_SEED), "14 points: one seed, one p (%g)", p);
    size_t hits = 0;
    double z[14], observed = fabs(rho_of(a, b, 14));
    memcpy(z, b, sizeof z);
    for (int k = 0; k < 20000; k++) {
        for (size_t i = 14; i > 1; i--) {
            size_t other = roll_below(&seed, (uint32_t)i);
            double swap = z[i - 1];
            z[i - 1] = z[other], z[other] = swap;
        }
        hits += fabs(rho_of(a, z, 14)) >= observed;
    }
    double own = (double)hits / 20000, slack = 6 * sqrt(own * (1 - own) / 20000 + 1e-9);
    check(fabs(p - own) < slack && fabs(q - own) < slack, "14 points: p %g and %g, by other draws %g (6 sigma %g)", p,
          q, own, slack);
    for (size_t i = 0; i < 14; i++) b[i] = 2 * a[i] + 1;
    check_near(scry_permutation_p(a, b, 14, 999, 1), 1.0 / 1000, 1e-15, "a line of 14: (0 + 1) / (999 + 1)");
}

/* All figures of points without variance, or too few, are NaN. */
static size_t not_nan(const double *x, const double *y, size_t n) {
    scry_fit fit = scry_fit_line(x, y, n);
    double low, high;
    scry_leave_one_out(x, y, n, &low, &high);
    const double figures[] = {fit.pearson,
                              fit.r2,
                              fit.slope,
                              fit.intercept,
                              low,
                              high,
                              scry_spearman(x, y, n),
                              scry_permutation_p(x, y, n, 50, 1)};
    size_t found = fit.n != n;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) found += isnan(figures[i]) ? 0 : 1;
    return found;
}

static void degenerate(void) {
    double x[20], same[20];
    uint64_t seed = 35;
    draw(x, 20, &seed, false);
    for (size_t n = 0; n < 3; n++) check_is(not_nan(x, x + 5, n), 0, "%zu points have no rho", n);
    static const double constants[] = {0, 1, 3, 0.1, -0.1, 0.3, 1e-3, 5.11, 9.45, 1e9 + 0.1, 1e-300, 123456.789};
    size_t wrong_x = 0, wrong_y = 0, cases = 0;
    const char *where = "";
    for (size_t k = 0; k < sizeof constants / sizeof *constants; k++)
        for (size_t n = 3; n <= 20; n++, cases++) {
            for (size_t i = 0; i < n; i++) same[i] = constants[k];
            size_t a = not_nan(same, x, n), b = not_nan(x, same, n);
            if ((a || b) && !*where)
                where = text_of(", first %zu times %g: rho %g, Spearman %g", n, constants[k],
                                scry_fit_line(same, x, n).pearson, scry_spearman(same, x, n));
            wrong_x += a > 0;
            wrong_y += b > 0;
        }
    check(wrong_x == 0 && wrong_y == 0,
          "a constant x or y (0.1, 3, ...) of 3 to 20 points has NaN throughout: %zu cases, x wrong in "
          "%zu, y wrong in %zu%s",
          cases, wrong_x, wrong_y, where);
}

/* ---- scopes --------------------------------------------------------------------------------- */

static scry_index *ten_domains(void) {
    static const char *const change[] = {"-5", "2", "5", "1", "0.5", "-0.5", "2", "null", "-2", "0.5"};
    const char *folder = scratch_folder("scope"), *domains = "";
    double x[24];
    for (int i = 0; i < 24; i++) x[i] = i % 7;
    write_npy(text_of("%s/a.npy", folder), F32, 4, 6, x);
    for (int d = 0; d < 10; d++)
        domains = text_of("%s%s{\"name\": \"d%d\"%s, \"base\": {\"features\": \"a.npy\"}}", domains, d ? ", " : "", d,
                          d == 7 ? "" : text_of(", \"change\": %s", change[d]));
    const char *study = text_of("%s/study.json", folder);
    write_text(study,
               "{\"scry_study\": 1, \"train\": {\"base\": {\"features\": \"a.npy\"}, \"icl\": {\"features\": "
               "\"a.npy\"}}, \"domains\": [%s]}",
               domains);
    scry_error err = {0};
    scry_index *index = scry_index_build(study, scratch("scope.scry"), NULL, NULL, NULL, &err)
                            ? scry_open(scratch("scope.scry"), true, &err)
                            : NULL;
    if (!index) check(false, "ten domains are indexed: %s", err.text);
    return index;
}

static void uses(const scry_index *x, const char *spec, const char *expected) {
    scry_scope scope;
    scry_error err = {0};
    if (!scry_scope_read(&scope, x, 0, spec, false, &err)) {
        check(false, "%s: %s", spec, err.text);
        return;
    }
    char found[11] = "..........";
    for (size_t d = 0; d < 10; d++)
        if (scope.use[d]) found[d] = 'x';
    check(strcmp(found, expected) == 0, "%s takes %s%s", spec, expected,
          strcmp(found, expected) ? text_of(": found %s", found) : "");
    scry_scope_free(&scope);
}

static void scopes(void) {
    scry_index *x = ten_domains();
    if (!x) return;
    uses(x, "all", "xxxxxxx.xx");
    uses(x, "d1,d3", ".x.x......");
    uses(x, "d9,d7,d0", "x........x");
    /* by |change| descending, ties by domain: d0 d2 | d1 d6 d8 | d3 | d4 d5 d9 */
    uses(x, "extremes:1", "x........x");
    uses(x, "extremes:2", "x.x..x...x");
    uses(x, "extremes:3", "xxx.xx...x");
    uses(x, "extremes:4", "xxxxxxx..x");
    static const char *const wrong[] = {"extremes:5",
                                        "extremes:0",
                                        "extremes:-1",
                                        "extremes:",
                                        "extremes:2x",
                                        "extremes:9223372036854775807",
                                        "extremes:4611686018427387904",
                                        "nothing",
                                        "d1,nothing",
                                        "d1,,d2",
                                        "D1",
                                        "d1 ,d2",
                                        ","};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        scry_scope scope;
        scry_error err = {0};
        bool ok = scry_scope_read(&scope, x, 0, wrong[i], false, &err);
        check(!ok && err.status == 2 && strlen(err.text) > 20, "%s is misuse: %s", wrong[i],
              ok ? "found no error" : err.text);
        if (ok) scry_scope_free(&scope);
    }
    scry_scope scope;
    scry_error err = {0};
    check(!scry_scope_read(&scope, x, 0, "law", false, &err), "a domain that is not there");
    check_says(err.text, SAYS("law", "d0", "d9", "extremes"), "lists what can be said");
    if (scry_scope_read(&scope, x, 0, "all", true, &err)) {
        check_near(scry_scope_change(&scope, x, 0), -5, 0, "signed change");
        scry_scope_free(&scope);
    }
    if (scry_scope_read(&scope, x, 0, "all", false, &err)) {
        check_near(scry_scope_change(&scope, x, 0), 5, 0, "absolute change");
        check_near(scry_scope_change(&scope, x, 7), NAN, 0, "absent change");
        scry_scope_free(&scope);
    }
    scry_close(x);
}

int main(void) {
    lines();
    spearman();
    leave_one_out();
    permutations();
    degenerate();
    scopes();
    return check_end();
}
