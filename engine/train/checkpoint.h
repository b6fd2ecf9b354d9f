/* train/checkpoint.h: a run's full state in one safetensors file; a resumed run takes the same steps as an unbroken
 * one.
 *
 *     parameters, first_moment, second_moment   F32, in the order of sae_parameters
 *     silent                                    U64 [F], tokens since each latent fired
 *     settings                                  F64, in the order of SCRY_TRAIN_SETTINGS
 *     place                                     U64: step, epoch, window, row in it, fingerprint of the data,
 *                                               condition + 1, whether NaN and infinity are allowed
 *     numbers                                   F64: scale, threshold of batchtopk
 *     captures                                  U8: their paths, each followed by a line's end
 *     names                                     U8: of model and hook, each followed by a NUL; empty: not known */
#ifndef SCRY_TRAIN_CHECKPOINT_H
#define SCRY_TRAIN_CHECKPOINT_H

#include "train/trainer.h"

#define CHECKPOINT_NAME "checkpoint.safetensors"

/* Replace the folder's checkpoint atomically: after an error the old one is still there. */
bool checkpoint_write(const trainer *t, const char *folder, scry_error *err);

typedef struct checkpoint {
    scry_train_settings settings;
    uint64_t step, epoch, window, at, fingerprint;
    int condition;
    bool allow_nonfinite;
    double scale, threshold;
    char **path; /* [paths], owned */
    size_t paths;
    char *name[2]; /* of model and hook; NULL: not known; owned */
    void *file;    /* tensor_file, for checkpoint_fill; owned */
} checkpoint;

bool checkpoint_open(checkpoint *c, const char *folder, scry_error *err);
/* True when the checkpoint has this many parameters. Ask before allocating the model. */
bool checkpoint_has(const checkpoint *c, uint64_t parameters, scry_error *err);
/* Copy the parameters, the moments and the silent counts into a trainer made with the checkpoint's settings. */
bool checkpoint_fill(const checkpoint *c, trainer *t, scry_error *err);
/* Add the checkpoint's name to err, which says what is wrong with its settings. Returns false. */
bool checkpoint_damaged(const checkpoint *c, scry_error *err);
void checkpoint_close(checkpoint *c);

#endif
