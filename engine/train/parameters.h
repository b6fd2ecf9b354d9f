/* train/parameters.h: the parameters under training and their gradients, in one allocation each, and their optimiser.
 *
 * Both matrices are kept by latent, [F][d]: an active latent touches one row of each. */
#ifndef SCRY_TRAIN_PARAMETERS_H
#define SCRY_TRAIN_PARAMETERS_H

#include "base/blas.h"
#include "base/cpu_dispatch.h"
#include "base/parallel.h"
#include "train.h"

#include <cblas.h>

/* The number that training computes in: single precision; the test of the gradients compiles the same files in double
 * precision, where finite differences can be told from rounding. */
#ifdef TRAIN_DOUBLE
typedef double real;
#define REAL_GEMM (blas_room(), cblas_dgemm) /* where there is no room it would not return */
#define REAL_SQRT sqrt
#else
typedef float real;
#define REAL_GEMM (blas_room(), cblas_sgemm)
#define REAL_SQRT sqrtf
#endif

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

/* Adam (D. Kingma and J. Ba). Weight decay is I. Loshchilov and F. Hutter's, apart from the gradient ("Decoupled Weight
 * Decay Regularization"): W_dec and W_enc are multiplied by 1 - lr weight_decay before the step. Biases and thresholds
 * are not drawn to 0. */
typedef struct train_adam {
    size_t count;
    real *m, *v; /* [count] running means of the gradient and of its square */
} train_adam;

void adam_new(train_adam *a, size_t count);
void adam_free(train_adam *a);

/* Update m by the gradient; step counts from 1. times: factor on the gradient (clipping). unit_decoder: rescale the
 * rows of W_dec to norm 1. */
void adam_step(train_adam *a, parallel *pool, sae_parameters *m, const sae_parameters *grad, uint64_t step,
               const scry_train_settings *settings, double lr, double times, bool unit_decoder);

/* The learning rate of a step (from 0): rises over `warmup` steps; then constant, or falls to 0 by a cosine, or
 * linearly over the last fifth. */
double adam_rate(const scry_train_settings *settings, uint64_t step);
/* The weight of the penalty in a step: rises over `sparsity_warmup` steps. */
double adam_sparsity(const scry_train_settings *settings, uint64_t step);

#endif
