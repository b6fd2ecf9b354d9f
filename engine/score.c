/* score.c: exact sums of contributions over a set of latents: the incremental part of the STS. */
#include "scry.h"
#include "base/exact.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scry_scorer {
    scry_score score;
    size_t domains;
    const float *contribution; /* [F][D] */
    uint32_t count;            /* latents in the set */
    bool *present;             /* [D] the domain has captures for this score */
    exact_sum *sum;            /* [D] */
};

scry_scorer *scry_scorer_new(const scry_index *index, scry_score score) {
    const scry_info *info = scry_about(index);
    scry_scorer *s = mem_new(1, sizeof *s);
    *s = (scry_scorer){.score = score, .domains = info->domains, .contribution = scry_contributions(index, score)};
    s->present = mem_new(s->domains, sizeof *s->present);
    s->sum = mem_new(s->domains, sizeof *s->sum);
    for (size_t d = 0; d < s->domains; d++)
        s->present[d] = s->contribution && (score != SCRY_SCORE_ICL || info->domain[d].has_icl);
    return s;
}

void scry_scorer_free(scry_scorer *s) {
    if (!s) return;
    free(s->present);
    free(s->sum);
    free(s);
}

void scry_scorer_put(scry_scorer *s, uint32_t latent, bool in) {
    if (in) s->count++;
    else s->count--;
    if (!s->contribution) return;
    const float *column = s->contribution + (size_t)latent * s->domains;
    if (in)
        for (size_t d = 0; d < s->domains; d++) exact_add(&s->sum[d], column[d]);
    else
        for (size_t d = 0; d < s->domains; d++) exact_subtract(&s->sum[d], column[d]);
}

void scry_scorer_load(scry_scorer *s, const scry_set *set) {
    memset(s->sum, 0, s->domains * sizeof *s->sum);
    s->count = 0;
    for (uint32_t word = 0; word < (set->latents + 63) / 64; word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1)
            scry_scorer_put(s, word * 64 + (uint32_t)__builtin_ctzll(bits), true);
}

double scry_scorer_value(const scry_scorer *s, size_t domain) {
    if (!s->present[domain]) return NAN;
    double sum = exact_value(&s->sum[domain]);
    if (s->score == SCRY_ACT2) return s->count ? sum / s->count : 0; /* the notebook's mean over the set */
    return sum;
}

/* For each latent: the fit's rho with its column added or taken away. Only sums over the domains
 * in scope are needed, and those of x change by column, so each latent costs 2 D operations. */
void scry_what_if(const scry_index *index, const scry_scorer *s, const scry_set *set, const scry_scope *scope,
                  const uint32_t *latents, size_t n, float *out) {
    size_t used = 0;
    double *x = mem_new(s->domains, sizeof *x), *y = mem_new(s->domains, sizeof *y), mean = 0, syy = 0;
    size_t *at = mem_new(s->domains, sizeof *at);
    for (size_t d = 0; d < s->domains; d++) {
        if (!scope->use[d] || !s->present[d]) continue;
        x[used] = exact_value(&s->sum[d]);
        y[used] = scry_scope_change(scope, index, d);
        mean += y[used];
        at[used++] = d;
    }
    mean /= used ? (double)used : 1;
    for (size_t i = 0; i < used; i++) {
        y[i] -= mean;
        syy += y[i] * y[i];
    }
    for (size_t k = 0; k < n; k++) {
        const float *column = s->contribution + (size_t)latents[k] * s->domains;
        double sign = scry_set_has(set, latents[k]) ? -1 : 1, sum = 0, square = 0, sxy = 0;
        for (size_t i = 0; i < used; i++) {
            double v = x[i] + sign * (double)column[at[i]];
            sum += v;
            square += v * v;
            sxy += v * y[i];
        }
        double sxx = square - sum * sum / (double)used;
        bool flat = used < 3 || !(sxx > square * 1e-14) || !(syy > 0);
        out[k] = flat ? NAN : (float)(sxy / sqrt(sxx * syy));
    }
    free(x);
    free(y);
    free(at);
}
