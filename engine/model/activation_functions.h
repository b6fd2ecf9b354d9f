/* activation_functions.h: the exponential and its relatives, and the activations, without branches, so that loops over
 * rows are done in vectors. About 1e-7 off. fused_rows.c has the exponential and silu once more. */
#ifndef SCRY_MODEL_ACTIVATION_FUNCTIONS_H
#define SCRY_MODEL_ACTIVATION_FUNCTIONS_H

#include "model/multiply_add.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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
    float n = multiply_add(x, 1.44269504088896341F, 12582912.0F); /* rounds to a whole number */
    uint32_t bits = to_bits(n);
    n -= 12582912.0F;
    float r = multiply_add(n, 2.12194440e-4F, multiply_add(n, -0.693359375F, x));
    float p = 1.9875691500e-4F;
    p = multiply_add(p, r, 1.3981999507e-3F);
    p = multiply_add(p, r, 8.3334519073e-3F);
    p = multiply_add(p, r, 4.1665795894e-2F);
    p = multiply_add(p, r, 1.6666665459e-1F);
    p = multiply_add(p, r, 5.0000001201e-1F);
    p = multiply_add(p, r * r, r) + 1.0F;
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

#endif
