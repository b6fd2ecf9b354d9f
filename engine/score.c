/* score.c: exact sums of contributions over a set of latents: the incremental part of the STS. */
#include "scry.h"
#include "base/exact.h"
#include "base/mem.h"
#include "index/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scry_scorer {
    const scry_index *index;
    scry_score score;
    size_t domains;
    const float *contribution; /* [F][D] */
    const double *given;       /* [D] of a scores-only study, which has no latents */
    uint32_t count;            /* latents in the set */
    bool *present;             /* [D] the domain has captures for this score */
    exact_sum *sum;            /* [D] */
    exact_bins *bins;          /* [D] on their way to sum; NULL: not between many */
};

scry_scorer *scry_scorer_new(const scry_index *index, scry_score score) {
    const scry_info *info = scry_about(index);
    scry_scorer *s = mem_new(1, sizeof *s);
    *s = (scry_scorer){.index = index, .score = score, .domains = info->domains};
    s->contribution = scry_contributions(index, score);
    s->given = scry_given_scores(index, score);
    s->present = mem_new(s->domains, sizeof *s->present);
    s->sum = mem_new(s->domains, sizeof *s->sum);
    for (size_t d = 0; d < s->domains; d++)
        s->present[d] = s->contribution && (score != SCRY_SCORE_ICL || info->domain[d].has_icl);
    return s;
}

void scry_scorer_free(scry_scorer *s) {
    if (!s) return;
    if (s->contribution)
        container_forget(&s->index->file, s->contribution, (uint64_t)s->index->F * s->domains * sizeof(float));
    free(s->present);
    free(s->sum);
    free(s->bins);
    free(s);
}

void scry_scorer_put(scry_scorer *s, uint32_t latent, bool in) {
    if (in) s->count++;
    else s->count--;
    if (!s->contribution) return;
    const float *column = s->contribution + (size_t)latent * s->domains;
    if (s->bins)
        for (size_t d = 0; d < s->domains; d++) exact_bin(&s->bins[d], column[d], !in);
    else if (in)
        for (size_t d = 0; d < s->domains; d++) exact_add(&s->sum[d], column[d]);
    else
        for (size_t d = 0; d < s->domains; d++) exact_subtract(&s->sum[d], column[d]);
}

void scry_scorer_many(scry_scorer *s, bool many) {
    if (many && !s->bins) s->bins = mem_new(s->domains, sizeof *s->bins);
    if (many || !s->bins) return;
    for (size_t d = 0; d < s->domains; d++) exact_flush(&s->bins[d], &s->sum[d]);
    free(s->bins);
    s->bins = NULL;
}

void scry_scorer_load(scry_scorer *s, const scry_set *set) {
    memset(s->sum, 0, s->domains * sizeof *s->sum);
    s->count = 0;
    if (set->count >= SCRY_MANY) scry_scorer_many(s, true);
    for (uint32_t word = 0; word < (set->latents + 63) / 64; word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1)
            scry_scorer_put(s, word * 64 + (uint32_t)__builtin_ctzll(bits), true);
    scry_scorer_many(s, false);
}

double scry_scorer_value(const scry_scorer *s, size_t domain) {
    if (s->given) return s->given[domain];
    if (!s->present[domain]) return NAN;
    double sum = exact_value(&s->sum[domain]);
    if (s->score == SCRY_ACT2) return s->count ? sum / s->count : 0; /* the notebook's mean over the set */
    return sum;
}

/* What the fit needs of the domains in scope; others have weight 0, so that a latent's column is one
 * contiguous walk. x and y are centred, which keeps the differences below from losing digits. */
typedef struct what_if {
    size_t D, used;
    double *weight, *x, *y; /* [D] */
    double sxx, syy, sxy;
} what_if;

static void what_if_begin(what_if *w, const scry_index *index, const scry_scorer *s, const scry_scope *scope) {
    *w = (what_if){.D = s->domains};
    w->weight = mem_new(3 * w->D, sizeof *w->weight);
    w->x = w->weight + w->D;
    w->y = w->x + w->D;
    double mean_x = 0, mean_y = 0;
    for (size_t d = 0; d < w->D; d++) {
        if (!scope->use[d] || !s->present[d]) continue;
        w->weight[d] = 1;
        w->used++;
        mean_x += w->x[d] = exact_value(&s->sum[d]);
        mean_y += w->y[d] = scry_scope_change(scope, index, d);
    }
    for (size_t d = 0; d < w->D; d++) {
        if (w->weight[d] == 0) continue;
        w->x[d] -= mean_x / (double)w->used;
        w->y[d] -= mean_y / (double)w->used;
        w->sxx += w->x[d] * w->x[d];
        w->syy += w->y[d] * w->y[d];
        w->sxy += w->x[d] * w->y[d];
    }
}

/* rho with a column added or taken away, for LANES latents at a time: four sums over the domains
 * each, side by side, so that no sum has to be folded across a register. */
enum { LANES = 16 };

/* inlined by force: only inside the cloned function is it compiled for wide registers */
__attribute__((always_inline)) static inline void what_if_lanes(const what_if *w, const float *const column[LANES],
                                                                const double sign[LANES], float rho[LANES]) {
    double sum[LANES] = {0}, square[LANES] = {0}, cx[LANES] = {0}, cy[LANES] = {0};
    for (size_t d = 0; d < w->D; d++) {
        const double weight = w->weight[d], x = w->x[d], y = w->y[d];
        double c[LANES];
        for (int l = 0; l < LANES; l++) c[l] = weight * (double)column[l][d];
        for (int l = 0; l < LANES; l++) {
            sum[l] += c[l];
            square[l] += c[l] * c[l];
            cx[l] += c[l] * x;
            cy[l] += c[l] * y;
        }
    }
    const double n = 1 / (double)w->used;
    for (int l = 0; l < LANES; l++) {
        double sxx = w->sxx + 2 * sign[l] * cx[l] + square[l] - sum[l] * sum[l] * n;
        double sxy = w->sxy + sign[l] * cy[l];
        bool flat = !(sxx > (w->sxx + square[l]) * 1e-14) || !(w->syy > 0);
        rho[l] = (float)(flat ? NAN : sxy / sqrt(sxx * w->syy));
    }
}

__attribute__((target_clones("avx512f", "avx2", "default"))) static void
what_if_all(const what_if *w, const scry_scorer *s, const scry_set *set, const uint32_t *latents, size_t n,
            float *out) {
    for (size_t k = 0; k < n; k += LANES) {
        const float *column[LANES];
        double sign[LANES];
        float rho[LANES];
        size_t lanes = n - k < LANES ? n - k : LANES;
        for (size_t l = 0; l < LANES; l++) {
            size_t at = k + (l < lanes ? l : 0);
            uint32_t latent = latents ? latents[at] : (uint32_t)at;
            column[l] = s->contribution + (size_t)latent * w->D;
            sign[l] = scry_set_has(set, latent) ? -1 : 1;
        }
        what_if_lanes(w, column, sign, rho);
        memcpy(out + k, rho, lanes * sizeof *out);
    }
}

void scry_what_if(const scry_index *index, const scry_scorer *s, const scry_set *set, const scry_scope *scope,
                  const uint32_t *latents, size_t n, float *out) {
    what_if w;
    what_if_begin(&w, index, s, scope);
    if (w.used < 3)
        for (size_t k = 0; k < n; k++) out[k] = NAN;
    else what_if_all(&w, s, set, latents, n, out);
    free(w.weight);
}
