/* score/result.c: a score's STS over the domains, its correlation with the change, and the statistics that qualify a
 * rho. */
#include "analysis.h"
#include "effects.h"
#include "rho_context.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* Writes the points that take part, x = STS and y = change, and returns their number. */
static size_t points(const scry_result *r, double *x, double *y) {
    size_t n = 0;
    for (size_t d = 0; d < r->domains; d++)
        if (!isnan(r->sts[d]) && !isnan(r->change[d])) {
            x[n] = r->sts[d];
            y[n++] = r->change[d];
        }
    return n;
}

void scry_result_fit(scry_result *r, const scry_index *index, const scry_scorer *scorer, const scry_scope *scope) {
    double *sts = mem_new(scope->domains, sizeof *sts);
    for (size_t d = 0; d < scope->domains; d++) sts[d] = scry_scorer_value(scorer, d);
    scry_result_values(r, index, sts, scope);
    r->anchored = scry_scorer_anchor(scorer) != NULL;
    free(sts);
}

void scry_result_values(scry_result *r, const scry_index *index, const double *sts, const scry_scope *scope) {
    size_t D = scope->domains;
    *r = (scry_result){.domains = D};
    r->spearman = r->p_value = r->loo_min = r->loo_max = NAN;
    r->ci_low = r->ci_high = NAN;
    r->random_mean = r->random_sd = r->random_rank = NAN;
    r->context = scry_rho_context_none();
    double **array[] = {&r->sts, &r->change, &r->fitted, &r->residual};
    for (size_t i = 0; i < 4; i++) *array[i] = mem_new(D, sizeof(double));
    for (size_t d = 0; d < D; d++) {
        r->sts[d] = sts[d];
        r->change[d] = scope->use[d] ? scry_scope_change(scope, index, d) : NAN;
    }
    double *x = mem_new(2 * D, sizeof *x);
    size_t n = points(r, x, x + D);
    r->fit = scry_fit_line(x, x + D, n);
    free(x);
    for (size_t d = 0; d < D; d++) {
        r->fitted[d] = isnan(r->change[d]) ? NAN : r->fit.intercept + r->fit.slope * r->sts[d];
        r->residual[d] = r->change[d] - r->fitted[d];
    }
}

static void random_sets(scry_result *r, const scry_index *index, scry_score score, uint32_t count,
                        const scry_cancel *cancel) {
    double *change = mem_new(r->domains, sizeof *change), *rho = mem_new(SCRY_RANDOM_SETS, sizeof *rho);
    for (size_t d = 0; d < r->domains; d++) change[d] = isnan(r->sts[d]) ? NAN : r->change[d];
    uint32_t below = 0;
    uint32_t drawn = scry_random_rhos(index, score, change, count, SCRY_RANDOM_SETS, SCRY_SEED, cancel, rho, NULL);
    for (uint32_t k = 0; k < drawn; k++) below += rho[k] < r->fit.pearson;
    if (drawn > 1) {
        scry_mean_sd(rho, drawn, &r->random_mean, &r->random_sd);
        r->random_rank = (double)below / drawn;
        r->context.random_tail = scry_tail(r->fit.pearson, rho, drawn);
    }
    free(change);
    free(rho);
}

bool scry_result_statistics(scry_result *r, const scry_index *index, scry_score score, uint32_t count,
                            const scry_cancel *cancel) {
    double *x = mem_new(2 * r->domains, sizeof *x), *y = x + r->domains;
    size_t n = points(r, x, y);
    r->spearman = scry_spearman(x, y, n);
    r->p_value = scry_permutation_p(x, y, n, SCRY_PERMUTATIONS, SCRY_SEED);
    scry_leave_one_out(x, y, n, &r->loo_min, &r->loo_max);
    free(x);
    if (!isnan(r->fit.pearson)) random_sets(r, index, score, count, cancel);
    return !scry_cancelled(cancel);
}

void scry_result_free(scry_result *r) {
    free(r->sts);
    free(r->change);
    free(r->fitted);
    free(r->residual);
    *r = (scry_result){0};
}
