/* elementwise_backward.h: derivatives of what elementwise.h computes, row by row, in vectors. The same bits on every
 * processor; any thread. */
#ifndef SCRY_MODEL_ELEMENTWISE_BACKWARD_H
#define SCRY_MODEL_ELEMENTWISE_BACKWARD_H

#include "model/elementwise.h"

/* dx [d] = the gradient at x of one at y = norm of x, dy [d]; with add, dx +=. dx may be dy, unless it is added to. */
void norm_backward_row(norm_kind kind, double eps, const float *weight, const float *x, const float *dy, uint32_t d,
                       bool add, float *dx);

/* x = act'(x), n numbers; and for y = act(gate) up: gate = act'(gate) up and up = act(gate), what a gradient at y is
 * multiplied by to become those at gate and up. */
void activate_slope_row(activation act, float *x, uint32_t n);
void gate_slope_row(activation act, float *gate, float *up, uint32_t n);

/* x = x * y, and out = x * y, n numbers. */
void multiply_row(float *x, const float *y, uint32_t n);
void product_row(const float *x, const float *y, uint32_t n, float *out);

/* slope = the derivative of cap tanh(x / cap) where that is `capped`, n numbers. */
void cap_slope_row(float cap, const float *capped, uint32_t n, float *slope);

/* d = weight (d - sum of p d), n numbers: from a gradient at probabilities p to one at their scores. weight: p times
 * the derivatives of the scores. */
void softmax_backward_row(const float *p, const float *weight, uint32_t n, float *d);

/* The first of the largest of n numbers, n > 0. */
uint32_t top_of_row(const float *x, uint32_t n);
/* x = exp(x - max), times the derivative of the cap (0: none) that x has gone through, n numbers. Returns the sum of
 * the exponentials alone. */
double exp_slope_row(float *x, uint32_t n, float max, float cap);

/* Turns a gradient at a head that rotate_head has turned back to one at the head before. */
void unrotate_head(float *d, const float *angles, uint32_t width);

#endif
