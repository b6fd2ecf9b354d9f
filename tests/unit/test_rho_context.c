/* test_rho_context.c: the context of a rho. Searches against plain loops; p of a search over 300 null studies must be
 * uniform, where the plain p is not; the interval over domains must cover a planted rho; reliability against simulated
 * errors; matched sets against a plain draw. */
#include "rho_context.h"
#include "baselines.h"
#include "check.h"
#include "synth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static scry_index *made(const char *name, const synth_options *o) {
    scry_error err = {0};
    const char *folder = scratch("%s", name), *out = text_of("%s.scry", folder);
    scry_build_options build = {.threads = 1};
    if (scry_synth(folder, o, NULL, &err) &&
        scry_index_build(text_of("%s/study.json", folder), out, &build, NULL, NULL, &err))
        return scry_open(out, false, &err);
    check(false, "%s: %s", name, err.text);
    return NULL;
}

static double uniform(uint64_t *seed) {
    return ((double)roll_below(seed, 1u << 30) + 0.5) / (double)(1u << 30);
}

static double normal(uint64_t *seed) {
    double r = sqrt(-2 * log(uniform(seed)));
    return r * cos(2 * 3.14159265358979323846 * uniform(seed));
}

static scry_set *top_set(const scry_ranking *ranking, uint32_t n) {
    scry_set *set = scry_set_new(ranking->latents);
    for (uint32_t i = 0; i < n; i++) scry_set_put(set, ranking->order[i], true);
    return set;
}

static void sums_of(const scry_index *x, scry_score score, const scry_set *set, double *sum) {
    for (size_t d = 0; d < scry_index_info(x)->domains; d++) {
        sum[d] = 0;
        for (uint32_t j = 0; j < set->latents; j++)
            if (scry_set_has(set, j)) sum[d] += (double)scry_contribution(x, score, j)[d];
    }
}

/* rho over the domains with a change, but for `out`. */
static double plain_rho(const double *x, const double *change, size_t domains, size_t out) {
    double a[64], b[64], ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    size_t n = 0;
    for (size_t d = 0; d < domains; d++)
        if (d != out && !isnan(change[d])) {
            a[n] = x[d];
            b[n++] = change[d];
        }
    for (size_t i = 0; i < n; i++) ma += a[i] / (double)n, mb += b[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb);
}

/* The same search by trying every latent. Returns the largest |rho|, with its sign; sum [D] is that of the last state.
 */
static double plain_search(const scry_index *x, scry_score score, const scry_set *start, const double *change,
                           uint32_t switches, size_t out, double *sum) {
    size_t D = scry_index_info(x)->domains;
    scry_set *set = scry_set_copy(start);
    double trial[64];
    sums_of(x, score, set, sum);
    double most = plain_rho(sum, change, D, out);
    for (uint32_t step = 0; step < switches; step++) {
        uint32_t best = 0;
        double best_rho = 0;
        for (uint32_t j = 0; j < set->latents; j++) {
            if (scry_set_has(set, j) != scry_set_has(start, j)) continue; /* switched already */
            for (size_t d = 0; d < D; d++)
                trial[d] = sum[d] + (scry_set_has(set, j) ? -1 : 1) * (double)scry_contribution(x, score, j)[d];
            double rho = plain_rho(trial, change, D, out);
            if (fabs(rho) > fabs(best_rho)) best_rho = rho, best = j;
        }
        scry_set_put(set, best, !scry_set_has(set, best));
        sums_of(x, score, set, sum);
        if (fabs(best_rho) > fabs(most)) most = best_rho;
    }
    scry_set_free(set);
    return most;
}

