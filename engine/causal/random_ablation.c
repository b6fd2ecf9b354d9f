/* causal/random_ablation.c: ablation of random sets, and of the first N of a ranking. */
#include "analysis.h"
#include "base/mem.h"
#include "base/random.h"
#include "causal/causal.h"
#include "index/read/index.h"
#include "stats/set_drawing.h"

#include <math.h>
#include <stdlib.h>

/* ---- the pool ------------------------------------------------------------------------------- */

static uint32_t activations_on_texts(const scry_causal *c, uint32_t latent) {
    uint32_t count = 0;
    for (size_t d = 0; d < c->texts.domains; d++) {
        if (!c->token[d]) continue;
        uint32_t capture = (uint32_t)c->texts.capture[d];
        index_cursor at = index_postings(c->index, latent);
        index_seek(c->index, &at, capture, 0);
        if (!index_segment(c->index, &at) || at.capture != capture) continue;
        while (index_next(c->index, &at)) count++;
    }
    return count;
}

/* The latents that are active on a domain that the model reads, ascending. The caller frees them. */
static pool_latent *pool_of(const scry_causal *c, uint32_t *count) {
    uint32_t *active = mem_new(scry_index_info(c->index)->d_sae + 1, sizeof *active);
    uint32_t n = scry_active_latents(c->index, active);
    pool_latent *pool = mem_new(n + 1, sizeof *pool);
    *count = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t activations = activations_on_texts(c, active[i]);
        if (activations) pool[(*count)++] = (pool_latent){activations, active[i]};
    }
    free(active);
    return pool;
}

/* ---- random sets ---------------------------------------------------------------------------- */

static double rho_of(const scry_causal *c, const double *difference, const scry_scope *scope) {
    double *x = mem_new(2 * c->texts.domains, sizeof *x), *y = x + c->texts.domains;
    size_t n = 0;
    for (size_t d = 0; d < c->texts.domains; d++)
        if (scope->use[d] && !isnan(difference[d])) {
            x[n] = difference[d];
            y[n++] = scry_scope_change(scope, c->index, d);
        }
    double rho = scry_fit_line(x, y, n).pearson;
    free(x);
    return rho;
}

static bool ablate_one(scry_causal *c, const scry_set *set, const scry_ablation *how, const scry_scope *scope,
                       scry_random_ablation *out, const scry_cancel *cancel, scry_error *err) {
    size_t D = c->texts.domains, at = out->sets * D;
    scry_domain_effect *effects = mem_new(D, sizeof *effects);
    bool ok = scry_ablate(c, set, how, effects, NULL, cancel, err);
    for (size_t d = 0; ok && d < D; d++) {
        out->difference[at + d] = effects[d].difference;
        out->accuracy[at + d] = effects[d].accuracy_ablated - effects[d].accuracy;
    }
    if (ok) out->pearson[out->sets] = rho_of(c, out->difference + at, scope);
    out->sets += ok;
    free(effects);
    return ok;
}

static bool ablate_drawn(scry_causal *c, const set_drawing *draw, const pool_latent *pool, const scry_ablation *how,
                         uint32_t sets, uint64_t seed, const scry_scope *scope, scry_random_ablation *out,
                         const scry_cancel *cancel, scry_error *err) {
    size_t D = c->texts.domains;
    out->difference = mem_new(sets * D, sizeof *out->difference);
    out->accuracy = mem_new(sets * D, sizeof *out->accuracy);
    out->pearson = mem_new(sets, sizeof *out->pearson);
    bool ok = true;
    for (uint32_t k = 0; ok && k < sets; k++) {
        uint64_t *bits = mem_new(((size_t)draw->count + 63) / 64, sizeof *bits);
        scry_cancel part = scry_cancel_part(cancel, (double)k / sets, (double)(k + 1) / sets);
        scry_set *set = scry_set_new(scry_index_info(c->index)->d_sae);
        set_drawing_bits(draw, random_next(&seed), bits);
        for (uint32_t i = 0; i < draw->count; i++)
            if (bits[i / 64] >> (i % 64) & 1) scry_set_put(set, pool[i].latent, true);
        ok = ablate_one(c, set, how, scope, out, cancel ? &part : NULL, err);
        scry_set_free(set);
        free(bits);
    }
    return ok;
}

