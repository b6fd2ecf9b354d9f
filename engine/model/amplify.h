/* amplify.h: a tuned model's weights on the line through those of its base (scry_model_amplify). */
#ifndef SCRY_MODEL_AMPLIFY_H
#define SCRY_MODEL_AMPLIFY_H

#include "model/parts.h"

#include <stdlib.h>
#include <string.h>

/* What is done to a matrix of the tuned model. */
typedef struct amplified {
    weight_delta delta;        /* first: what the weight points to */
    const weight_delta *inner; /* an adapter's, which makes it the tuned model's; may be NULL */
    const tensor *base;        /* the same matrix of the base model */
    double times;              /* S */
} amplified;

struct model_amplification {
    amplified *matrix; /* [count] */
    size_t count;
    double times;
    uint64_t base; /* fingerprint of the base model */
};

static inline void model_amplify_free(scry_model *m) {
    if (m->amplification) free(m->amplification->matrix);
    free(m->amplification);
}

/* What it changes of the model's fingerprint; 0: nothing. */
static inline uint64_t model_amplify_hash(const scry_model *m) {
    uint64_t bits;
    if (!m->amplification) return 0;
    memcpy(&bits, &m->amplification->times, sizeof bits);
    return bits * 0x9e3779b97f4a7c15u ^ m->amplification->base;
}

#endif
