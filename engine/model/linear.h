/* linear.h: products of activations with weights, which are widened tile by tile. */
#ifndef SCRY_MODEL_LINEAR_H
#define SCRY_MODEL_LINEAR_H

#include "base/parallel.h"
#include "model/parts.h"
#include "model/product_kernel.h"

typedef enum linear_end {
    LINEAR_STORE,    /* out = y */
    LINEAR_ADD,      /* out += y */
    LINEAR_ACTIVATE, /* out = act(y) */
    LINEAR_GATE      /* out = act(y of part 0) times y of part 1 */
} linear_end;

enum { LINEAR_PARTS = 3 };

/* y = x W' + bias for the rows of x, W one to three matrices one below the other; transposed: y = x W, without bias, to
 * LINEAR_STORE or LINEAR_ADD. */
typedef struct linear {
    const weight_matrix *part[LINEAR_PARTS];
    int parts;
    bool transposed;
    const float *bias; /* [all rows of W], or NULL */
    const float *x;    /* [rows], lead floats from one to the next */
    size_t x_lead;
    uint32_t rows;
    linear_end end;
    activation act;
    float *out;
    size_t out_lead;
} linear;

/* What a thread needs for its tiles. */
typedef struct linear_scratch {
    float *packed, *widened, *result;
} linear_scratch;

/* Bytes of one; they depend on no size of the model. */
size_t linear_scratch_bytes(void);
void linear_scratch_new(linear_scratch *s);
void linear_scratch_free(linear_scratch *s);

/* Computes y on the pool's threads. scratch: [threads]. */
void linear_run(const linear *l, parallel *pool, const product_kernel *kernel, linear_scratch *scratch);

#endif
