/* train/trainer.h: the state of a training run. */
#ifndef SCRY_TRAIN_TRAINER_H
#define SCRY_TRAIN_TRAINER_H

#include "train/adam.h"
#include "train/data.h"
#include "train/revive.h"
#include "train/defaults.h"
#include "train/step.h"
#include "train/stream.h"

#include <stdio.h>

typedef struct trainer {
    scry_train_settings settings;
    train_data data;
    uint64_t fingerprint;
    parallel *pool;
    train_stream stream;
    sae_parameters model, grad;
    train_adam adam;
    train_step step;
    train_step held;  /* some held-out rows, forward only; B 0 when there are none */
    float *held_rows; /* [held.B][d] */
    revive revive;
    uint64_t done;    /* steps */
    real scale;       /* residuals are multiplied by it */
    double threshold; /* of batchtopk: the running mean of where batches were cut */
    FILE *log;
    const char *model_name, *hook_name; /* for cfg.json; NULL: not known. Of `data`, the run or `names` */
    char *names[2];                     /* from a checkpoint; owned */
} trainer;

#endif
