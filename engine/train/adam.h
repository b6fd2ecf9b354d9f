/* train/adam.h: Adam (D. Kingma and J. Ba) and the schedules of its learning rate.
 *
 * Weight decay is I. Loshchilov and F. Hutter's, apart from the gradient ("Decoupled Weight Decay Regularization"):
 * W_dec and W_enc are multiplied by 1 - lr weight_decay before the step. Biases and thresholds are not drawn to 0. */
#ifndef SCRY_TRAIN_ADAM_H
#define SCRY_TRAIN_ADAM_H

#include "base/parallel.h"
#include "train.h"
#include "train/parameters.h"

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
