/* score/scorer.h: what a scorer keeps, for the engine's own files. Users see scry.h. */
#ifndef SCRY_SCORE_SCORER_H
#define SCRY_SCORE_SCORER_H

#include "base/exact.h"
#include "scry.h"

struct scry_scorer {
    const scry_index *index;
    scry_score score;
    size_t domains;
    const float *contribution; /* [rows][D] (index/format/active_rows.h); NULL: there is no such score */
    const double *given;       /* [D] of a scores-only study, which has no latents */
    uint32_t count;            /* latents in the set */
    bool *present;             /* [D] the domain has captures for this score */
    exact_sum *sum;            /* [D] */
    exact_bins *bins;          /* [D] on their way to sum; NULL: not between many */
};

#endif
