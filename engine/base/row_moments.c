/* base/row_moments.c: mean and spread of the rows of a matrix. */
#include "base/row_moments.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

row_moments row_moments_new(uint32_t d) {
    return (row_moments){.mean = mem_new(d, sizeof(double)), .work = mem_new(d, sizeof(double))};
}

void row_moments_free(row_moments *m) {
    free(m->mean);
    free(m->work);
    *m = (row_moments){0};
}

/* Row by row, so that memory is read in order; each column's sums have one order all the same. */
void row_moments_of(row_moments *m, const float *x, uint32_t n, uint32_t d) {
    double *restrict mean = m->mean, *restrict square = m->work;
    memset(mean, 0, d * sizeof *mean);
    memset(square, 0, d * sizeof *square);
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t i = 0; i < d; i++) mean[i] += (double)x[(size_t)t * d + i] - (double)x[i];
    for (uint32_t i = 0; i < d; i++) mean[i] = (double)x[i] + mean[i] / n;
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t i = 0; i < d; i++) {
            double apart = (double)x[(size_t)t * d + i] - mean[i];
            square[i] += apart * apart;
        }
    m->rows = n;
    m->spread = 0;
    for (uint32_t i = 0; i < d; i++) m->spread += square[i];
}

void row_moments_merge(row_moments *all, const row_moments *one, uint32_t d) {
    if (!one->rows) return;
    double rows = (double)(all->rows + one->rows), share = (double)one->rows / rows, apart = 0;
    for (uint32_t i = 0; i < d; i++) {
        double step = one->mean[i] - all->mean[i];
        apart += step * step;
        all->mean[i] = all->rows ? all->mean[i] + step * share : one->mean[i];
    }
    all->spread += one->spread + apart * share * (double)all->rows;
    all->rows += one->rows;
}

double row_moments_about(const row_moments *m, const double *center, uint32_t d) {
    double apart = 0;
    for (uint32_t i = 0; i < d; i++) apart += (m->mean[i] - center[i]) * (m->mean[i] - center[i]);
    return m->spread + (double)m->rows * apart;
}
