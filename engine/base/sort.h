/* base/sort.h: sorting of floats without comparisons. */
#ifndef SCRY_BASE_SORT_H
#define SCRY_BASE_SORT_H

#include <stddef.h>

/* Sort ascending, in linear time. The values are 0 or more, without NaN and -0. */
void sort_positive(float *values, size_t n);

#endif
