/* stats/sampling_units.h: which rows of a domain's captures count and which belong together, worked out again from
 * the index as the indexer did it. For the engine's own files. */
#ifndef SCRY_STATS_SAMPLING_UNITS_H
#define SCRY_STATS_SAMPLING_UNITS_H

#include "analysis.h"
#include "index/read/index.h"

/* A unit is what one term of a domain's mean is made of: a kept token, a pair of tokens, or (paired
 * by sample) a pair of samples, whose value is the difference of two means. */
#define NO_SAMPLING_UNIT UINT32_MAX

typedef struct sampling_units {
    uint32_t *
        *unit; /* [captures] -> [rows], NO_SAMPLING_UNIT where a row counts for none; NULL: capture takes no part */
    uint32_t *block; /* [units] */
    double *weight;  /* [units][2] what a token of base and of icl adds: 1, or 1 over the sample's tokens */
    size_t units;
    size_t *first; /* [D + 1] blocks of each domain */
    double *count; /* [blocks] units in it */
    size_t captures;
} sampling_units;

/* False with err when the index does not say which tokens were left out. Owner: sampling_units_free. */
bool sampling_units_read(sampling_units *r, const scry_index *index, scry_score score, scry_sampling_unit unit,
                         scry_error *err);
void sampling_units_free(sampling_units *r);

#endif
