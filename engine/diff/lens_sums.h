/* diff/lens_sums.h: sums of paired residuals, over all positions and at the first of them. */
#ifndef SCRY_DIFF_LENS_SUMS_H
#define SCRY_DIFF_LENS_SUMS_H

#include "lens.h"

typedef struct lens_sums {
    size_t d, count; /* count: all positions, and each of the first count - 1 */
    bool by_sample;
    uint64_t *pairs;                     /* [count] */
    double *mean;                        /* [count][d] sums until lens_sums_finish */
    double *reference_norm, *difference; /* [count] */
    double *run[2]; /* [d] by sample: sums over the sample so far, of the reference and the source */
    uint64_t run_rows[2];
    double run_norm; /* by sample: sum of the reference's norms */
} lens_sums;

/* Sums of nothing. Owner: lens_sums_free. */
void lens_sums_new(lens_sums *sums, size_t d, size_t positions, bool by_sample);
void lens_sums_free(lens_sums *sums);
/* Adds a pair at a position (UINT64_MAX: at none that is known). */
void lens_sums_pair(lens_sums *sums, const float *reference, const float *of, uint64_t position);
/* By sample: adds a row of one side, and ends a sample. */
void lens_sums_row(lens_sums *sums, bool of, const float *x);
void lens_sums_end_sample(lens_sums *sums);
/* Divides by the pairs: means, NaN where there are none. */
void lens_sums_finish(lens_sums *sums);

/* Of a vector [d]. */
double lens_norm(const double *m, size_t d);

#endif
