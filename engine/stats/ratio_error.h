/* stats/ratio_error.h: the standard error of a ratio of sums over samples. */
#ifndef SCRY_STATS_RATIO_ERROR_H
#define SCRY_STATS_RATIO_ERROR_H

#include <stddef.h>

/* With L = sum of y / sum of n over m samples,
 *
 *     se^2 = m / (m - 1) sum (y_s - L n_s)^2 / (sum of n)^2
 *
 * (W. G. Cochran, Sampling Techniques, 1977, on ratios; without the correction for a finite population). NaN for fewer
 * than two samples. Any thread. */
double ratio_error(const double *y, const double *n, size_t m);

#endif
