/* attention_backward.h: from gradients at the outputs of attention's heads to those at q, k and v. */
#ifndef SCRY_MODEL_ATTENTION_BACKWARD_H
#define SCRY_MODEL_ATTENTION_BACKWARD_H

#include "model/attention.h"

typedef struct attention_backward {
    const attention *of; /* after attention_place; sequences have no prefix */
    const float *raw;    /* [rows]: q of all heads and k before their norms, or NULL without norms */
    size_t raw_lead;
    uint32_t rows, sets;
    float *grad; /* [sets][rows]: of the heads' outputs; replaced by those of q, k and v as their product gives them */
    size_t lead;
    float *const *scratch; /* [threads][attention_backward_floats] */
} attention_backward;

/* Floats that a thread needs for sequences of at most `longest` tokens. */
uint64_t attention_backward_floats(const model_plan *p, const product_kernel *kernel, uint64_t longest, uint64_t sets);

void attention_backward_run(const attention_backward *b);

#endif
