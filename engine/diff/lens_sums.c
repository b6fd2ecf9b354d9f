/* diff/lens_sums.c: sums of paired residuals. */
#include "diff/lens_sums.h"
#include "base/cpu_dispatch.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8 };

void lens_sums_new(lens_sums *s, size_t d, size_t positions, bool by_sample) {
    *s = (lens_sums){.d = d, .count = positions + 1, .by_sample = by_sample};
    s->pairs = mem_new(s->count, sizeof *s->pairs);
    s->mean = mem_new(s->count * d, sizeof *s->mean);
    s->reference_norm = mem_new(s->count, sizeof *s->reference_norm);
    s->difference = mem_new(s->count, sizeof *s->difference);
    for (int side = 0; side < 2; side++) s->run[side] = mem_new(d, sizeof **s->run);
}

void lens_sums_free(lens_sums *s) {
    free(s->pairs);
    free(s->mean);
    free(s->reference_norm);
    free(s->difference);
    for (int side = 0; side < 2; side++) free(s->run[side]);
    *s = (lens_sums){0};
}

/* |reference|^2 and |of - reference|^2, in an order that does not depend on the processor. */
CPU_DISPATCH static void squares(const float *restrict reference, const float *restrict of, size_t d, double *size,
                                 double *change) {
    double a[LANES] = {0}, b[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            double r = (double)reference[i + k], c = (double)of[i + k] - r;
            a[k] += r * r;
            b[k] += c * c;
        }
    *size = *change = 0;
    for (size_t k = 0; k < LANES; k++) {
        *size += a[k];
        *change += b[k];
    }
    for (; i < d; i++) {
        double r = (double)reference[i], c = (double)of[i] - r;
        *size += r * r;
        *change += c * c;
    }
}

CPU_DISPATCH static void add_difference(double *restrict sum, const float *restrict reference, const float *restrict of,
                                        size_t d) {
    for (size_t i = 0; i < d; i++) sum[i] += (double)of[i] - (double)reference[i];
}

void lens_sums_pair(lens_sums *s, const float *reference, const float *of, uint64_t position) {
    double size, change;
    squares(reference, of, s->d, &size, &change);
    const size_t rows[2] = {0, position < s->count - 1 ? (size_t)position + 1 : 0};
    for (size_t i = 0; i < 1 + (rows[1] > 0); i++) {
        size_t row = rows[i];
        add_difference(s->mean + row * s->d, reference, of, s->d);
        s->reference_norm[row] += sqrt(size);
        s->difference[row] += sqrt(change);
        s->pairs[row]++;
    }
}

void lens_sums_row(lens_sums *s, bool of, const float *x) {
    double square = 0;
    for (size_t i = 0; i < s->d; i++) {
        s->run[of][i] += (double)x[i];
        square += (double)x[i] * (double)x[i];
    }
    s->run_rows[of]++;
    if (!of) s->run_norm += sqrt(square);
}

void lens_sums_end_sample(lens_sums *s) {
    if (s->run_rows[0] && s->run_rows[1]) {
        double square = 0;
        for (size_t i = 0; i < s->d; i++) {
            double change = s->run[1][i] / (double)s->run_rows[1] - s->run[0][i] / (double)s->run_rows[0];
            s->mean[i] += change;
            square += change * change;
        }
        s->difference[0] += sqrt(square);
        s->reference_norm[0] += s->run_norm / (double)s->run_rows[0];
        s->pairs[0]++;
    }
    for (int side = 0; side < 2; side++) {
        memset(s->run[side], 0, s->d * sizeof **s->run);
        s->run_rows[side] = 0;
    }
    s->run_norm = 0;
}

void lens_sums_finish(lens_sums *s) {
    for (size_t row = 0; row < s->count; row++) {
        const double pairs = s->pairs[row] ? (double)s->pairs[row] : (double)NAN;
        for (size_t i = 0; i < s->d; i++) s->mean[row * s->d + i] /= pairs;
        s->reference_norm[row] /= pairs;
        s->difference[row] /= pairs;
    }
}

double lens_norm(const double *m, size_t d) {
    double square = 0;
    for (size_t i = 0; i < d; i++) square += m[i] * m[i];
    return sqrt(square);
}
