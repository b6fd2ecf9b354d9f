/* attention.h: causal attention of packed sequences, each within itself and after its prefix.
 *
 * Keys and values of a sequence lie in a key_values for each layer: keys as panels [kv_heads][room / columns][head_dim]
 * [columns], values as [kv_heads][room][value_lead], where columns are the kernel's and value_lead is head_dim rounded
 * up to them. */
#ifndef SCRY_MODEL_ATTENTION_H
#define SCRY_MODEL_ATTENTION_H

#include "base/parallel.h"
#include "model/parts.h"
#include "model/product_kernel.h"

typedef struct key_values {
    float *keys, *values;
    uint32_t room; /* tokens, a multiple of the kernel's columns */
} key_values;

/* Floats of keys and of values for `room` tokens. */
size_t keys_floats(const model_plan *p, uint32_t room);
size_t values_floats(const model_plan *p, const product_kernel *kernel, uint32_t room);

/* Rows of the batch that belong to one sequence. */
typedef struct span {
    uint32_t row, count;
    uint32_t own_before;      /* tokens in own that come before row */
    uint32_t prefix;          /* tokens in shared */
    const key_values *shared; /* of the layer, before own; NULL: none */
    key_values own;           /* of the layer */
} span;

enum { SPAN_BLOCK = 48 }; /* rows of a block, a multiple of the kernels' rows */
typedef struct span_block {
    uint32_t span, first, count; /* rows of the span */
} span_block;

typedef struct attention_scratch {
    float *scores, *out;
} attention_scratch;

size_t attention_scratch_floats(const model_plan *p, const product_kernel *kernel, size_t *scores);

typedef struct attention {
    const model_plan *plan;
    const block_weights *weights;
    uint32_t layer;
    const product_kernel *kernel;
    parallel *pool;
    attention_scratch *scratch; /* [threads] */
    float *qkv;                 /* [rows]: q of all heads, k, v */
    size_t lead;
    const float *angles; /* [positions][rope width], or NULL */
    const span *spans;
    const span_block *blocks;
    size_t block_count;
} attention;

/* Norms, rotates and scales q in its place, and puts k and v into each span's own. */
void attention_place(const attention *a);
/* Replaces q by the heads' outputs. After attention_place. */
void attention_run(const attention *a);

#endif