static void searches(const scry_index *x, const scry_ranking *ranking) {
    worst rho = {.tolerance = 1e-6}, predicted = {.tolerance = 1e-5};
    size_t D = scry_index_info(x)->domains;
    uint64_t seed = 91;
    for (int k = 0; k < 24; k++) {
        double change[64], sum[64], errors = 0, squares = 0, r2;
        scry_score score = (scry_score)(k % SCRY_SCORES);
        if (!scry_has_score(x, score)) score = SCRY_ACT;
        for (size_t d = 0; d < D; d++) change[d] = d == (size_t)k ? (double)NAN : normal(&seed);
        uint32_t switches = (uint32_t)k % 5;
        scry_set *start = top_set(ranking, 5 + (uint32_t)k), *set = scry_set_copy(start);
        double found = scry_greedy_search(x, score, set, change, switches);
        worst_add(&rho, found, plain_search(x, score, start, change, switches, D, sum), 1, "case %d", k);
        scry_search_cross_validated(x, score, start, change, switches, NULL, &r2);
        for (size_t out = 0; out < D; out++) {
            double a[64], b[64], mean = 0;
            size_t n = 0;
            if (isnan(change[out])) continue;
            plain_search(x, score, start, change, switches, out, sum);
            for (size_t d = 0; d < D; d++)
                if (d != out && !isnan(change[d])) a[n] = sum[d], b[n++] = change[d];
            for (size_t i = 0; i < n; i++) mean += b[i] / (double)n;
            scry_fit fit = scry_fit_line(a, b, n);
            errors += pow(change[out] - fit.intercept - fit.slope * sum[out], 2);
            squares += pow(change[out] - mean, 2);
        }
        worst_add(&predicted, r2, 1 - errors / squares, 1, "case %d", k);
        scry_set_free(start);
        scry_set_free(set);
    }
    worst_line(&rho, "greedy searches of 0 to 4 switches, every score, against trying every latent");
    worst_line(&predicted, "cross-validated R2 of them");
}

/* Largest distance between the values' distribution and the uniform one (Kolmogorov and Smirnov). */
static double distance(double *p, int n) {
    double most = 0;
    scry_sort(p, (size_t)n);
    for (int i = 0; i < n; i++) {
        double above = (i + 1.0) / n - p[i], below = p[i] - (double)i / n;
        if (above > most) most = above;
        if (below > most) most = below;
    }
    return most;
}

enum { SEEDS = SANITIZED ? 150 : 300 };

/* Changes without any relation, the selection found by as many greedy switches: p of the search is uniform. */
static void null_studies(const scry_index *x, const scry_ranking *ranking) {
    static const uint32_t switches[] = {0, 1, 3, 10};
    const double limit = 1.95 / sqrt(SEEDS); /* beyond it 1 in 1000 by chance */
    size_t D = scry_index_info(x)->domains;
    for (size_t k = 0; k < sizeof switches / sizeof *switches; k++) {
        double adjusted[SEEDS], plain[SEEDS], mean;
        int low = 0, plain_low = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            double change[64], sum[64];
            uint64_t state = (uint64_t)seed + 5000;
            for (size_t d = 0; d < D; d++) change[d] = normal(&state);
            scry_set *start = top_set(ranking, 6), *set = scry_set_copy(start);
            double rho = scry_greedy_search(x, SCRY_ACT, set, change, switches[k]);
            scry_search_p(x, SCRY_ACT, start, change, switches[k], rho, (uint64_t)seed, NULL, &adjusted[seed], &mean);
            sums_of(x, SCRY_ACT, set, sum);
            plain[seed] = scry_permutation_p(sum, change, D, 2000, 1);
            low += adjusted[seed] <= 0.05;
            plain_low += plain[seed] <= 0.05;
            scry_set_free(start);
            scry_set_free(set);
        }
        double of_adjusted = distance(adjusted, SEEDS), of_plain = distance(plain, SEEDS);
        check(of_adjusted < limit,
              "%u switches, %d null studies: search-adjusted p is uniform, Kolmogorov-Smirnov %.4f, limit %.4f; %d at "
              "or below .05",
              switches[k], SEEDS, of_adjusted, limit, low);
        if (switches[k])
            check(of_plain > limit, "%u switches: the plain p is not, %.4f; %d at or below .05", switches[k], of_plain,
                  plain_low);
        else check(of_plain < limit, "no switch: so is the plain p, %.4f", of_plain);
    }
}

/* A search where a relation is planted is found: the test above can fail. */
static void planted(const scry_index *x, const scry_ranking *ranking) {
    double change[64], p, mean;
    for (size_t d = 0; d < scry_index_info(x)->domains; d++) change[d] = fabs(scry_index_info(x)->domain[d].change[0]);
    scry_set *start = top_set(ranking, 20), *set = scry_set_copy(start);
    double rho = scry_greedy_search(x, SCRY_ACT, set, change, 1);
    scry_search_p(x, SCRY_ACT, start, change, 1, rho, 1, NULL, &p, &mean);
    check(p < 0.01 && mean < fabs(rho), "a planted rho of .8 has search-adjusted p %.4f after a switch", p);
    scry_set_free(start);
    scry_set_free(set);
}

