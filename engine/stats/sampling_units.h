/* stats/sampling_units.h: the kept rows of a domain's captures, grouped as the indexer grouped them; recomputed from
 * the index. For the engine's own files. */
#ifndef SCRY_STATS_SAMPLING_UNITS_H
#define SCRY_STATS_SAMPLING_UNITS_H

#include "analysis.h"
#include "index/read/index.h"

/* A unit yields one term of a domain's mean: a kept token, a pair of tokens, or (paired by sample) a pair of samples,
 * whose value is the difference of two means. */
#define NO_SAMPLING_UNIT UINT32_MAX

typedef struct sampling_units {
    uint32_t **unit; /* [captures][rows], NO_SAMPLING_UNIT where a row has none; NULL: the capture takes no part */
    uint32_t *block; /* [units] */
    double *weight;  /* [units][2] of a token of base and of icl: 1, or 1 over the sample's tokens */
    size_t units;
    size_t *first; /* [D + 1] blocks of each domain */
    double *count; /* [blocks] units in it */
    size_t captures;
} sampling_units;

/* False and err when the index does not say which tokens were left out. */
bool sampling_units_read(sampling_units *r, const scry_index *index, scry_score score, scry_sampling_unit unit,
                         scry_error *err);
void sampling_units_free(sampling_units *r);

#endif
