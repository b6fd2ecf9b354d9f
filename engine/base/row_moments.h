/* base/row_moments.h: mean and spread of the rows of a matrix, by parts that are merged. */
#ifndef SCRY_BASE_ROW_MOMENTS_H
#define SCRY_BASE_ROW_MOMENTS_H

#include <stdint.h>

typedef struct row_moments {
    uint64_t rows;
    double spread; /* sum of |x - mean|^2 over the rows */
    double *mean;  /* [d] */
    double *work;  /* [d] scratch */
} row_moments;

/* Of no rows. Owner: row_moments_free. */
row_moments row_moments_new(uint32_t d);
void row_moments_free(row_moments *m);

/* Set m to the moments of x[n][d], n at least 1: in two passes and from the first row on, so that equal rows have a
 * spread of exactly 0. */
void row_moments_of(row_moments *m, const float *x, uint32_t n, uint32_t d);
/* Add the rows of `one` to `all` (T. Chan, G. Golub, R. LeVeque, "Updating Formulae and a Pairwise Algorithm for
 * Computing Sample Variances"). */
void row_moments_merge(row_moments *all, const row_moments *one, uint32_t d);
/* The sum of |x - center|^2 over the rows of m. */
double row_moments_about(const row_moments *m, const double *center, uint32_t d);

#endif
