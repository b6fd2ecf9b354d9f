/* train/parameters.h: the parameters under training, and their gradients, in one allocation each.
 *
 * Both matrices are kept by latent, [F][d]: an active latent touches one row of each. */
#ifndef SCRY_TRAIN_PARAMETERS_H
#define SCRY_TRAIN_PARAMETERS_H

#include "train/scalar.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sae_parameters {
    uint32_t d, F;
    bool has_threshold;
    size_t count;        /* numbers in all */
    real *all;           /* [count]: what follows, in this order; owned */
    real *W_dec;         /* [F][d] */
    real *W_enc;         /* [F][d], transposed: pre = (x - b_dec) W_enc^T + b_enc */
    real *b_enc;         /* [F] */
    real *b_dec;         /* [d] */
    real *log_threshold; /* [F] of jumprelu, which is kept above 0 by its logarithm; NULL otherwise */
} sae_parameters;

/* The number of parameters. */
uint64_t parameters_size(uint32_t d, uint32_t F, bool has_threshold);
/* Allocate, all zero. Owner: parameters_free. */
void parameters_new(sae_parameters *m, uint32_t d, uint32_t F, bool has_threshold);
void parameters_free(sae_parameters *m);

/* Initialise: random directions, uniform on the sphere and the same for a latent's encoder and decoder, with the given
 * norms; b_enc 0; all thresholds alike. b_dec stays as it is. */
void parameters_init(sae_parameters *m, uint64_t seed, real encoder_norm, real decoder_norm, real threshold);

/* Dot product by 16 partial sums, added in the same order on every processor. */
real row_dot(const real *a, const real *b, uint32_t n);
/* to[n] += times from[n] */
void row_add(real *to, const real *from, real times, uint32_t n);

#endif
