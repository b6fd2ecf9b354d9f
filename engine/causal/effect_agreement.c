/* causal/effect_agreement.c: estimates of ablation compared with exact runs. */
#include "effect_agreement.h"
#include "analysis.h"
#include "base/mem.h"
#include "base/random.h"
#include "causal/causal.h"
#include "index/read/effects.h"
#include "score/scorer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t percents[] = {5, 20, 50, 100}, toggles[] = {1, 3, 10, 30};
enum { PERCENTS = sizeof percents / sizeof *percents, TOGGLES = sizeof toggles / sizeof *toggles };

typedef struct comparison {
    scry_causal *causal;
    const effect_columns *columns;
    size_t domains;
    scry_set *set;
    scry_scorer *bare, *anchored;          /* both of the set */
    scry_domain_effect *effects;           /* [D] of the last run */
    double *exact, *anchor, *estimate, *x; /* [D]; x: [2 D] scratch */
    uint32_t *pool, pooled;                /* latents that can be toggled */
    size_t runs, done;
    const scry_cancel *cancel;
} comparison;

/* ---- one set -------------------------------------------------------------------------------- */

static bool run_exactly(comparison *c, scry_error *err) {
    const double of = (double)c->runs;
    scry_cancel part = scry_cancel_part(c->cancel, (double)c->done / of, (double)(c->done + 1) / of);
    c->done++;
    if (!scry_ablate(c->causal, c->set, &(scry_ablation){0}, c->effects, NULL, c->cancel ? &part : NULL, err))
        return false;
    for (size_t d = 0; d < c->domains; d++) c->exact[d] = c->effects[d].difference;
    return true;
}

/* The line through the domains that have both: y = exact - base, x = value - base; base NULL: 0. */
static scry_fit fit_to_exact(comparison *c, const double *value, const double *base) {
    double *x = c->x, *y = c->x + c->domains;
    size_t n = 0;
    for (size_t d = 0; d < c->domains; d++) {
        if (isnan(value[d]) || isnan(c->exact[d])) continue;
        x[n] = value[d] - (base ? base[d] : 0);
        y[n++] = c->exact[d] - (base ? base[d] : 0);
    }
    return scry_fit_line(x, y, n);
}

static const double *values_of(comparison *c, const scry_scorer *scorer) {
    for (size_t d = 0; d < c->domains; d++) c->estimate[d] = scry_scorer_value(scorer, d);
    return c->estimate;
}

static double first_order(comparison *c) {
    for (size_t d = 0; d < c->domains; d++)
        c->estimate[d] = isnan(scry_scorer_value(c->bare, d)) ? (double)NAN : effect_sums_linear(c->bare->effects, d);
    return fit_to_exact(c, c->estimate, NULL).pearson;
}

static void put(comparison *c, uint32_t latent, bool in) {
    scry_set_put(c->set, latent, in);
    scry_scorer_put(c->bare, latent, in);
    if (c->anchored) scry_scorer_put(c->anchored, latent, in);
}

/* ---- many sets ------------------------------------------------------------------------------ */

/* Sorts what is not NaN to the front; *least is its smallest, NaN where there is none. */
static double median_of(double *values, size_t count, double *least) {
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (!isnan(values[i])) values[n++] = values[i];
    scry_sort(values, n);
    if (least) *least = n ? values[0] : (double)NAN;
    return scry_quantile(values, n, 0.5);
}

/* Figures of each set. */
enum { ESTIMATE, SLOPE, FIRST_ORDER, ANCHORED, CHANGE, FIGURES };

static bool measure(comparison *c, double *const figure[FIGURES], size_t k, scry_error *err) {
    if (!run_exactly(c, err)) return false;
    scry_fit fit = fit_to_exact(c, values_of(c, c->bare), NULL);
    figure[ESTIMATE][k] = fit.pearson;
    figure[SLOPE][k] = fit.slope;
    figure[FIRST_ORDER][k] = first_order(c);
    if (!c->anchored) return true;
    values_of(c, c->anchored);
    figure[ANCHORED][k] = fit_to_exact(c, c->estimate, NULL).pearson;
    figure[CHANGE][k] = fit_to_exact(c, c->estimate, c->anchor).pearson;
    return true;
}

/* Draws and measures `sets` sets, each that of the anchor but for so many toggles; 0 toggles: the set as it is. */
static bool measure_row(comparison *c, uint32_t count, uint32_t sets, uint64_t *seed, scry_effect_agreement *row,
                        scry_error *err) {
    double *all = mem_new((size_t)sets * FIGURES, sizeof *all), *figure[FIGURES];
    for (int i = 0; i < FIGURES; i++) figure[i] = all + (size_t)i * sets;
    for (size_t i = 0; i < (size_t)sets * FIGURES; i++) all[i] = NAN;
    bool ok = true;
    for (uint32_t k = 0; ok && k < sets; k++) {
        /* the first `count` of a shuffle; the pool's order goes on from one draw to the next */
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = i + random_below(seed, c->pooled - i), latent = c->pool[at];
            c->pool[at] = c->pool[i];
            c->pool[i] = latent;
        }
        for (uint32_t i = 0; i < count; i++) put(c, c->pool[i], !scry_set_has(c->set, c->pool[i]));
        ok = measure(c, figure, k, err);
        for (uint32_t i = 0; i < count; i++) put(c, c->pool[i], !scry_set_has(c->set, c->pool[i]));
    }
    *row = (scry_effect_agreement){.n = row->n, .toggles = count, .sets = sets};
    row->estimate = median_of(figure[ESTIMATE], sets, &row->estimate_least);
    row->slope = median_of(figure[SLOPE], sets, NULL);
    row->first_order = median_of(figure[FIRST_ORDER], sets, NULL);
    row->anchored = median_of(figure[ANCHORED], sets, &row->anchored_least);
    row->change = median_of(figure[CHANGE], sets, NULL);
    free(all);
    return ok;
}

