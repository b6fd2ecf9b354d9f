/* elementwise.c: norms, activations, softmax and rotation of rows. */
#include "model/elementwise.h"
#include "base/cpu_dispatch.h"

#include <math.h>
#include <string.h>

enum { LANES = EXP_LANES };

/* ---- exponential and its relatives ---- */

static inline uint32_t to_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* when ? a : b, without a branch, which would keep the loops below from being done in vectors. */
static inline float choose(bool when, float a, float b) {
    uint32_t mask = -(uint32_t)when;
    return from_bits((to_bits(a) & mask) | (to_bits(b) & ~mask));
}

/* e^x: 2^n times a polynomial of the rest (S. L. Moshier, Cephes, expf), about 1e-7 off; 0 below -87. */
static inline float exponential_below(float x) { /* for x up to 88.7 */
    x = choose(x < -87.5F, -87.5F, x);
    float n = x * 1.44269504088896341F + 12582912.0F; /* rounds to a whole number */
    uint32_t bits = to_bits(n);
    n -= 12582912.0F;
    float r = x - n * 0.693359375F + n * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * (r * r) + r + 1.0F;
    return p * from_bits((bits + 126) << 23) * 2; /* half of 2^n is in range for n = 128, and 0 for n = -126 */
}

static inline float exponential(float x) {
    return exponential_below(choose(x > 88.7F, 88.7F, x));
}

/* Near 0 a polynomial (Cephes, tanhf), so that small numbers keep their digits. */
static inline float hyperbolic_tangent(float x) {
    float size = fabsf(x), square = x * x;
    float p = -5.70498872745e-3F;
    p = p * square + 2.06390887954e-2F;
    p = p * square - 5.37397155531e-2F;
    p = p * square + 1.33314422036e-1F;
    p = p * square - 3.33332819422e-1F;
    p = p * square * x + x;
    float far = 1 - 2 / (exponential(2 * size) + 1);
    return choose(size < 0.625F, p, choose(x < 0, -far, far));
}

/* erfc(x) for x >= 0, 1.2e-7 off (Press et al., Numerical Recipes, 6.2). */
static inline float complementary_error(float x) {
    float t = 1 / (1 + 0.5F * x);
    float p = 0.17087277F;
    p = p * t - 0.82215223F;
    p = p * t + 1.48851587F;
    p = p * t - 1.13520398F;
    p = p * t + 0.27886807F;
    p = p * t - 0.18628806F;
    p = p * t + 0.09678418F;
    p = p * t + 0.37409196F;
    p = p * t + 1.00002368F;
    return t * exponential(p * t - x * x - 1.26551223F);
}

static inline float silu(float x) {
    return x / (1 + exponential(-x));
}

static inline float gelu(float x) {
    float tail = 0.5F * x * complementary_error(fabsf(x) * 0.70710678118654752F);
    return choose(x < 0, tail, x - tail);
}

/* 0.5 x (1 + tanh u) is x / (1 + e^(-2 u)). */
static inline float gelu_tanh(float x) {
    float u = 0.79788456080286536F * (x + 0.044715F * x * x * x);
    return x / (1 + exponential(-2 * u));
}

static inline float relu(float x) {
    return choose(x > 0, x, 0);
}

/* KIND(enumerator, function): the loops over a row are compiled once for each. */
#define ACTIVATION_KINDS(KIND)                                                                                         \
    KIND(ACTIVATION_SILU, silu)                                                                                        \
    KIND(ACTIVATION_GELU, gelu)                                                                                        \
    KIND(ACTIVATION_GELU_TANH, gelu_tanh)                                                                              \
    KIND(ACTIVATION_RELU, relu)

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

void norm_row(norm_kind kind, double eps, const float *weight, const float *bias, const float *x, uint32_t d,
              float *y) {
    float mean = kind == NORM_LAYER ? (float)(sum_of(x, d) / d) : 0;
    float factor = (float)(1 / sqrt(squares_of(x, d, mean) / d + eps));
    if (kind == NORM_LAYER) scale_centred(x, weight, bias, mean, factor, d, y);
    else scale_weights(x, weight, factor, d, y);
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

CPU_DISPATCH float exp_row(float *x, uint32_t n, float max) {
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

/* ---- rotation ---- */

CPU_DISPATCH void rotate_head(float *x, const float *angles, uint32_t width) {
    uint32_t half = width / 2;
    for (uint32_t i = 0; i < half; i++) {
        float a = x[i], b = x[half + i], cosine = angles[i], sine = angles[half + i];
        x[i] = a * cosine - b * sine;
        x[half + i] = b * cosine + a * sine;
    }
}
