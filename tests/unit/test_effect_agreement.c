/* test_effect_agreement.c: the comparison of estimates with exact runs against a slow twin, which draws the sets anew,
 * sums the columns' entries in plain loops and takes its own correlations; and what it refuses. */
#include "effect_agreement.h"
#include "ablation_specimen.h"
#include "base/random.h"
#include "index/read/effects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TOP = 16, SETS = 5, SEED = 11, DRAWS = 4, MOST = 8 };

/* ---- the twin ------------------------------------------------------------------------------- */

typedef struct twin {
    const scry_index *x;
    const effect_columns *c;
    scry_causal *causal;
    bool *in; /* [F] the set */
} twin;

/* A domain's estimate for the set, with its squares or without. */
static double estimate_of(const twin *t, size_t domain, bool squares) {
    double sum = 0;
    for (uint32_t s = t->c->first[domain]; s < t->c->first[domain + 1]; s++) {
        double S[DRAWS + 1] = {0};
        for (uint32_t j = 0; j < t->x->F; j++) {
            if (!t->in[j]) continue;
            uint64_t at, end = effect_column(t->c, row_of(&t->x->rows, j), &at);
            for (; at < end; at++)
                for (int m = 0; effect_sample(t->c, at) == s && m <= DRAWS; m++)
                    S[m] += (double)t->c->value[at * (DRAWS + 1) + (uint64_t)m];
        }
        sum += S[0];
        for (int m = 1; squares && m <= DRAWS; m++) sum += S[m] * S[m] / (2.0 * DRAWS);
    }
    return sum / (double)t->c->tokens[domain];
}

static void exact_of(const twin *t, double out[MOST]) {
    scry_error err = {0};
    scry_domain_effect effects[MOST];
    scry_set *set = scry_set_new(t->x->F);
    for (uint32_t j = 0; j < t->x->F; j++)
        if (t->in[j]) scry_set_put(set, j, true);
    if (!scry_ablate(t->causal, set, &(scry_ablation){0}, effects, NULL, NULL, &err)) check(false, "%s", err.text);
    for (size_t d = 0; d < t->x->D; d++) out[d] = effects[d].difference;
    scry_set_free(set);
}

/* Pearson's r, and the slope of y on x. */
static double r_of(const double *x, const double *y, size_t n, double *slope) {
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < n; i++) mx += x[i] / (double)n, my += y[i] / (double)n;
    for (size_t i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    if (slope) *slope = xy / xx;
    return xy / sqrt(xx * yy);
}

static double median_of_5(double *v, double *least) {
    for (int i = 0; i < SETS; i++)
        for (int k = i + 1; k < SETS; k++)
            if (v[k] < v[i]) {
                double swap = v[i];
                v[i] = v[k];
                v[k] = swap;
            }
    if (least) *least = v[0];
    return v[SETS / 2];
}

static void compare_row(worst *w, const scry_effect_agreement *found, const scry_effect_agreement *plain) {
    const char *where = text_of("N %u, %u toggles", plain->n, plain->toggles);
    check(found->n == plain->n && found->toggles == plain->toggles && found->sets == plain->sets,
          "%s, %u sets: found %u, %u, %u", where, plain->sets, found->n, found->toggles, found->sets);
    worst_add(w, found->estimate, plain->estimate, 1, "estimate, %s", where);
    worst_add(w, found->estimate_least, plain->estimate_least, 1, "least estimate, %s", where);
    worst_add(w, found->slope, plain->slope, fabs(plain->slope), "slope, %s", where);
    worst_add(w, found->first_order, plain->first_order, 1, "first order, %s", where);
    if (!plain->toggles) {
        check(isnan(found->anchored) && isnan(found->anchored_least) && isnan(found->change), "%s: no anchor", where);
        return;
    }
    worst_add(w, found->anchored, plain->anchored, 1, "anchored, %s", where);
    worst_add(w, found->anchored_least, plain->anchored_least, 1, "least anchored, %s", where);
    worst_add(w, found->change, plain->change, 1, "change, %s", where);
}

static scry_effect_agreement row_without_toggles(const twin *t, uint32_t n, double exact[MOST], double bare[MOST]) {
    scry_effect_agreement row = {.n = n, .sets = 1};
    double linear[MOST];
    exact_of(t, exact);
    for (size_t d = 0; d < t->x->D; d++) {
        bare[d] = estimate_of(t, d, true);
        linear[d] = estimate_of(t, d, false);
    }
    row.estimate = row.estimate_least = r_of(bare, exact, t->x->D, &row.slope);
    row.first_order = r_of(linear, exact, t->x->D, NULL);
    return row;
}