bool scry_ablate_random(scry_causal *c, const scry_set *set, const scry_ablation *how, bool match_rate, uint32_t sets,
                        uint64_t seed, const scry_scope *scope, scry_random_ablation *out, const scry_cancel *cancel,
                        scry_error *err) {
    set_drawing draw = {.size = set->count};
    *out = (scry_random_ablation){.domains = c->texts.domains};
    if (scry_index_info(c->index)->candidates) return true; /* the most shifted latents are no random choice */
    pool_latent *pool = pool_of(c, &draw.count);
    if (match_rate) {
        draw.chosen = mem_new(set->count + 1, sizeof *draw.chosen);
        draw.size = set_drawing_match(pool, draw.count, set, draw.chosen);
    }
    out->size = draw.size;
    bool ok =
        !draw.size || draw.size > draw.count || ablate_drawn(c, &draw, pool, how, sets, seed, scope, out, cancel, err);
    free(draw.chosen);
    free(pool);
    return ok;
}

void scry_random_ablation_free(scry_random_ablation *random) {
    free(random->difference);
    free(random->accuracy);
    free(random->pearson);
    *random = (scry_random_ablation){0};
}

/* ---- against N ------------------------------------------------------------------------------ */

/* The mean over domains of a random set's values. */
static double mean_of(const double *values, size_t domains) {
    double mean, sd;
    scry_mean_sd(values, domains, &mean, &sd);
    return mean;
}

static bool random_point(scry_causal *c, const scry_set *set, const scry_ablation *how, const scry_scope *scope,
                         uint32_t sets, uint64_t seed, scry_ablation_point *p, const scry_cancel *cancel,
                         scry_error *err) {
    scry_random_ablation random;
    bool ok = scry_ablate_random(c, set, how, false, sets, seed, scope, &random, cancel, err);
    double *rises = mem_new(2 * (size_t)sets + 1, sizeof *rises), *changes = rises + sets;
    for (uint32_t k = 0; ok && k < random.sets; k++) {
        rises[k] = mean_of(random.difference + k * random.domains, random.domains);
        changes[k] = mean_of(random.accuracy + k * random.domains, random.domains);
    }
    if (ok && random.sets) {
        bool many = random.sets >= SCRY_ABLATION_RANGE;
        scry_mean_sd(rises, random.sets, &p->random_mean, &p->random_sd);
        scry_sort(rises, random.sets);
        p->random_low = scry_quantile(rises, random.sets, many ? 0.05 : 0);
        p->random_high = scry_quantile(rises, random.sets, many ? 0.95 : 1);
        p->random_accuracy = mean_of(changes, random.sets);
    }
    free(rises);
    scry_random_ablation_free(&random);
    return ok;
}

static bool point(scry_causal *c, const scry_set *set, const scry_ablation *how, const scry_scope *scope,
                  scry_ablation_point *p, const scry_cancel *cancel, scry_error *err) {
    scry_domain_effect *effects = mem_new(c->texts.domains, sizeof *effects);
    bool ok = scry_ablate(c, set, how, effects, NULL, cancel, err);
    if (ok) {
        scry_result r;
        scry_ablation_result(&r, c, effects, NULL, scope, NULL);
        *p = (scry_ablation_point){.n = set->count,
                                   .difference = scry_mean_difference(c, effects),
                                   .accuracy = scry_mean_accuracy_change(c, effects),
                                   .random_mean = NAN,
                                   .random_sd = NAN,
                                   .random_low = NAN,
                                   .random_high = NAN,
                                   .random_accuracy = NAN,
                                   .fit = r.fit,
                                   .spearman = r.spearman,
                                   .p_value = r.p_value};
        scry_result_free(&r);
    }
    free(effects);
    return ok;
}

scry_ablation_point *scry_ablate_n(scry_causal *c, const scry_ranking *ranking, const scry_ablation *how,
                                   const scry_scope *scope, uint32_t top, uint32_t sets, uint64_t seed,
                                   const scry_ablation_watch *watch, size_t *count, const scry_cancel *cancel,
                                   scry_error *err) {
    uint32_t *grid = scry_sweep_grid(top, count), rank = 0;
    scry_ablation_point *points = mem_new(*count + 1, sizeof *points);
    scry_set *set = scry_set_new(ranking->latents);
    bool ok = true;
    for (size_t i = 0; ok && i < *count; i++) {
        double from = (double)i / (double)*count, to = (double)(i + 1) / (double)*count, own = 1.0 / (sets + 1.0);
        scry_cancel first = scry_cancel_part(cancel, from, from + (to - from) * own);
        scry_cancel second = scry_cancel_part(cancel, from + (to - from) * own, to);
        for (; rank < grid[i]; rank++) scry_set_put(set, ranking->order[rank], true);
        ok = point(c, set, how, scope, &points[i], cancel ? &first : NULL, err) &&
             (!sets || random_point(c, set, how, scope, sets, seed, &points[i], cancel ? &second : NULL, err));
        if (ok && watch) watch->points(watch->context, points, i + 1);
    }
    scry_set_free(set);
    free(grid);
    if (ok) return points;
    free(points);
    return NULL;
}
