/* sae.h: a sparse autoencoder's weights and its encoder.
 *
 * Symbols: d = d_in (width of the residual stream), F = d_sae (latents). */
#ifndef SCRY_SAE_H
#define SCRY_SAE_H

#include <stdint.h>
#include "base/error.h"

/* What is done to a residual before it meets W_enc (SAELens, normalize_activations). */
typedef enum sae_input {
    SAE_INPUT_AS_IS,
    SAE_INPUT_CONSTANT_NORM, /* x * sqrt(d) / |x| */
    SAE_INPUT_LAYER_NORM     /* (x - mean) / (std + 1e-5), std over d - 1 */
} sae_input;

typedef struct sae {
    uint32_t d_in, d_sae;
    float *W_enc;        /* [d][F] */
    float *b_enc;        /* [F] */
    float *W_dec;        /* [F][d] */
    float *b_dec;        /* [d] */
    bool subtract_b_dec; /* from the input, before W_enc */
    sae_input input;
    char description[120]; /* "SAELens standard (ReLU), 192 -> 2048" */
} sae;

/* path: a SAELens directory (cfg.json and sae_weights.safetensors) or its cfg.json. Owner of the
 * weights: sae_free. */
bool sae_load(sae *s, const char *path, scry_notes *notes, scry_error *err);
void sae_free(sae *s);

/* One residual x[d], in place, as the encoder wants it: normalised, then b_dec taken off. */
void sae_prepare(const sae *s, float *x);

/* Latents first..first+latents of n prepared residuals X[n][d] into H[latents][n]:
 * H = relu(W_enc^T X^T + b_enc), one sgemm. Each latent's row is contiguous over tokens, which is
 * how the index wants it. */
void sae_encode(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H);

#endif
