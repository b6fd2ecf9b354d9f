/* score/scorer.h: the fields of a scorer, for the engine's own files; scry.h has its functions. */
#ifndef SCRY_SCORE_SCORER_H
#define SCRY_SCORE_SCORER_H

#include "base/exact.h"
#include "index/read/effect_sums.h"
#include "scry.h"

struct scry_scorer {
    const scry_index *index;
    scry_score score;
    size_t domains;
    const float *contribution; /* [rows][D] (index/format/table.h); NULL: no such score, or no sum of contributions */
    const double *given;       /* [D] of a scores-only study, which has no latents */
    uint32_t count;            /* latents in the set */
    bool *present;             /* [D] scry_domain_has_score */
    exact_sum *sum;            /* [D] of a score that is a sum or mean of contributions */
    exact_bins *bins;          /* [D] pending updates in bulk mode; NULL: not in bulk mode */
    effect_sums *effects;      /* of an estimate from effect columns; else NULL */
    struct scry_anchor *anchor;
    double *anchor_estimate; /* [D] of the anchor's set; NULL: no anchor */
};

/* The domain's value before it is divided by the number of latents, where the score is a mean over the set. */
double scorer_sum(const scry_scorer *s, size_t domain);

/* What toggling a latent would add to scorer_sum: *sign times the returned [D]. Fills scratch [2 D doubles] where the
 * score has no such column of its own. set: the scorer's. */
const float *scorer_toggle(const scry_scorer *s, const scry_set *set, uint32_t latent, double *scratch, double *sign);

#endif