/* After `count` toggles of the anchor's set, whose exact differences and estimates these are. */
static scry_effect_agreement row_of_toggles(const twin *t, uint32_t count, uint32_t *pool, uint32_t pooled,
                                            uint64_t *seed, const double *exact_at, const double *bare_at) {
    double r[SETS], slope[SETS], linear[SETS], anchored[SETS], change[SETS], least;
    for (int k = 0; k < SETS; k++) {
        double exact[MOST], bare[MOST], total[MOST], moved[MOST], estimated[MOST];
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = i + random_below(seed, pooled - i), latent = pool[at];
            pool[at] = pool[i];
            pool[i] = latent;
            t->in[latent] = !t->in[latent];
        }
        scry_effect_agreement one = row_without_toggles(t, TOP, exact, bare);
        for (uint32_t i = 0; i < count; i++) t->in[pool[i]] = !t->in[pool[i]];
        for (size_t d = 0; d < t->x->D; d++) {
            estimated[d] = bare[d] - bare_at[d];
            total[d] = exact_at[d] + estimated[d];
            moved[d] = exact[d] - exact_at[d];
        }
        r[k] = one.estimate;
        slope[k] = one.slope;
        linear[k] = one.first_order;
        anchored[k] = r_of(total, exact, t->x->D, NULL);
        change[k] = r_of(estimated, moved, t->x->D, NULL);
    }
    scry_effect_agreement row = {.n = TOP, .toggles = count, .sets = SETS};
    row.estimate = median_of_5(r, &row.estimate_least);
    row.slope = median_of_5(slope, NULL);
    row.first_order = median_of_5(linear, NULL);
    row.anchored = median_of_5(anchored, &least);
    row.anchored_least = least;
    row.change = median_of_5(change, NULL);
    return row;
}

static void compare(const twin *t, const scry_ranking *ranking) {
    static const uint32_t grid[] = {1, 4, 8, TOP}, toggles[] = {1, 3, 10};
    scry_error err = {0};
    size_t count = 0, at = 0;
    scry_effect_agreement *found = scry_effects_compare(t->causal, ranking, TOP, SETS, SEED, &count, NULL, &err);
    if (!check(found && count == 7, "rows for 4 N and 3 numbers of toggles: found %zu %s", count, err.text)) return;
    worst w = {.tolerance = 1e-7};
    double exact[MOST], bare[MOST];
    for (size_t i = 0, rank = 0; i < 4; i++, at++) {
        for (; rank < grid[i]; rank++) t->in[ranking->order[rank]] = true;
        scry_effect_agreement plain = row_without_toggles(t, grid[i], exact, bare);
        compare_row(&w, &found[at], &plain);
    }
    uint32_t pool[2 * TOP], pooled = 0;
    for (uint32_t rank = 0; rank < 2 * TOP && rank < ranking->latents; rank++) {
        bool fires = false;
        uint32_t row = row_of(&t->x->rows, ranking->order[rank]);
        if (row != NO_ROW) fires = t->c->at[row] < t->c->at[row + 1];
        if (fires) pool[pooled++] = ranking->order[rank];
    }
    check(pooled >= 20 && pooled < 60, "%u latents to toggle: 30 of them are too many", pooled);
    uint64_t seed = SEED;
    for (size_t i = 0; i < 3; i++, at++) {
        scry_effect_agreement plain = row_of_toggles(t, toggles[i], pool, pooled, &seed, exact, bare);
        compare_row(&w, &found[at], &plain);
    }
    worst_line(&w, "correlations are the twin's");
    free(found);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static bool stop_at_once(void *context) {
    (void)context;
    return true;
}

static void refused(scry_causal *causal, const scry_ranking *ranking, uint32_t top, uint32_t sets,
                    const scry_cancel *cancel, const char *const *words, const char *what) {
    scry_error err = {0};
    size_t count;
    check(!scry_effects_compare(causal, ranking, top, sets, SEED, &count, cancel, &err), "%s", what);
    check_says(err.text, words, "%s", what);
}

static void refusals(scry_index *x, const scry_ranking *ranking) {
    scry_error err = {0};
    scry_causal *some = scry_causal_open(x, &(scry_causal_options){.threads = 1, .samples = 2}, NULL, &err);
    scry_causal *all = scry_causal_open(x, &(scry_causal_options){.threads = 1}, NULL, &err);
    scry_cancel stop = {.is_cancelled = stop_at_once};
    if (!check(some && all, "the model opens %s", err.text)) return;
    refused(some, ranking, TOP, SETS, NULL, SAYS("effect columns of", "scry effects"), "columns of other texts");
    refused(all, ranking, 0, SETS, NULL, SAYS("found 0 latents"), "no latent");
    refused(all, ranking, ranking->latents + 1, SETS, NULL, SAYS("expected 1 to"), "too many latents");
    refused(all, ranking, TOP, SETS, &stop, SAYS("cancelled"), "cancelled");
    scry_causal_free(some);
    scry_causal_free(all);
}

int main(void) {
    scry_error err = {0};
    scry_index *x = index_of("as_is");
    scry_ranking *ranking = scry_rank(x, 0, SCRY_BASE, SCRY_SQ, &err);
    twin t = {.x = x, .in = calloc(x->F, sizeof *t.in)};
    t.causal = scry_causal_open(x, &(scry_causal_options){.threads = 1}, NULL, &err);
    if (!check(ranking && t.causal && t.in && x->D <= MOST, "study and model %s", err.text)) return check_end();
    refused(t.causal, ranking, TOP, SETS, NULL, SAYS("no effect columns", "scry effects"), "no columns");
    bool made;
    scry_effects_options o = {.draws = DRAWS, .seed = 5, .threads = 1};
    if (!check(scry_effects_compute(x, &o, &made, NULL, &err) && scry_effects_attach(x, NULL, true, &err), "columns %s",
               err.text))
        return check_end();
    t.c = index_effect_columns(x);
    compare(&t, ranking);
    refusals(x, ranking);
    free(t.in);
    scry_causal_free(t.causal);
    scry_ranking_free(ranking);
    scry_close(x);
    return check_end();
}
