/* fused_rows.h: rows of elementwise.h and few_rows.h that cost a pass most, for x86 processors with AVX2 and FMA. The
 * compiler cannot choose fused operations when a program is loaded, so these are written out; a number has the bits
 * that activation_functions.h gives it on other processors that multiply and add at once. */
#ifndef SCRY_MODEL_FUSED_ROWS_H
#define SCRY_MODEL_FUSED_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
/* True when this processor runs the functions below. */
static inline bool has_fused_rows(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* As exp_row, and as gate_row with silu. */
float exp_row_fused(float *x, uint32_t n, float max);
void silu_gate_fused(const float *x, const float *up, uint32_t n, float *out);
/* The sum of w x. */
float dot_fused(const float *w, const float *x, uint32_t n);
float dot_bf16_fused(const uint16_t *w, const float *x, uint32_t n);
#endif

#endif
