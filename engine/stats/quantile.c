/* stats/quantile.c: order statistics, mean and deviation of a list of values. */
#include "analysis.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void scry_sort(double *values, size_t n) {
    qsort(values, n, sizeof *values, ascending);
}

double scry_quantile(const double *sorted, size_t n, double q) {
    if (!n) return NAN;
    double position = q * (double)(n - 1);
    size_t below = (size_t)position;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

void scry_mean_sd(const double *values, size_t n, double *mean, double *sd) {
    size_t used = 0;
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) sum += values[i], used++;
    *mean = used ? sum / (double)used : NAN;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) square += (values[i] - *mean) * (values[i] - *mean);
    *sd = used > 1 ? sqrt(square / (double)(used - 1)) : NAN;
}
