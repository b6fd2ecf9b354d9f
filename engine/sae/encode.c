/* encode.c: residuals to latents. */
#include "sae/sae.h"

#include <cblas.h>
#include <math.h>

#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

void sae_prepare(const sae *s, float *x) {
    uint32_t d = s->d_in;
    if (s->input == SAE_INPUT_CONSTANT_NORM) {
        double square = 0;
        for (uint32_t i = 0; i < d; i++) square += (double)x[i] * x[i];
        float scale = square > 0 ? (float)(sqrt((double)d) / sqrt(square)) : 0;
        for (uint32_t i = 0; i < d; i++) x[i] *= scale;
    } else if (s->input == SAE_INPUT_LAYER_NORM) {
        double sum = 0, square = 0;
        for (uint32_t i = 0; i < d; i++) sum += x[i];
        double mean = sum / d;
        for (uint32_t i = 0; i < d; i++) square += (x[i] - mean) * (x[i] - mean);
        double deviation = sqrt(square / (d > 1 ? d - 1 : 1)) + 1e-5;
        for (uint32_t i = 0; i < d; i++) x[i] = (float)((x[i] - mean) / deviation);
    }
    if (s->subtract_b_dec)
        for (uint32_t i = 0; i < d; i++) x[i] -= s->b_dec[i];
}

WIDE static void add_bias_and_clip(float *h, float bias, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        float pre = h[i] + bias;
        h[i] = pre > 0 ? pre : 0;
    }
}

void sae_encode(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasTrans, (blasint)latents, (blasint)n, (blasint)s->d_in, 1.0F,
                s->W_enc + first, (blasint)s->d_sae, X, (blasint)s->d_in, 0.0F, H, (blasint)n);
    for (uint32_t j = 0; j < latents; j++) add_bias_and_clip(H + (size_t)j * n, s->b_enc[first + j], n);
}
