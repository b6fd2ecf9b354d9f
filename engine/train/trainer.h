/* train/trainer.h: a training run: its settings, state, log, checkpoint and result. */
#ifndef SCRY_TRAIN_TRAINER_H
#define SCRY_TRAIN_TRAINER_H

#include "sae/sae.h"
#include "train/data.h"
#include "train/step.h"

#include <stdio.h>

enum {
#define SETTING(name, least, most, whole, words) SETTING_##name,
    SCRY_TRAIN_SETTINGS(SETTING)
#undef SETTING
        SETTINGS
};

/* Names in the order of SCRY_TRAIN_SETTINGS, and the numbers by that order. */
extern const char *const setting_names[SETTINGS];
double setting_get(const scry_train_settings *s, int which);

/* Give every undecided setting its default for residuals of width d with `rows` training rows, of which `window` fit
 * into memory. False and err when a setting is out of range or does not go with another. */
bool resolve_defaults(scry_train_settings *s, uint32_t d, uint64_t rows, uint64_t window, scry_error *err);

step_rules rules_of_settings(const scry_train_settings *s);
/* Norms of the rows of W_enc and W_dec before the first step. */
void initial_norms(const scry_train_settings *s, real *encoder, real *decoder);

/* Dead latents, and how they are revived. */
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

typedef struct trainer {
    scry_train_settings settings;
    train_data data;
    data_watch watch; /* of data, where the run has progress */
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
    const char *model_name, *hook_name; /* for cfg.json; NULL: not known. Borrowed from `data` or the run */
} trainer;

/* A run's full state in one safetensors file; a resumed run takes the same steps as an unbroken one.
 *
 *     parameters, first_moment, second_moment   F32, in the order of sae_parameters
 *     silent                                    U64 [F], tokens since each latent fired
 *     settings                                  F64, in the order of SCRY_TRAIN_SETTINGS
 *     place                                     U64: step, epoch, window, row in it, fingerprint of the data,
 *                                               condition + 1, whether NaN and infinity are allowed, whether outlier
 *                                               rows are kept
 *     numbers                                   F64: scale, threshold of batchtopk, max_norm_ratio
 *     captures                                  U8: their paths, each followed by a line's end
 *     names                                     U8: of model and hook, each followed by a NUL; empty: not known
 *     minus                                     U8: what is subtracted from each capture, each followed by a line's
 *                                               end; absent: nothing */
#define CHECKPOINT_NAME "checkpoint.safetensors"

/* Replace the folder's checkpoint atomically: after an error the old one is still there. */
bool checkpoint_write(const trainer *t, const char *folder, scry_error *err);

enum {
    PLACE_STEP,
    PLACE_EPOCH,
    PLACE_WINDOW,
    PLACE_AT,
    PLACE_DATA,
    PLACE_CONDITION,
    PLACE_NONFINITE,
    PLACE_OUTLIERS,
    PLACES
};
enum { NUMBER_SCALE, NUMBER_THRESHOLD, NUMBER_NORM_RATIO, NUMBERS };

typedef struct checkpoint {
    scry_train_settings settings;
    uint64_t place[PLACES];
    double number[NUMBERS];
    char **path; /* [paths], owned */
    size_t paths;
    char **minus; /* [minuses] as many as paths, or none; owned */
    size_t minuses;
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

/* Open the data, resolve the settings and allocate all buffers; initialise b_dec, the scale and the weights, or restore
 * them from the checkpoint (NULL: none). Writes nothing. Owner: trainer_free, also after a failure. */
bool trainer_init(trainer *t, const scry_train_input *input, const scry_train_run *run, const checkpoint *from,
                  scry_notes *notes, scry_error *err);
/* Free what the steps need; the data, the threads and the settings stay. */
void trainer_end(trainer *t);
void trainer_free(trainer *t);

/* train.jsonl, the log of a run, one object a line.
 *
 * The first has "event": "start" and the settings, the others
 *     step tokens seconds lr sparsity loss mse penalty aux pre_act l0 explained_variance held_out_explained_variance
 *     held_out_l0 dead resampled gradient tokens_per_second
 * where loss to explained_variance are of that step's batch and seconds are counted from the start of the process;
 * null where there is no figure. */
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

/* Write cfg.json and sae_weights.safetensors to the folder, each atomically. The scale of the residuals
 * and the norms of the decoder's rows are folded in: the SAE reads residuals as they are, and rows of W_dec have norm
 * 1. topk stays topk; batchtopk becomes jumprelu with one threshold for all, as SAELens saves it. */
bool save_sae(const trainer *t, const char *folder, scry_error *err);

/* Measure an SAE on the held-out rows of split data, or on the training rows; it has a decoder and reads data->d
 * numbers. Sums are in double precision and in one order whatever the number of threads. False when a row is not
 * finite, or when progress says so. */
bool evaluate(const sae *s, const train_data *data, bool held, parallel *pool, scry_progress progress, void *context,
              scry_sae_evaluation *out, scry_error *err);

#endif
