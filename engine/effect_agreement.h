/* effect_agreement.h: how far the estimates of effects.h can be trusted: they are compared with exact runs (ablate.h)
 * over the domains, for the first latents of a ranking, and around an anchor after latents have been toggled. */
#ifndef SCRY_EFFECT_AGREEMENT_H
#define SCRY_EFFECT_AGREEMENT_H

#include "ablate.h"
#include "effects.h"

/* Correlations (Pearson's r) over the domains that have both, NaN with fewer than 3 of them: medians over the sets that
 * were run. */
typedef struct scry_effect_agreement {
    uint32_t n;         /* the set is the ranking's first n latents, */
    uint32_t toggles;   /* but for so many that were toggled */
    uint32_t sets;      /* sets that were run: 1 without toggles */
    double estimate;    /* r of the estimate with the exact differences */
    double slope;       /* exact = intercept + slope estimate */
    double first_order; /* r of the estimate without its squares: the sum over s of S_0[s] / tokens */
    /* Where toggles > 0, of totals anchored at the first n; else NaN. */
    double anchored, anchored_least; /* r with the exact differences; the smallest of the sets */
    double estimate_least;           /* the smallest r of the bare estimate */
    double change;                   /* r of what the toggles change, estimated, with what they change exactly */
} scry_effect_agreement;

enum { SCRY_AGREEMENT_SETS = 12 };

/* Compares the columns in use with exact runs of `causal`, which has the model and the texts that the columns were made
 * of: for 5, 20, 50 and 100 % of the ranking's first `top` latents, then around these `top`, after 1, 3, 10 and 30
 * toggles, `sets` draws of each. Toggled latents are drawn by the seed among the first 2 top of the ranking that fire
 * on the texts, so that some are taken out of the set and others added. Returns *count rows, which the caller frees;
 * numbers of toggles beyond half of what can be drawn have none. NULL and err where the index has no columns or those
 * of other texts, fewer than 3 domains have texts, and as scry_ablate. */
scry_effect_agreement *scry_effects_compare(scry_causal *causal, const scry_ranking *ranking, uint32_t top,
                                            uint32_t sets, uint64_t seed, size_t *count, const scry_cancel *cancel,
                                            scry_error *err);

#endif
