/* units.h: which rows of a domain's captures count and which belong together, worked out again from
 * the index as the indexer did it. For the engine's own files. */
#ifndef SCRY_UNITS_H
#define SCRY_UNITS_H

#include "analysis.h"
#include "index/index.h"

/* A unit is what one term of a domain's mean is made of: a kept token, a pair of tokens, or (paired
 * by sample) a pair of samples, whose value is the difference of two means. */
#define NO_UNIT UINT32_MAX

typedef struct token_units {
    uint32_t **unit; /* [captures] -> [rows], NO_UNIT where a row counts for none; NULL: capture takes no part */
    uint32_t *block; /* [units] */
    double *weight;  /* [units][2] what a token of base and of icl adds: 1, or 1 over the sample's tokens */
    size_t units;
    size_t *first; /* [D + 1] blocks of each domain */
    double *count; /* [blocks] units in it */
    size_t captures;
} token_units;

/* False with err when the index does not say which tokens were left out. Owner: units_free. */
bool units_read(token_units *r, const scry_index *index, scry_score score, scry_unit unit, scry_error *err);
void units_free(token_units *r);

#endif
