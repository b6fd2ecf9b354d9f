/* elementwise_backward.c: derivatives of norms, activations, softmax and rotation of rows. */
#include "model/elementwise_backward.h"
#include "base/cpu_dispatch.h"
#include "model/activation_functions.h"

#include <math.h>
#include <string.h>

enum { LANES = EXP_LANES };

/* ---- norms ---- */

static inline double add_up(const double part[LANES]) {
    double sum = 0;
    for (int l = 0; l < LANES; l++) sum += part[l];
    return sum;
}

/* The sum of g = dy weight, and that of g (x - mean). */
CPU_DISPATCH static void weighted_sums(const float *dy, const float *weight, const float *x, float mean, uint32_t n,
                                       double *sum, double *product) {
    double part[LANES] = {0}, with_x[LANES] = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) {
            double g = (double)(dy[i + l] * weight[i + l]);
            part[l] += g;
            with_x[l] += g * (double)(x[i + l] - mean);
        }
    *sum = add_up(part);
    *product = add_up(with_x);
    for (; i < n; i++) {
        *sum += (double)(dy[i] * weight[i]);
        *product += (double)(dy[i] * weight[i]) * (double)(x[i] - mean);
    }
}

CPU_DISPATCH static void combine(const float *dy, const float *weight, const float *x, norm_moments m, float shift,
                                 float along, uint32_t n, float *dx) {
    for (uint32_t i = 0; i < n; i++) dx[i] = m.factor * (dy[i] * weight[i] - shift) - (x[i] - m.mean) * along;
}

CPU_DISPATCH static void combine_add(const float *dy, const float *weight, const float *x, norm_moments m, float shift,
                                     float along, uint32_t n, float *dx) {
    for (uint32_t i = 0; i < n; i++) dx[i] += m.factor * (dy[i] * weight[i] - shift) - (x[i] - m.mean) * along;
}

void norm_backward_row(norm_kind kind, double eps, const float *weight, const float *x, const float *dy, uint32_t d,
                       bool add, float *dx) {
    norm_moments m = norm_moments_of(kind, eps, x, d);
    double sum, product, factor = (double)m.factor;
    weighted_sums(dy, weight, x, m.mean, d, &sum, &product);
    float shift = kind == NORM_LAYER ? (float)(sum / d) : 0, along = (float)(factor * factor * factor * product / d);
    if (add) combine_add(dy, weight, x, m, shift, along, d, dx);
    else combine(dy, weight, x, m, shift, along, d, dx);
}

/* ---- activations ---- */

static inline float silu_slope(float x) {
    float s = 1 / (1 + exponential(-x));
    return s * (1 + x * (1 - s));
}

/* The normal distribution up to x, and x times its density. */
static inline float gelu_slope(float x) {
    float tail = 0.5F * complementary_error(fabsf(x) * 0.70710678118654752F);
    return choose(x < 0, tail, 1 - tail) + x * 0.39894228040143268F * exponential(-0.5F * x * x);
}

static inline float gelu_tanh_slope(float x) {
    float u = 0.79788456080286536F * (x + 0.044715F * x * x * x), s = 1 / (1 + exponential(-2 * u));
    return s + 2 * x * (s * (1 - s)) * (0.79788456080286536F * (1 + 0.134145F * x * x));
}

static inline float relu_slope(float x) {
    return choose(x > 0, 1, 0);
}

#define KIND(id, f)                                                                                                    \
    CPU_DISPATCH static void f##_slope_row(float *x, uint32_t n) {                                                     \
        for (uint32_t i = 0; i < n; i++) x[i] = f##_slope(x[i]);                                                       \
    }                                                                                                                  \
    CPU_DISPATCH static void f##_gate_slope(float *restrict gate, float *restrict up, uint32_t n) {                    \
        for (uint32_t i = 0; i < n; i++) {                                                                             \
            float x = gate[i];                                                                                         \
            gate[i] = f##_slope(x) * up[i];                                                                            \
            up[i] = f(x);                                                                                              \
        }                                                                                                              \
    }
ACTIVATION_KINDS(KIND)
#undef KIND

void activate_slope_row(activation act, float *x, uint32_t n) {
    switch (act) {
#define KIND(id, f)                                                                                                    \
    case id:                                                                                                           \
        f##_slope_row(x, n);                                                                                           \
        break;
        ACTIVATION_KINDS(KIND)
#undef KIND
    case ACTIVATIONS:
        break;
    }
}

void gate_slope_row(activation act, float *gate, float *up, uint32_t n) {
    switch (act) {
#define KIND(id, f)                                                                                                    \
    case id:                                                                                                           \
        f##_gate_slope(gate, up, n);                                                                                   \
        break;
        ACTIVATION_KINDS(KIND)
#undef KIND
    case ACTIVATIONS:
        break;
    }
}

CPU_DISPATCH void multiply_row(float *x, const float *y, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) x[i] *= y[i];
}

CPU_DISPATCH void product_row(const float *x, const float *y, uint32_t n, float *out) {
    for (uint32_t i = 0; i < n; i++) out[i] = x[i] * y[i];
}

/* ---- softmax ---- */

static inline float cap_slope(float cap, float capped) {
    return 1 - capped / cap * (capped / cap);
}

CPU_DISPATCH void cap_slope_row(float cap, const float *capped, uint32_t n, float *slope) {
    for (uint32_t i = 0; i < n; i++) slope[i] = cap_slope(cap, capped[i]);
}

CPU_DISPATCH static double sum_of_products(const float *x, const float *y, uint32_t n) {
    double part[LANES] = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) part[l] += (double)(x[i + l] * y[i + l]);
    double sum = add_up(part);
    for (; i < n; i++) sum += (double)(x[i] * y[i]);
    return sum;
}

CPU_DISPATCH static void centre(const float *weight, float mean, uint32_t n, float *d) {
    for (uint32_t i = 0; i < n; i++) d[i] = weight[i] * (d[i] - mean);
}

void softmax_backward_row(const float *p, const float *weight, uint32_t n, float *d) {
    centre(weight, (float)sum_of_products(p, d, n), n, d);
}

uint32_t top_of_row(const float *x, uint32_t n) {
    uint32_t vectors = n / LANES * LANES, i = 0;
    float max = max_row(x, vectors, -INFINITY);
    for (uint32_t k = vectors; k < n; k++) max = x[k] > max ? x[k] : max;
    while (i + 1 < n && x[i] < max) i++;
    return i;
}

CPU_DISPATCH double exp_slope_row(float *x, uint32_t n, float max, float cap) {
    double part[LANES] = {0}, sum;
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) {
            float e = exponential_below(x[i + l] - max);
            part[l] += (double)e;
            x[i + l] = cap > 0 ? e * cap_slope(cap, x[i + l]) : e;
        }
    sum = add_up(part);
    for (; i < n; i++) {
        float e = exponential_below(x[i] - max);
        sum += (double)e;
        x[i] = cap > 0 ? e * cap_slope(cap, x[i]) : e;
    }
    return sum;
}

/* ---- rotation ---- */

CPU_DISPATCH void unrotate_head(float *d, const float *angles, uint32_t width) {
    uint32_t half = width / 2;
    for (uint32_t i = 0; i < half; i++) {
        float a = d[i], b = d[half + i], cosine = angles[i], sine = angles[half + i];
        d[i] = a * cosine + b * sine;
        d[half + i] = b * cosine - a * sine;
    }
}