/* 14 of the 400 domains of a study whose STS correlate with the change by .6, many times. */
static void domain_intervals(void) {
    enum { ALL = 400, FEW = 14, DRAWS = 2000 };
    synth_options o = {.latents = 128, .domains = ALL, .tokens = 16, .seed = 3, .rho = 0.6};
    scry_index *x = made("domains", &o);
    if (!x) return;
    scry_ranking *ranking = scry_rank(x, 0, SCRY_ICL, SCRY_SQ, NULL);
    scry_set *set = top_set(ranking, 20);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ACT);
    scry_scorer_load(scorer, set);
    double sts[ALL], change[ALL];
    for (size_t d = 0; d < ALL; d++) {
        sts[d] = scry_scorer_value(scorer, d);
        change[d] = fabs(scry_index_info(x)->domain[d].change[0]);
    }
    double all = scry_fit_line(sts, change, ALL).pearson;
    int covered = 0;
    uint64_t seed = 17;
    for (int k = 0; k < DRAWS; k++) {
        double a[FEW], b[FEW], low, high;
        bool drawn[ALL] = {0};
        for (int i = 0; i < FEW;) {
            size_t d = roll_below(&seed, ALL);
            if (drawn[d]) continue;
            drawn[d] = true;
            a[i] = sts[d];
            b[i++] = change[d];
        }
        scry_domain_interval(scry_fit_line(a, b, FEW).pearson, FEW, &low, &high);
        covered += low <= all && all <= high;
    }
    double beyond = 3 * sqrt(DRAWS * 0.95 * 0.05);
    check(fabs(all - 0.6) < 1e-3, "rho of all %d domains is as planted, %.4f", ALL, all);
    check(fabs(covered - 0.95 * DRAWS) <= beyond,
          "the 95%% interval over %d domains drawn from them covers it %d times in %d, expected %.0f within %.0f", FEW,
          covered, DRAWS, 0.95 * DRAWS, beyond);
    scry_scorer_free(scorer);
    scry_set_free(set);
    scry_ranking_free(ranking);
    scry_close(x);
}

static void domain_interval_limits(void) {
    double low, high;
    scry_domain_interval(0.5, 28, &low, &high);
    check_near(low, 0.15602836, 1e-6, "interval of rho .5 over 28 domains, low (as scipy's pearsonr gives it)");
    check_near(high, 0.73581848, 1e-6, "and high");
    scry_domain_interval(0.5, 3, &low, &high);
    check(isnan(low) && isnan(high), "3 domains have none");
    scry_domain_interval(1, 8, &low, &high);
    check(low == 1 && high == 1, "rho 1 has a point");
}