static void anchor_here(comparison *c) {
    memcpy(c->anchor, c->exact, c->domains * sizeof *c->anchor);
    scry_anchor *anchor = scry_anchor_new(c->set, c->exact, c->domains);
    c->anchored = scry_scorer_new(c->causal->index, SCRY_ABL);
    scry_scorer_set_anchor(c->anchored, anchor);
    scry_scorer_load(c->anchored, c->set);
    scry_anchor_free(anchor);
}

/* ---- all of it ------------------------------------------------------------------------------ */

static bool same_texts(const comparison *c, scry_error *err) {
    const causal_texts *t = &c->causal->texts;
    bool same = c->columns->meta.samples == t->count;
    for (size_t d = 0; same && d < c->domains; d++)
        same = c->columns->first[d] == t->first[d] && c->columns->tokens[d] == t->summary[d].tokens;
    return same || scry_misuse(err,
                               "%s: found effect columns of %" PRIu32 " texts, expected those of the %zu that the "
                               "model reads here; make the columns again with scry effects",
                               c->columns->file.map.path, c->columns->meta.samples, t->count);
}

/* A correlation is over 3 domains at least. */
static bool enough_domains(const comparison *c, scry_error *err) {
    size_t n = 0;
    for (size_t d = 0; d < c->domains; d++) n += c->columns->tokens[d] > 0;
    return n > 2 || scry_misuse(err, "%s: found %zu domains with texts, expected at least 3, over which to correlate",
                                c->causal->index->info.path, n);
}

/* Of the first 2 top ranks those that fire on the texts. */
static void find_pool(comparison *c, const scry_ranking *ranking, uint32_t top) {
    const scry_index *x = c->causal->index;
    const uint64_t ranks = 2 * (uint64_t)top < ranking->latents ? 2 * (uint64_t)top : ranking->latents;
    c->pool = mem_new(ranks, sizeof *c->pool);
    for (uint64_t rank = 0; rank < ranks; rank++) {
        uint32_t latent = ranking->order[rank], row = row_of(&x->rows, latent);
        uint64_t at;
        if (row != NO_ROW && scry_is_scored(x, latent) && effect_column(c->columns, row, &at) > at)
            c->pool[c->pooled++] = latent;
    }
}

static bool compare_all(comparison *c, const scry_ranking *ranking, uint32_t top, uint32_t sets, uint64_t seed,
                        scry_effect_agreement *rows, size_t *count, scry_error *err) {
    uint32_t grid[PERCENTS], steps = 0, rounds = 0;
    for (int i = 0; i < PERCENTS; i++) {
        uint32_t n = (uint32_t)(((uint64_t)top * percents[i] + 99) / 100);
        if (!steps || n > grid[steps - 1]) grid[steps++] = n;
    }
    while (rounds < TOGGLES && toggles[rounds] <= c->pooled / 2) rounds++;
    c->runs = steps + (size_t)rounds * sets;
    *count = 0;
    for (uint32_t i = 0, rank = 0; i < steps; i++) {
        for (; rank < grid[i]; rank++) put(c, ranking->order[rank], true);
        rows[*count].n = grid[i];
        if (!measure_row(c, 0, 1, &seed, &rows[(*count)++], err)) return false;
    }
    anchor_here(c);
    for (uint32_t i = 0; i < rounds; i++) {
        rows[*count].n = top;
        if (!measure_row(c, toggles[i], sets, &seed, &rows[(*count)++], err)) return false;
    }
    return true;
}

scry_effect_agreement *scry_effects_compare(scry_causal *causal, const scry_ranking *ranking, uint32_t top,
                                            uint32_t sets, uint64_t seed, size_t *count, const scry_cancel *cancel,
                                            scry_error *err) {
    const scry_index *x = causal->index;
    comparison c = {.causal = causal, .columns = index_effect_columns(x), .domains = x->D, .cancel = cancel};
    if (!c.columns) {
        scry_misuse(err, "%s: has no effect columns; scry effects computes them", x->info.path);
        return NULL;
    }
    if (!same_texts(&c, err) || !enough_domains(&c, err)) return NULL;
    if (!top || top > ranking->latents || !sets) {
        scry_misuse(err, "found %" PRIu32 " latents and %" PRIu32 " sets, expected 1 to %" PRIu32 " and at least 1",
                    top, sets, ranking->latents);
        return NULL;
    }
    c.set = scry_set_new(x->F);
    c.bare = scry_scorer_new(x, SCRY_ABL);
    c.effects = mem_new(c.domains, sizeof *c.effects);
    c.exact = mem_new(5 * c.domains, sizeof *c.exact);
    c.anchor = c.exact + c.domains;
    c.estimate = c.anchor + c.domains;
    c.x = c.estimate + c.domains;
    find_pool(&c, ranking, top);
    scry_effect_agreement *rows = mem_new(PERCENTS + TOGGLES, sizeof *rows);
    bool ok = compare_all(&c, ranking, top, sets, seed, rows, count, err);
    scry_set_free(c.set);
    scry_scorer_free(c.bare);
    scry_scorer_free(c.anchored);
    free(c.effects);
    free(c.exact);
    free(c.pool);
    if (ok) return rows;
    free(rows);
    return NULL;
}
