/* elementwise.c: norms, activations, softmax and rotation of rows. */
#include "model/elementwise.h"
#include "base/cpu_dispatch.h"
#include "model/activation_functions.h"
#include "model/fused_rows.h"

#include <math.h>
#include <string.h>

enum { LANES = EXP_LANES };

/* ---- activations ---- */

#define KIND(id, f)                                                                                                    \
    CPU_DISPATCH static void f##_row(float *x, uint32_t n) {                                                           \
        for (uint32_t i = 0; i < n; i++) x[i] = f(x[i]);                                                               \
    }                                                                                                                  \
    CPU_DISPATCH static void f##_gate(const float *restrict x, const float *restrict up, uint32_t n,                   \
                                      float *restrict out) {                                                           \
        for (uint32_t i = 0; i < n; i++) out[i] = f(x[i]) * up[i];                                                     \
    }
ACTIVATION_KINDS(KIND)
#undef KIND

void activate_row(activation act, float *x, uint32_t n) {
    switch (act) {
#define KIND(id, f)                                                                                                    \
    case id:                                                                                                           \
        f##_row(x, n);                                                                                                 \
        break;
        ACTIVATION_KINDS(KIND)
#undef KIND
    case ACTIVATIONS:
        break;
    }
}

void gate_row(activation act, const float *x, const float *up, uint32_t n, float *out) {
#if defined(__x86_64__)
    if (act == ACTIVATION_SILU && has_fused_rows()) {
        silu_gate_fused(x, up, n, out);
        return;
    }
#endif
    switch (act) {
#define KIND(id, f)                                                                                                    \
    case id:                                                                                                           \
        f##_gate(x, up, n, out);                                                                                       \
        break;
        ACTIVATION_KINDS(KIND)
#undef KIND
    case ACTIVATIONS:
        break;
    }
}

CPU_DISPATCH void cap_row(float cap, float *x, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) x[i] = cap * hyperbolic_tangent(x[i] / cap);
}

/* ---- sums in one order: LANES of them, then those ---- */

static inline double add_lanes(const double part[LANES]) {
    double sum = 0;
    for (int l = 0; l < LANES; l++) sum += part[l];
    return sum;
}

CPU_DISPATCH static double sum_of(const float *x, uint32_t n) {
    double part[LANES] = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) part[l] += (double)x[i + (uint32_t)l];
    double sum = add_lanes(part);
    for (; i < n; i++) sum += (double)x[i];
    return sum;
}

CPU_DISPATCH static double squares_of(const float *x, uint32_t n, float mean) {
    double part[LANES] = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) {
            double v = (double)(x[i + (uint32_t)l] - mean);
            part[l] += v * v;
        }
    double sum = add_lanes(part);
    for (; i < n; i++) sum += (double)(x[i] - mean) * (double)(x[i] - mean);
    return sum;
}

CPU_DISPATCH static void scale_weights(const float *x, const float *w, float factor, uint32_t n, float *y) {
    for (uint32_t i = 0; i < n; i++) y[i] = x[i] * factor * w[i];
}

CPU_DISPATCH static void scale_centred(const float *x, const float *w, const float *b, float mean, float factor,
                                       uint32_t n, float *y) {
    for (uint32_t i = 0; i < n; i++) y[i] = (x[i] - mean) * factor * w[i] + b[i];
}

norm_moments norm_moments_of(norm_kind kind, double eps, const float *x, uint32_t d) {
    float mean = kind == NORM_LAYER ? (float)(sum_of(x, d) / d) : 0;
    return (norm_moments){mean, (float)(1 / sqrt(squares_of(x, d, mean) / d + eps))};
}

void norm_row(norm_kind kind, double eps, const float *weight, const float *bias, const float *x, uint32_t d,
              float *y) {
    norm_moments m = norm_moments_of(kind, eps, x, d);
    if (kind == NORM_LAYER) scale_centred(x, weight, bias, m.mean, m.factor, d, y);
    else scale_weights(x, weight, m.factor, d, y);
}

CPU_DISPATCH void add_row(float *x, const float *y, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) x[i] += y[i];
}

CPU_DISPATCH void scale_row(float *x, uint32_t n, float factor) {
    for (uint32_t i = 0; i < n; i++) x[i] *= factor;
}

typedef float half_lanes __attribute__((vector_size(LANES / 2 * sizeof(float)), aligned(4), may_alias));
typedef int32_t half_mask __attribute__((vector_size(LANES / 2 * sizeof(int32_t))));

/* a = the larger of a and b, lane by lane. A macro, since how vectors are passed depends on the processor. */
#define RAISE(a, b)                                                                                                    \
    do {                                                                                                               \
        half_mask above = (b) > (a);                                                                                   \
        (a) = (half_lanes)(((half_mask)(b)&above) | ((half_mask)(a) & ~above));                                        \
    } while (0)

CPU_DISPATCH float max_row(const float *x, uint32_t n, float least) {
    half_lanes low = (half_lanes){0} + least, high = low;
    for (uint32_t i = 0; i < n; i += LANES) {
        half_lanes a = *(const half_lanes *)(x + i), b = *(const half_lanes *)(x + i + LANES / 2);
        RAISE(low, a);
        RAISE(high, b);
    }
    RAISE(low, high);
    for (int l = 0; l < LANES / 2; l++) least = low[l] > least ? low[l] : least;
    return least;
}

CPU_DISPATCH static float exp_row_portable(float *x, uint32_t n, float max) {
    n = n / LANES * LANES;
    for (uint32_t i = 0; i < n; i++) x[i] = exponential_below(x[i] - max);
    half_lanes low = {0}, high = {0};
    float sum = 0;
    for (uint32_t i = 0; i < n; i += LANES) {
        low += *(const half_lanes *)(x + i);
        high += *(const half_lanes *)(x + i + LANES / 2);
    }
    low += high;
    for (int l = 0; l < LANES / 2; l++) sum += low[l];
    return sum;
}

float exp_row(float *x, uint32_t n, float max) {
#if defined(__x86_64__)
    if (has_fused_rows()) return exp_row_fused(x, n, max);
#endif
    return exp_row_portable(x, n, max);
}

/* ---- rotation ---- */

CPU_DISPATCH void rotate_head(float *x, const float *angles, uint32_t width) {
    uint32_t half = width / 2;
    for (uint32_t i = 0; i < half; i++) {
        float a = x[i], b = x[half + i], cosine = angles[i], sine = angles[half + i];
        x[i] = a * cosine - b * sine;
        x[half + i] = b * cosine + a * sine;
    }
}
