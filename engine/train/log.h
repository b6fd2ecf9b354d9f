/* train/log.h: train.jsonl, the log of a run, one object a line.
 *
 * The first has "event": "start" and the settings, the others
 *     step tokens seconds lr sparsity loss mse penalty aux pre_act l0 explained_variance held_out_explained_variance
 *     held_out_l0 dead resampled gradient tokens_per_second
 * where loss to explained_variance are of that step's batch and seconds are counted from the start of the process;
 * null where there is no figure. */
#ifndef SCRY_TRAIN_LOG_H
#define SCRY_TRAIN_LOG_H

#include "train/trainer.h"

#define LOG_NAME "train.jsonl"

typedef struct log_line {
    double seconds, lr, gradient, tokens_a_second; /* gradient: its norm before clipping */
    double held_explained_variance, held_l0;       /* NaN without held-out rows */
    uint32_t resampled;
} log_line;

/* On resuming, remove the lines of steps after the checkpoint's. */
bool log_open(trainer *t, const char *folder, bool resume, scry_error *err);
bool log_write(trainer *t, const char *folder, const log_line *line, scry_error *err);
/* Sync the file to disk. */
bool log_sync(trainer *t, const char *folder, scry_error *err);
void log_close(trainer *t);

#endif
