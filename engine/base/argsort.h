/* base/argsort.h: the order of numbers by size. */
#ifndef SCRY_BASE_ARGSORT_H
#define SCRY_BASE_ARGSORT_H

#include <stdint.h>

/* order[n]: the places of value[n] by |value| descending, ties by place ascending. O(n). */
void argsort_by_size(const double *value, uint32_t n, uint32_t *order);

#endif
