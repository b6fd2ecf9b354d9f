/* train/top_k.h: the largest of many. */
#ifndef SCRY_TRAIN_TOP_K_H
#define SCRY_TRAIN_TOP_K_H

#include "train/scalar.h"

#include <stdbool.h>
#include <stdint.h>

/* The rank-th largest of v[count], rank 1 being the largest; v is left in another order. */
real top_k_nth(real *v, uint32_t count, uint32_t rank);

/* The numbers, ascending, of what is above bound in row[n], or above its own bound; into out, which has room for
 * n + 16. Return how many. */
uint32_t top_k_above(const real *row, uint32_t n, real bound, uint32_t *out);
uint32_t top_k_above_each(const real *row, uint32_t n, const real *bounds, uint32_t *out);

/* The k largest of row[n] that are above 0, ties to the lower number: their numbers, ascending, in out, which has room
 * for n + 16. spare has room for n numbers. Returns how many. */
uint32_t top_k_select(const real *row, uint32_t n, uint32_t k, uint32_t *out, real *spare);

#endif
