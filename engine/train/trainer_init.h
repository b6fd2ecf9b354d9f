/* train/trainer_init.h: a trainer from its input and settings, or from a checkpoint. */
#ifndef SCRY_TRAIN_TRAINER_INIT_H
#define SCRY_TRAIN_TRAINER_INIT_H

#include "train/checkpoint.h"

/* Open the data, resolve the settings and allocate all buffers; initialise b_dec, the scale and the weights, or restore
 * them from the checkpoint (NULL: none). Writes nothing.
 * Owner: trainer_free, also after a failure. */
bool trainer_init(trainer *t, const scry_train_input *input, const scry_train_run *run, const checkpoint *from,
                  scry_notes *notes, scry_error *err);
/* Free what the steps need; the data, the threads and the settings stay. */
void trainer_end(trainer *t);
void trainer_free(trainer *t);

#endif
