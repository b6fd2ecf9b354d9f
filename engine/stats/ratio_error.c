/* stats/ratio_error.c: the standard error of a ratio of sums. */
#include "stats/ratio_error.h"

#include <math.h>

double ratio_error(const double *y, const double *n, size_t m) {
    double sum = 0, total = 0, square = 0;
    if (m < 2) return NAN;
    for (size_t i = 0; i < m; i++) sum += y[i], total += n[i];
    for (size_t i = 0; i < m; i++) {
        double beyond = y[i] - sum / total * n[i];
        square += beyond * beyond;
    }
    return sqrt((double)m / (double)(m - 1) * square) / total;
}