static void tails(void) {
    const double others[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    check_near(scry_tail(0, others, 9), 0.2, 1e-12, "below all: 2 * 1 / 10");
    check_near(scry_tail(10, others, 9), 0.2, 1e-12, "above all is as remarkable");
    check_near(scry_tail(2, others, 9), 0.6, 1e-12, "one below, one equal: 2 * 3 / 10");
    check_near(scry_tail(5, others, 9), 1, 1e-12, "in the middle");
    check(isnan(scry_tail(1, others, 0)) && isnan(scry_tail(NAN, others, 9)), "no others, or no value: none");
}

/* y = true + noise: the reliability is the variance of the true values' share, and a perfect predictor of the true
 * values correlates by its square root. */
static void reliabilities(void) {
    enum { N = 4000 };
    static double y[N], se[N], truth[N];
    uint64_t seed = 5;
    for (int i = 0; i < N; i++) {
        truth[i] = normal(&seed);
        se[i] = 0.5 + uniform(&seed);
        y[i] = truth[i] + se[i] * normal(&seed);
    }
    /* mean of se^2 with se uniform from .5 to 1.5: 1 + 1 / 12 */
    double found = scry_reliability(y, se, N);
    check(fabs(found - 1 / (2 + 1.0 / 12)) < 0.02, "reliability %.4f, expected %.4f", found, 1 / (2 + 1.0 / 12));
    double rho = scry_fit_line(truth, y, N).pearson;
    check(fabs(rho - sqrt(found)) < 0.02, "the true values correlate by %.4f, ceiling %.4f", rho, sqrt(found));
    const double same[] = {1, 1.1, 0.9, 1}, errors[] = {1, 1, 1, 1}, none[] = {1, NAN, 1, 1};
    check(scry_reliability(same, errors, 4) == 0, "changes within their errors: 0");
    check(isnan(scry_reliability(same, none, 4)) && isnan(scry_reliability(same, errors, 2)),
          "an error missing, or 2 domains: none");
}

static int by_postings(const void *a, const void *b, void *index) {
    uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
    uint64_t x = scry_postings(index, i), y = scry_postings(index, j);
    return x != y ? (x < y ? -1 : 1) : (i > j) - (i < j);
}

/* Mean and deviation of matched sets, against drawing them by a plain loop with other random numbers. */
static void matched(scry_index *x, const scry_ranking *ranking) {
    enum { SETS = 1000 };
    size_t D = scry_index_info(x)->domains;
    uint32_t F = scry_index_info(x)->d_sae, *order = calloc(F, sizeof *order), count = scry_active_latents(x, order);
    double change[64], rho[SETS], plain[SETS], mean, sd, plain_mean, plain_sd;
    uint64_t seed = 77;
    for (size_t d = 0; d < D; d++) change[d] = fabs(scry_index_info(x)->domain[d].change[0]);
    scry_set *set = top_set(ranking, 12);
    uint32_t drawn = scry_matched_rhos(x, SCRY_ACT, change, set, SETS, 1, NULL, rho);
    check_is(drawn, SETS, "matched sets drawn");
    scry_mean_sd(rho, drawn, &mean, &sd);
    qsort_r(order, count, sizeof *order, by_postings, x);
    for (int k = 0; k < SETS; k++) {
        double sum[64];
        scry_set *other = scry_set_new(F);
        for (uint32_t i = 0; i < count; i++) {
            if (!scry_set_has(set, order[i])) continue;
            uint32_t low = i < 60 ? 0 : i - 60, high = i + 60 < count ? i + 60 : count - 1, at;
            do at = low + roll_below(&seed, high - low + 1);
            while (scry_set_has(other, order[at]));
            scry_set_put(other, order[at], true);
        }
        sums_of(x, SCRY_ACT, other, sum);
        plain[k] = plain_rho(sum, change, D, D);
        scry_set_free(other);
    }
    scry_mean_sd(plain, SETS, &plain_mean, &plain_sd);
    double error = plain_sd * sqrt(2.0 / SETS);
    check(fabs(mean - plain_mean) < 4 * error, "matched sets: mean rho %.4f, by a plain loop %.4f", mean, plain_mean);
    check(fabs(sd / plain_sd - 1) < 0.12, "and deviation %.4f, %.4f", sd, plain_sd);
    scry_set_free(set);
    free(order);
}

/* The fields of a finished result, each against what it stands for. */
static void finished(scry_index *x, const scry_ranking *ranking) {
    size_t D = scry_index_info(x)->domains;
    scry_scope scope;
    if (!scry_scope_read(&scope, x, 0, "all", false, NULL)) return;
    scry_set *start = top_set(ranking, 20), *set = scry_set_copy(start);
    for (uint32_t i = 0; i < 3; i++) scry_set_put(set, ranking->order[i * 15], i == 2);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ACT);
    scry_scorer_load(scorer, set);
    scry_result r;
    scry_result_fit(&r, x, scorer, &scope);
    check(scry_result_finish(&r, x, SCRY_ACT, set, start, &scope, NULL), "a result is finished");
    double sum[64];
    sums_of(x, SCRY_ACT, start, sum);
    check_is(r.context.switches, 3, "latents switched by hand");
    check_near(r.context.untouched, plain_rho(sum, r.change, D, D), 1e-6, "rho of the untouched top N");
    check(r.context.search_p > 0 && r.context.search_p <= 1, "search-adjusted p %.4f", r.context.search_p);
    check(r.context.train_domain == -1 && isnan(r.context.without_train), "no domain is the training set here");
    check(r.context.farthest_domain >= 0, "a domain is the farthest");
    if (r.context.farthest_domain >= 0)
        check_near(r.context.without_farthest, plain_rho(r.sts, r.change, D, (size_t)r.context.farthest_domain), 1e-9,
                   "rho without it");
    check(isnan(r.context.ceiling), "no errors of the changes, no ceiling");
    scry_result_free(&r);
    scry_result_fit(&r, x, scorer, &scope);
    scry_result_finish(&r, x, SCRY_ACT, set, NULL, &scope, NULL);
    check(isnan(r.context.search_p) && isnan(r.context.untouched) && !isnan(r.context.domains_low),
          "without a top N nothing is said of a search, the rest is");
    scry_result_free(&r);
    scry_scorer_free(scorer);
    scry_scope_free(&scope);
    scry_set_free(start);
    scry_set_free(set);
}

