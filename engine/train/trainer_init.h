/* trainer_init.h: a trainer from its input and settings, or from a checkpoint. */
#ifndef SCRY_TRAIN_TRAINER_INIT_H
#define SCRY_TRAIN_TRAINER_INIT_H

#include "train/checkpoint.h"

/* Opens the data, decides the settings, and makes everything that a run works in; b_dec, the scale and the
 * weights as they are at the beginning, or as the checkpoint (NULL: none) has them. Writes nothing.
 * Owner: trainer_free, also after a failure. */
bool trainer_init(trainer *t, const scry_train_input *input, const scry_train_run *run, const checkpoint *from,
                  scry_notes *notes, scry_error *err);
/* Gives back what steps need; the data, the threads and the settings stay. */
void trainer_end(trainer *t);
void trainer_free(trainer *t);

#endif
