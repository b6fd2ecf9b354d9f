/* score/scorer.h: the fields of a scorer, for the engine's own files; scry.h has its functions. */
#ifndef SCRY_SCORE_SCORER_H
#define SCRY_SCORE_SCORER_H

#include "base/exact.h"
#include "scry.h"

struct scry_scorer {
    const scry_index *index;
    scry_score score;
    size_t domains;
    const float *contribution; /* [rows][D] (index/format/table.h); NULL: the index has no such score */
    const double *given;       /* [D] of a scores-only study, which has no latents */
    uint32_t count;            /* latents in the set */
    bool *present;             /* [D] scry_domain_has_score */
    exact_sum *sum;            /* [D] */
    exact_bins *bins;          /* [D] pending updates in bulk mode; NULL: not in bulk mode */
};

#endif
