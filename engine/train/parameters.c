/* train/parameters.c: the parameters under training. */
#include "train/parameters.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

enum { LANES = 16 };

uint64_t parameters_size(uint32_t d, uint32_t F, bool has_threshold) {
    return 2 * (uint64_t)d * F + F + d + (has_threshold ? F : 0);
}

void parameters_new(sae_parameters *m, uint32_t d, uint32_t F, bool has_threshold) {
    size_t matrix = (size_t)d * F;
    *m = (sae_parameters){.d = d, .F = F, .has_threshold = has_threshold};
    m->count = parameters_size(d, F, has_threshold);
    m->all = mem_new(m->count, sizeof *m->all);
    m->W_dec = m->all;
    m->W_enc = m->W_dec + matrix;
    m->b_enc = m->W_enc + matrix;
    m->b_dec = m->b_enc + F;
    m->log_threshold = has_threshold ? m->b_dec + d : NULL;
}

void parameters_free(sae_parameters *m) {
    free(m->all);
    *m = (sae_parameters){0};
}

CPU_DISPATCH real row_dot(const real *a, const real *b, uint32_t n) {
    real lane[LANES] = {0}, sum = 0;
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES, a += LANES, b += LANES)
        for (int l = 0; l < LANES; l++) lane[l] += a[l] * b[l];
    for (int l = 0; i < n; i++, l++) lane[l] += a[l] * b[l];
    for (int l = 0; l < LANES; l++) sum += lane[l];
    return sum;
}

CPU_DISPATCH void row_add(real *to, const real *from, real times, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) to[i] += times * from[i];
}

/* G. Box and M. Muller's pair of normal numbers; one of the two is enough here. */
static double normal(uint64_t *state) {
    double u = ((double)(random_next(state) >> 11) + 1) * 0x1p-53, v = (double)(random_next(state) >> 11) * 0x1p-53;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

void parameters_init(sae_parameters *m, uint64_t seed, real encoder_norm, real decoder_norm, real threshold) {
    double *direction = mem_new(m->d, sizeof *direction);
    for (uint32_t j = 0; j < m->F; j++) {
        uint64_t state = seed ^ (uint64_t)(j + 1) << 32;
        double square = 0;
        for (uint32_t i = 0; i < m->d; i++) {
            direction[i] = normal(&state);
            square += direction[i] * direction[i];
        }
        for (uint32_t i = 0; i < m->d; i++) {
            double unit = direction[i] / sqrt(square);
            m->W_dec[(size_t)j * m->d + i] = (real)(unit * (double)decoder_norm);
            m->W_enc[(size_t)j * m->d + i] = (real)(unit * (double)encoder_norm);
        }
        if (m->has_threshold) m->log_threshold[j] = (real)log((double)threshold);
    }
    free(direction);
}
