/* sae.h: a sparse autoencoder's weights and its encoder.
 *
 * Symbols: d = d_in (width of the residual stream), F = d_sae (latents), x a residual [d].
 *
 *     x'  = input(x) * input_scale - (subtract_b_dec ? b_dec : 0)
 *     pre = (x' W_enc^T + b_enc) * scale_j                  scale_j 1 where scale is NULL
 *     h   = activation(pre), divided by out_scale_j where that is not NULL
 *     x^  = (h W_dec + b_dec) / input_scale                   in the units of input(x)
 *
 * Each family of files (SAELens, Gemma Scope, ...) is one file and one row in families/, and fills this
 * struct; encoder.c knows no family. */
#ifndef SCRY_SAE_SAE_H
#define SCRY_SAE_SAE_H

#include <stdint.h>
#include "base/error.h"

/* Normalisation of a residual before it is encoded (SAELens, normalize_activations). */
typedef enum sae_input {
    SAE_INPUT_AS_IS,
    SAE_INPUT_CONSTANT_NORM, /* x * sqrt(d) / |x| */
    SAE_INPUT_LAYER_NORM     /* (x - mean) / (std + 1e-5), std over d - 1 */
} sae_input;

typedef enum sae_activation {
    SAE_RELU,      /* max(pre, 0) */
    SAE_TANH_RELU, /* tanh(max(pre, 0)) */
    SAE_JUMPRELU,  /* max(pre, 0) where pre > threshold_j, else 0 */
    SAE_GATED,     /* with p = x' W_enc^T: max(p * exp_r_mag_j + b_mag_j, 0) where p + b_enc_j > 0, else 0;
                      b_enc holds b_gate */
    SAE_TOPK       /* the k largest pre of a token that are > 0, ties to the lower latent */
} sae_activation;

typedef struct sae {
    uint32_t d_in, d_sae;
    float *W_enc; /* [F][d]: a latent's weights lie together */
    float *b_enc; /* [F] */
    float *W_dec; /* [F][d]; NULL when the file has none */
    float *b_dec; /* [d] */
    bool subtract_b_dec;
    sae_input input;
    float input_scale; /* 1 unless the files say otherwise */
    sae_activation activation;
    uint32_t k;       /* SAE_TOPK */
    float *threshold; /* [F], SAE_JUMPRELU */
    float *exp_r_mag; /* [F], SAE_GATED */
    float *b_mag;     /* [F], SAE_GATED */
    float *scale;     /* [F] or NULL */
    float *out_scale; /* [F] or NULL */
    bool difference;  /* it was trained on differences of paired residuals (metadata.residual_difference, which scry
                         train --minus writes); false: on residuals, or its files do not say */
    bool folded;      /* every decoder row has norm 1 (to 1e-3): set by sae_load */
    char format[40];  /* of its family in families/families.def: "saelens", ... */
    char description[160]; /* "SAELens standard (ReLU), 192 -> 2048" */
} sae;

/* Loads a directory or file of any family. format: the family's name, to overrule detection, or NULL.
 * Messages name the file and, for settings, the key. Notes receive what a user should know (a fold that is
 * assumed, say). Owner: the caller, by sae_free; on failure s is empty. */
bool sae_load(sae *s, const char *path, const char *format, scry_notes *notes, scry_error *err);
void sae_free(sae *s);

/* Copies the listed latents, ascending, to an SAE without a decoder. Each is encoded as before, except with
 * SAE_TOPK, where a latent depends on all others. Owner: the caller, by sae_free. */
void sae_subset(sae *to, const sae *from, const uint32_t *latents, uint32_t count);

/* Turns one residual x[d] in place into the encoder's input x'. */
void sae_prepare(const sae *s, float *x);

/* Encodes latents first to first + latents - 1 of n prepared residuals X[n][d] into H[latents][n]: one sgemm,
 * then the activation; for ReLU and JumpReLU nonzero activations are computed again in higher precision. For
 * SAE_TOPK H receives the scaled pre-activations: the caller finds the k largest with sae_topk and divides them
 * by out_scale. A latent's activations lie together, as the index stores them. n: at most 65,536. Thread-safe. */
void sae_encode(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H);

/* Writes the tokens, ascending, whose activation in h[n] is not zero to token[n]; returns their number. n: at most
 * 65,536. */
uint32_t sae_nonzero_tokens(const float *h, uint32_t n, uint16_t *token);

/* For SAE_TOPK and token t of H[F][n], all latents of n tokens: finds the smallest value that is kept
 * (floor[t], infinity when none is above 0) and how many equal to it are kept, lowest latents first
 * (ties[t]). Thread-safe for different t. */
void sae_topk(const sae *s, const float *H, uint32_t n, uint32_t t, float *floor, uint32_t *ties);
/* Turns the pre-activations of token t of H[F][n] into activations: those that SAE_TOPK keeps, divided by out_scale; 0
 * elsewhere. Thread-safe for different t. */
void sae_keep_topk(const sae *s, float *H, uint32_t n, uint32_t t);

/* What input(x) lost of a residual x[d]: x = input(x) * times + add. So x^ in the units of x is
 * (h W_dec + b_dec) / input_scale * times + add. */
void sae_input_lost(sae_input input, const float *x, uint32_t d, double *times, double *add);
/* How an index calls it (scry_info.input): "", "constant norm" or "layer norm"; and back, as it is for other names. */
const char *sae_input_name(sae_input input);
sae_input sae_input_of(const char *name);

#endif
