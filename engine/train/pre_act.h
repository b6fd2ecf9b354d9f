/* train/pre_act.h: the pre-activation loss of dead jumprelu latents, mean over tokens of
 *     sum over dead j of max(0, t_j - pre_j) |W_dec_j|
 * (Anthropic, "Circuits Updates, January 2025"; as in SAELens, of latents that are dead). */
#ifndef SCRY_TRAIN_PRE_ACT_H
#define SCRY_TRAIN_PRE_ACT_H

#include "train/step.h"

/* Set is_dead from the list of dead latents, before the tiles are decoded. */
void pre_act_mark(train_step *s);
/* The loss without its weight, once x_sum and each tile's `over` are known. */
double pre_act_loss(train_step *s);
/* Add the weighted loss's derivatives with respect to W_enc_j [d], b_enc_j, t_j and |W_dec_j| of dead latent j. That of
 * b_dec follows from b_enc_j's, as for all latents. */
void pre_act_slopes(const train_step *s, uint32_t j, real *d_enc, real *d_bias, real *d_threshold, real *d_norm);

#endif
