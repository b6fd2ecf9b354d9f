/* train/revive.h: dead latents, and how they are revived. */
#ifndef SCRY_TRAIN_REVIVE_H
#define SCRY_TRAIN_REVIVE_H

#include "train/adam.h"
#include "train/step.h"

typedef struct revive {
    uint32_t F;
    uint64_t *silent; /* [F] tokens since the latent last fired */
    uint64_t dead_after;
    uint32_t dead; /* number of latents silent for that long */
} revive;

void revive_new(revive *r, uint32_t F, uint64_t dead_after);
void revive_free(revive *r);
/* Update the counts after a step. */
void revive_count(revive *r, const train_step *s);
/* Set the step's list of dead latents, before the step. */
void revive_list(const revive *r, train_step *s);

/* Reinitialise dead latents from the last step's batch, after the optimiser's update (Bricken et al., "Towards
 * Monosemanticity", appendix): a token is drawn with a probability that grows with the square of its loss; the
 * decoder row takes its direction from the token, the encoder row too, at a fifth of the mean norm of the live
 * ones; bias 0, Adam's means 0. Returns how many there were. */
uint32_t revive_resample(revive *r, const train_step *s, sae_parameters *m, train_adam *adam, real decoder_norm,
                         real threshold, uint64_t seed);

#endif
