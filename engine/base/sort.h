/* base/sort.h: sorting without comparisons. */
#ifndef SCRY_BASE_SORT_H
#define SCRY_BASE_SORT_H

#include <stddef.h>

/* Ascending; the values are 0 or more and no NaN. Linear in n. */
void sort_positive(float *values, size_t n);

#endif
