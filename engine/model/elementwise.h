/* elementwise.h: what a forward pass does to numbers one by one or row by row, in vectors. The same bits on every
 * processor that multiplies and adds at once, as products have (product_kernel.h); any thread. */
#ifndef SCRY_MODEL_ELEMENTWISE_H
#define SCRY_MODEL_ELEMENTWISE_H

#include "model/parts.h"

/* y [d] = norm of x [d]; y may be x. n->bias is used by NORM_LAYER alone. */
void norm_row(norm_kind kind, double eps, const float *weight, const float *bias, const float *x, uint32_t d, float *y);

/* The mean of x [d] (0 but for NORM_LAYER), and one over the root that it is divided by. */
typedef struct norm_moments {
    float mean, factor;
} norm_moments;
norm_moments norm_moments_of(norm_kind kind, double eps, const float *x, uint32_t d);

/* x += y, n numbers. */
void add_row(float *x, const float *y, uint32_t n);

/* x = act(x), and x = act(x) * up, n numbers. */
void activate_row(activation act, float *x, uint32_t n);
void gate_row(activation act, const float *x, const float *up, uint32_t n, float *out);

/* x = cap tanh(x / cap), n numbers. */
void cap_row(float cap, float *x, uint32_t n);

enum { EXP_LANES = 16 };
/* The largest of x and `least`; n a multiple of EXP_LANES. */
float max_row(const float *x, uint32_t n, float least);
/* x = exp(x - max), n a multiple of EXP_LANES; returns the sum, whose order depends on n alone. Zeros at the end, or
 * EXP_LANES of them at the beginning, do not change it. */
float exp_row(float *x, uint32_t n, float max);
/* x = x * factor. */
void scale_row(float *x, uint32_t n, float factor);

/* Turns the first `width` numbers of a head by angles [width] (rope_angles). */
void rotate_head(float *x, const float *angles, uint32_t width);

#endif
