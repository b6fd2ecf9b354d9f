/* statistics.h: per-latent statistics of every group that was walked, as an index stores them. */
#ifndef SCRY_INDEX_BUILD_STATISTICS_H
#define SCRY_INDEX_BUILD_STATISTICS_H

#include "index/build/tile_accumulate.h"

typedef struct statistics {
    /* [trains * SCRY_CONDITIONS] */
    double **shift;         /* [SHIFT_ARRAYS][F]; NULL: no such source */
    uint32_t **shift_fires; /* [2][F] */
    uint64_t *pairs;

    float *contribution[SCRY_SCORES]; /* [F][D] */
    bool *domain_icl;                 /* [D] */
} statistics;

void statistics_new(statistics *s, const build_inputs *in);
void statistics_free(statistics *s, const build_inputs *in);
/* From the sums of the group that was walked, which is training set or domain number n. False and err when it holds no
 * pair, or a number that single precision cannot. */
bool statistics_finish_train(statistics *s, const accumulators *a, size_t n);
bool statistics_finish_domain(statistics *s, const accumulators *a, size_t n);

#endif
