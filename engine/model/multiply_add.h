/* multiply_add.h: a b + c with one rounding where the processor has an instruction for it. */
#ifndef SCRY_MODEL_MULTIPLY_ADD_H
#define SCRY_MODEL_MULTIPLY_ADD_H

#include <math.h>

static inline float multiply_add(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

#endif
