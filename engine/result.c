/* result.c: a score's STS over the domains, its correlation, and the company a rho must keep. */
#include "scry.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The points that take part, side by side: x = STS, y = change. Returns how many. */
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
    size_t D = scope->domains;
    *r = (scry_result){.domains = D};
    r->spearman = r->p_value = r->loo_min = r->loo_max = NAN;
    r->random_mean = r->random_sd = r->random_rank = NAN;
    double **array[] = {&r->sts, &r->change, &r->fitted, &r->residual};
    for (size_t i = 0; i < 4; i++) *array[i] = mem_new(D, sizeof(double));
    for (size_t d = 0; d < D; d++) {
        r->sts[d] = scry_scorer_value(scorer, d);
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

/* One random set's rho: `count` of the `alive` latents, drawn by a partial shuffle of pick. */
static double random_rho(const scry_result *r, const float *contribution, uint32_t *pick, uint32_t alive,
                         uint32_t count, uint64_t *seed, double *x) {
    size_t D = r->domains, n = 0;
    memset(x, 0, D * sizeof *x);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = i + random_below(seed, alive - i), latent = pick[other];
        pick[other] = pick[i];
        pick[i] = latent;
        for (size_t d = 0; d < D; d++) x[d] += (double)contribution[(size_t)latent * D + d];
    }
    double *y = x + D;
    for (size_t d = 0; d < D; d++)
        if (!isnan(r->sts[d]) && !isnan(r->change[d])) {
            x[n] = x[d]; /* n <= d: earlier places were read already */
            y[n++] = r->change[d];
        }
    return scry_fit_line(x, y, n).pearson;
}

static void random_sets(scry_result *r, const scry_index *index, scry_score score, uint32_t count) {
    uint32_t *pick = mem_new(scry_about(index)->d_sae, sizeof *pick);
    uint32_t alive = scry_alive(index, pick), drawn = 0, below = 0;
    const float *contribution = scry_contributions(index, score);
    double *x = mem_new(2 * r->domains, sizeof *x), sum = 0, square = 0;
    uint64_t seed = SCRY_SEED;
    for (int k = 0; k < SCRY_RANDOM_SETS && count && count <= alive && contribution; k++) {
        double rho = random_rho(r, contribution, pick, alive, count, &seed, x);
        if (isnan(rho)) continue;
        drawn++;
        below += rho < r->fit.pearson;
        sum += rho;
        square += rho * rho;
    }
    if (drawn > 1) {
        r->random_mean = sum / drawn;
        double variance = (square - sum * sum / drawn) / (drawn - 1);
        r->random_sd = variance > 0 ? sqrt(variance) : 0;
        r->random_rank = (double)below / drawn;
    }
    free(x);
    free(pick);
}

void scry_result_company(scry_result *r, const scry_index *index, scry_score score, uint32_t count) {
    double *x = mem_new(2 * r->domains, sizeof *x), *y = x + r->domains;
    size_t n = points(r, x, y);
    r->spearman = scry_spearman(x, y, n);
    r->p_value = scry_permutation_p(x, y, n, SCRY_PERMUTATIONS, SCRY_SEED);
    scry_leave_one_out(x, y, n, &r->loo_min, &r->loo_max);
    free(x);
    if (!isnan(r->fit.pearson)) random_sets(r, index, score, count);
}

void scry_result_free(scry_result *r) {
    free(r->sts);
    free(r->change);
    free(r->fitted);
    free(r->residual);
    *r = (scry_result){0};
}
