/* analysis/rho_context.c: rho's context (rho_context.h), computed from a finished fit. */
#include "analysis.h"
#include "rho_context.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The domains that take part: x = STS, y = change as it is correlated. */
typedef struct context_points {
    double *x, *y;  /* [n] */
    size_t *domain; /* [n] */
    size_t n;
} context_points;

static context_points points_new(const scry_result *r) {
    context_points p = {0};
    p.x = mem_new(2 * r->domains, sizeof *p.x);
    p.y = p.x + r->domains;
    p.domain = mem_new(r->domains, sizeof *p.domain);
    for (size_t d = 0; d < r->domains; d++) {
        if (isnan(r->sts[d]) || isnan(r->change[d])) continue;
        p.x[p.n] = r->sts[d];
        p.y[p.n] = r->change[d];
        p.domain[p.n++] = d;
    }
    return p;
}

static void points_free(context_points *p) {
    free(p->x);
    free(p->domain);
}

static double rho_without(const context_points *p, size_t out) {
    double *x = mem_new(2 * p->n, sizeof *x), *y = x + p->n;
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (i != out) {
            x[n] = p->x[i];
            y[n++] = p->y[i];
        }
    double rho = scry_fit_line(x, y, n).pearson;
    free(x);
    return rho;
}

/* The point farthest from the mean of all, in standard deviations of STS and change. */
static size_t farthest_point(const context_points *p) {
    double mean[2] = {0}, square[2] = {0}, largest = -1;
    size_t farthest = 0;
    for (size_t i = 0; i < p->n; i++) {
        mean[0] += p->x[i] / (double)p->n;
        mean[1] += p->y[i] / (double)p->n;
    }
    for (size_t i = 0; i < p->n; i++) {
        square[0] += (p->x[i] - mean[0]) * (p->x[i] - mean[0]);
        square[1] += (p->y[i] - mean[1]) * (p->y[i] - mean[1]);
    }
    for (size_t i = 0; i < p->n; i++) {
        double distance = (p->x[i] - mean[0]) * (p->x[i] - mean[0]) / square[0] +
                          (p->y[i] - mean[1]) * (p->y[i] - mean[1]) / square[1];
        if (distance > largest) largest = distance, farthest = i;
    }
    return farthest;
}

static void without_one(scry_rho_context *c, const context_points *p, const scry_index *index, size_t train) {
    const scry_info *info = scry_index_info(index);
    const char *own = info->trains > train ? info->train[train].name : NULL;
    for (size_t i = 0; i < p->n; i++) {
        if (!own || strcmp(info->domain[p->domain[i]].name, own) != 0) continue;
        c->train_domain = (int)p->domain[i];
        c->without_train = rho_without(p, i);
    }
    if (p->n < 4) return;
    size_t far = farthest_point(p);
    c->farthest_domain = (int)p->domain[far];
    c->without_farthest = rho_without(p, far);
}

static void errors_of_changes(scry_rho_context *c, const context_points *p, const scry_index *index, size_t train) {
    const scry_info *info = scry_index_info(index);
    double *se = mem_new(p->n, sizeof *se);
    for (size_t i = 0; i < p->n; i++) se[i] = info->domain[p->domain[i]].change_se[train];
    c->reliability = scry_reliability(p->y, se, p->n);
    c->ceiling = sqrt(c->reliability);
    free(se);
}

/* The changes of the domains that have a score too. */
static double *scored_changes(const scry_result *r) {
    double *change = mem_new(r->domains, sizeof *change);
    for (size_t d = 0; d < r->domains; d++) change[d] = isnan(r->sts[d]) ? NAN : r->change[d];
    return change;
}

static void matched_sets(scry_result *r, const scry_index *index, scry_score score, const scry_set *set,
                         const scry_cancel *cancel) {
    double *change = scored_changes(r), *rho = mem_new(SCRY_RANDOM_SETS, sizeof *rho);
    uint32_t drawn = scry_matched_rhos(index, score, change, set, SCRY_RANDOM_SETS, SCRY_SEED, cancel, rho);
    if (drawn > 1) {
        scry_mean_sd(rho, drawn, &r->context.matched_mean, &r->context.matched_sd);
        r->context.matched_tail = scry_tail(r->fit.pearson, rho, drawn);
    }
    free(change);
    free(rho);
}

static uint32_t difference(const scry_set *a, const scry_set *b) {
    uint32_t count = 0;
    for (size_t word = 0; word < scry_set_words(a->latents); word++)
        count += (uint32_t)__builtin_popcountll(a->bits[word] ^ b->bits[word]);
    return count;
}

static double rho_of_set(const scry_index *index, scry_score score, const scry_set *set, const scry_scope *scope) {
    scry_scorer *scorer = scry_scorer_new(index, score);
    scry_scorer_load(scorer, set);
    scry_result fit;
    scry_result_fit(&fit, index, scorer, scope);
    double rho = fit.fit.pearson;
    scry_result_free(&fit);
    scry_scorer_free(scorer);
    return rho;
}

static bool search(scry_result *r, const scry_index *index, scry_score score, const scry_set *set,
                   const scry_set *untouched, const scry_scope *scope, const scry_cancel *cancel) {
    scry_rho_context *c = &r->context;
    c->switches = difference(set, untouched);
    c->untouched = c->switches ? rho_of_set(index, score, untouched, scope) : r->fit.pearson;
    double *change = scored_changes(r);
    bool done = scry_search_cross_validated(index, score, untouched, change, c->switches, cancel, &c->cv_r2);
    if (done && c->switches)
        done = scry_search_p(index, score, untouched, change, c->switches, r->fit.pearson, SCRY_SEED, cancel,
                             &c->search_p, &c->search_mean) &&
               scry_search_split_half(index, score, untouched, change, c->switches, cancel, &c->split_half);
    free(change);
    return done;
}

/* What follows from the values and the changes alone. */
static void context_of_values(scry_result *r, const scry_index *index, const scry_scope *scope) {
    context_points p = points_new(r);
    without_one(&r->context, &p, index, scope->train);
    errors_of_changes(&r->context, &p, index, scope->train);
    points_free(&p);
    scry_domain_interval(r->fit.pearson, r->fit.n, &r->context.domains_low, &r->context.domains_high);
}

void scry_result_finish_values(scry_result *r, const scry_index *index, const scry_scope *scope) {
    scry_result_statistics(r, index, SCRY_ACT, 0, NULL); /* without random sets no score is read */
    if (!isnan(r->fit.pearson)) context_of_values(r, index, scope);
}

bool scry_result_finish(scry_result *r, const scry_index *index, scry_score score, const scry_set *set,
                        const scry_set *untouched, const scry_scope *scope, const scry_cancel *cancel) {
    if (r->anchored) {
        scry_result_finish_values(r, index, scope);
        return !scry_cancelled(cancel);
    }
    if (!scry_result_statistics(r, index, score, set->count, cancel) ||
        !scry_result_interval(r, index, score, set, cancel))
        return false;
    if (isnan(r->fit.pearson)) return true;
    context_of_values(r, index, scope);
    matched_sets(r, index, score, set, cancel);
    if (!untouched) return !scry_cancelled(cancel);
    return search(r, index, score, set, untouched, scope, cancel);
}
