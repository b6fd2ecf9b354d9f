/* steering.h: what a continuation is steered by, as --steer and :steer name it. */
#ifndef SCRY_SHELL_STEERING_H
#define SCRY_SHELL_STEERING_H

#include "continuation.h"

/* Reads "1127:4", a latent and how much more it is to fire, or "lens:2", multiples of the mean difference of the
 * training set's residuals (lens.h), for which *lens is true. option: its name in messages. */
bool steering_read(const char *option, const char *text, scry_steering *out, bool *lens, scry_error *err);

/* The mean difference of sft and base over training set `train`, [d_model], by the models of the prompt where they are
 * needed. NULL and err as scry_lens_direction. The caller frees it. */
float *steering_lens(const scry_index *index, size_t train, const scry_prompt *prompt, const scry_cancel *cancel,
                     scry_error *err);

#endif
