/* sae.h: a sparse autoencoder's weights and its encoder.
 *
 * Symbols: d = d_in (width of the residual stream), F = d_sae (latents), x a residual [d].
 *
 *     x'  = input(x) * input_scale - (subtract_b_dec ? b_dec : 0)
 *     pre = (x' W_enc^T + b_enc) * scale_j                  scale_j 1 where scale is NULL
 *     h   = what the activation makes of pre, divided by out_scale_j where that is not NULL
 *     x^  = (h W_dec + b_dec) / input_scale                   but for what input() took away
 *
 * Each family of files (SAELens, Gemma Scope, ...) is one file that fills this struct; encode.c
 * knows no family. */
#ifndef SCRY_SAE_SAE_H
#define SCRY_SAE_SAE_H

#include <stdint.h>
#include "base/error.h"

/* What is done to a residual before it meets W_enc (SAELens, normalize_activations). */
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
    uint32_t k;            /* SAE_TOPK */
    float *threshold;      /* [F], SAE_JUMPRELU */
    float *exp_r_mag;      /* [F], SAE_GATED */
    float *b_mag;          /* [F], SAE_GATED */
    float *scale;          /* [F] or NULL */
    float *out_scale;      /* [F] or NULL */
    bool folded;           /* every decoder row has norm 1 (to 1e-3): set by sae_load */
    char format[40];       /* "saelens", "gemma-scope", "sparsify", "dictionary-learning", "openmoss" */
    char description[160]; /* "SAELens standard (ReLU), 192 -> 2048" */
} sae;

/* path: a directory or file of any family. format: one of the names above to overrule what the
 * files look like, or NULL. Messages name the file and, for cfg.json, the key. Notes tell what a
 * user should know (a fold that is assumed, say). Owner of the weights: sae_free. */
bool sae_load(sae *s, const char *path, const char *format, scry_notes *notes, scry_error *err);
void sae_free(sae *s);

/* The latents listed, ascending, as an SAE of their own without a decoder: each is encoded as before where
 * no latent depends on another, that is with any activation but SAE_TOPK. Owner: sae_free. */
void sae_subset(sae *to, const sae *from, const uint32_t *latents, uint32_t count);

/* One residual x[d], in place, as the encoder wants it: x'. */
void sae_prepare(const sae *s, float *x);

/* Latents first..first+latents of n prepared residuals X[n][d] into H[latents][n]: one sgemm,
 * then the activation, and for ReLU and JumpReLU what is not zero again, more exactly; for SAE_TOPK the
 * pre-activations (scaled), of which sae_topk keeps the largest; who keeps them divides by out_scale. Each latent's row
 * is contiguous over tokens, which is how the index wants it. */
void sae_encode(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H);

/* SAE_TOPK, over all latents of n tokens, H[F][n] with stride n: for token t the smallest value
 * that is kept (floor[t], infinity when none is above 0) and how many equal to it are kept, lowest
 * latents first (ties[t]). */
void sae_topk(const sae *s, const float *H, uint32_t n, uint32_t t, float *floor, uint32_t *ties);

/* The families. Each returns whether the path looks like its own (looks), and loads it. */
typedef struct sae_family {
    const char *format;
    bool (*looks)(const char *path);
    bool (*load)(sae *s, const char *path, scry_notes *notes, scry_error *err);
} sae_family;

extern const sae_family sae_saelens, sae_gemma_scope, sae_sparsify, sae_dictionary_learning, sae_openmoss;

#endif