/* What values alone give is what a score of the same values has. */
static void finished_values(scry_index *x, const scry_ranking *ranking) {
    scry_scope scope;
    if (!scry_scope_read(&scope, x, 0, "all", true, NULL)) return;
    scry_set *set = top_set(ranking, 20);
    scry_scorer *scorer = scry_scorer_new(x, SCRY_ACT);
    scry_scorer_load(scorer, set);
    scry_result r, v;
    scry_result_fit(&r, x, scorer, &scope);
    scry_result_finish(&r, x, SCRY_ACT, set, set, &scope, NULL);
    scry_result_values(&v, x, r.sts, &scope);
    scry_result_finish_values(&v, x, &scope);
    worst same = {.tolerance = 0};
    const double found[] = {v.spearman,
                            v.p_value,
                            v.loo_min,
                            v.loo_max,
                            v.context.domains_low,
                            v.context.domains_high,
                            v.context.without_farthest,
                            v.context.without_train,
                            v.context.ceiling};
    const double expected[] = {r.spearman,
                               r.p_value,
                               r.loo_min,
                               r.loo_max,
                               r.context.domains_low,
                               r.context.domains_high,
                               r.context.without_farthest,
                               r.context.without_train,
                               r.context.ceiling};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        worst_add(&same, found[i], expected[i], 1, "figure %zu", i);
    worst_line(&same, "values have the statistics of a score that is equal to them");
    check(v.p_value > 0 && !isnan(v.context.without_farthest), "and these are there: p %.4f", v.p_value);
    check(isnan(v.random_mean) && isnan(v.ci_low) && isnan(v.context.matched_mean),
          "nothing is said of other selections");
    scry_result_free(&r);
    scry_result_free(&v);
    scry_scorer_free(scorer);
    scry_scope_free(&scope);
    scry_set_free(set);
}

static void best_baseline(scry_index *x, const scry_ranking *ranking) {
    scry_scope scope;
    if (!scry_scope_read(&scope, x, 0, "all", false, NULL)) return;
    scry_best_baseline best;
    scry_baselines *all = scry_baselines_new(x, ranking, 20, &scope, 1, NULL);
    check(scry_best_baseline_find(&best, x, ranking->source, 20, &scope, 1, NULL) && best.name, "a best baseline");
    double most = 0;
    for (size_t i = 0; all && i < all->count; i++) {
        double rho = all->row[i].result.fit.pearson;
        if (strcmp(all->row[i].name, "sts") != 0 && fabs(rho) > fabs(most)) most = rho;
    }
    check_near(best.pearson, most, 1e-12, "it is the largest |rho| of the rows of the baselines");
    scry_baselines_free(all);
    scry_scope_free(&scope);
}

int main(void) {
    synth_options o = {.latents = 256, .domains = 14, .tokens = 64, .seed = 7, .rho = 0.8};
    scry_index *x = made("study", &o);
    scry_ranking *ranking = x ? scry_rank(x, 0, SCRY_ICL, SCRY_SQ, NULL) : NULL;
    if (ranking) {
        searches(x, ranking);
        null_studies(x, ranking);
        planted(x, ranking);
        matched(x, ranking);
        finished(x, ranking);
        finished_values(x, ranking);
        best_baseline(x, ranking);
    }
    domain_intervals();
    domain_interval_limits();
    tails();
    reliabilities();
    scry_ranking_free(ranking);
    scry_close(x);
    return check_end();
}
