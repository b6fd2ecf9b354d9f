/* train.h: trains a sparse autoencoder on residuals, or on differences of paired residuals, and evaluates one.
 *
 * Symbols: d the width of the residual stream, F the number of latents, B the batch, x a residual,
 * x^ its reconstruction, e = x^ - x. All losses are means over tokens of sums over the d
 * dimensions, after the residuals were scaled to a mean norm of sqrt(d); the saved weights have that
 * scale folded in and read and write residuals as they are.
 *
 *   relu       |e|^2 + w sum_j h_j |W_dec_j|             Anthropic, "Circuits Updates, April 2024"
 *   topk       |e|^2, the K largest pre-activations > 0  Gao et al., "Scaling and evaluating SAEs"
 *   batchtopk  |e|^2, the K B largest of the batch       Bussmann et al., "BatchTopK SAEs"
 *   jumprelu   |e|^2 + w sum_j [pre_j > t_j]             Rajamanoharan et al., "Jumping Ahead"
 *              or  + w sum_j tanh(c h_j |W_dec_j|)       Anthropic, "Circuits Updates, January 2025",
 *              and + p sum over dead j of max(0, t_j - pre_j) |W_dec_j|, from there too; p is 0 unless it is set */
#ifndef SCRY_TRAIN_H
#define SCRY_TRAIN_H

#include "scry.h"

typedef enum scry_arch { SCRY_RELU, SCRY_TOPK, SCRY_BATCHTOPK, SCRY_JUMPRELU, SCRY_ARCHS } scry_arch;
typedef enum scry_penalty { SCRY_PENALTY_L0, SCRY_PENALTY_TANH, SCRY_PENALTIES } scry_penalty;
typedef enum scry_decay { SCRY_CONSTANT, SCRY_LINEAR, SCRY_COSINE, SCRY_DECAYS } scry_decay;
typedef enum scry_center { SCRY_MEAN_CENTER, SCRY_MEDIAN, SCRY_ZERO, SCRY_CENTERS } scry_center;
/* How dead latents are revived: AuxK trains them on the error that the others leave; resampling reinitialises them from
 * tokens with a large loss (Bricken et al., "Towards Monosemanticity"). */
typedef enum scry_revive { SCRY_AUXK, SCRY_RESAMPLE, SCRY_NO_REVIVAL, SCRY_REVIVALS } scry_revive;

/* Their names in commands and files, [SCRY_ARCHS], [SCRY_PENALTIES], ... */
extern const char *const scry_arch_names[],
    *const scry_penalty_names[], *const scry_decay_names[], *const scry_center_names[], *const scry_revive_names[];

/* The settings of a training run, a row each, in the order of a checkpoint. whole: only whole numbers;
 * words: names of an enum's values, or NULL. */
#define SCRY_TRAIN_SETTINGS(SETTING)                                                                                   \
    SETTING(arch, 0, SCRY_ARCHS - 1, true, scry_arch_names)                                                            \
    SETTING(d_in, 1, 1 << 20, true, NULL)                                                                              \
    SETTING(width, 1, 1 << 26, true, NULL)        /* F */                                                              \
    SETTING(k, 1, 1 << 20, true, NULL)            /* TopK, BatchTopK: active latents a token */                        \
    SETTING(sparsity, 0, 1e9, false, NULL)        /* w: weight of the penalty of relu and jumprelu */                  \
    SETTING(sparsity_warmup, 0, 1e12, true, NULL) /* steps in which w rises from 0 */                                  \
    SETTING(penalty, 0, SCRY_PENALTIES - 1, true, scry_penalty_names)                                                  \
    SETTING(bandwidth, 1e-9, 1e9, false, NULL)       /* width of the straight-through estimator's rectangle */         \
    SETTING(first_threshold, 1e-9, 1e9, false, NULL) /* jumprelu's initial thresholds */                               \
    SETTING(tanh_scale, 1e-9, 1e9, false, NULL)      /* c */                                                           \
    SETTING(steps, 1, 1e12, true, NULL)                                                                                \
    SETTING(batch, 1, 1 << 20, true, NULL) /* tokens per step */                                                       \
    SETTING(lr, 0, 1e3, false, NULL)       /* Adam's learning rate */                                                  \
    SETTING(beta1, 0, 0.9999999, false, NULL)                                                                          \
    SETTING(beta2, 0, 0.9999999, false, NULL)                                                                          \
    SETTING(warmup, 0, 1e12, true, NULL) /* steps in which the learning rate rises from 0 */                           \
    SETTING(decay, 0, SCRY_DECAYS - 1, true, scry_decay_names)                                                         \
    SETTING(clip, 0, 1e12, false, NULL)                           /* largest norm of the gradient; 0: any */           \
    SETTING(center, 0, SCRY_CENTERS - 1, true, scry_center_names) /* initial b_dec */                                  \
    SETTING(normalize, 0, 1, true, NULL)                          /* scale residuals to a mean norm of sqrt(d) */      \
    SETTING(revive, 0, SCRY_REVIVALS - 1, true, scry_revive_names)                                                     \
    SETTING(dead_after, 1, 1e15, true, NULL) /* tokens without firing that make a latent dead */                       \
    SETTING(auxk, 1, 1 << 20, true, NULL)    /* dead latents that AuxK uses per token */                               \
    SETTING(auxk_weight, 0, 1e9, false, NULL)                                                                          \
    SETTING(held_out, 0, 0.9, false, NULL) /* share of the rows that are not trained on */                             \
    SETTING(seed, 0, 4294967295.0, true, NULL)                                                                         \
    SETTING(window, 1, 1e12, true, NULL)           /* rows in memory at a time */                                      \
    SETTING(log_every, 1, 1e12, true, NULL)        /* steps */                                                         \
    SETTING(checkpoint_every, 1, 1e12, true, NULL) /* steps */                                                         \
    SETTING(weight_decay, 0, 1e3, false, NULL)     /* AdamW's, decoupled; of both matrices */                          \
    SETTING(pre_act_weight, 0, 1e9, false, NULL)   /* jumprelu: weight of the dead latents' pre-activation loss */

/* The settings of a run, all as numbers (an enum's value, a count, a share). -1: the default. */
typedef struct scry_train_settings {
#define SETTING(name, least, most, whole, words) double name;
    SCRY_TRAIN_SETTINGS(SETTING)
#undef SETTING
} scry_train_settings;

#define SCRY_UNDECIDED (-1.0)

/* Sets every setting to SCRY_UNDECIDED, which the run replaces by its default. */
void scry_train_undecided(scry_train_settings *settings);

/* The progress of a run. All but steps and tokens are of the latest measured step. */
typedef struct scry_train_progress {
    uint64_t step, steps, tokens;
    double loss, explained_variance; /* of the batch */
    double l0, dead;                 /* mean active latents per token; share of dead latents */
    double tokens_a_second, seconds_left;
} scry_train_progress;

/* The input: paths of residual files (any format of io/matrix.h; FILE:TENSOR names one of several) or of
 * study manifests, of which all residual captures are taken, or those of one condition. */
typedef struct scry_train_input {
    const char *const *path;
    size_t paths;
    /* [paths] what is subtracted from each path, row by row: the rows are path[i] - minus[i]. A file of residuals whose
     * rows are paired with the path's by number; of a study, the name of the condition whose captures are subtracted
     * from the others. NULL: nothing, but what a study says itself ("minus" of a capture) */
    const char *const *minus;
    int condition; /* in studies: a scry_condition, or -1 for all */
    bool allow_nonfinite;
    bool keep_outliers;    /* train and measure on outlier rows too */
    double max_norm_ratio; /* at least 1; 0: SCRY_MAX_NORM_RATIO */
} scry_train_input;

/* Rows whose norm is above max_norm_ratio times the median norm of their capture (a file, or a capture of a study).
 * They can hold nearly all the variance: an SAE that learns them alone then seems to explain everything. */
typedef struct scry_outliers {
    double max_norm_ratio;
    bool kept;               /* trained and measured on all the same */
    uint64_t rows, outliers; /* rows that the manifest keeps; outliers among them */
    double variance_share;   /* the outliers' part of sum |x - x-|^2 over all rows; NaN where that is 0 */
} scry_outliers;

typedef struct scry_train_run {
    scry_train_settings settings; /* ignored on resuming: the checkpoint's are used */
    unsigned threads;             /* 0: all processors */
    uint64_t memory;              /* bytes; 0: SCRY_MEMORY. Residuals beyond it are shuffled through a buffer */
    bool resume;
    /* What cfg.json is to say; NULL: as the study's manifest says, if the input is one. As the settings, they are
     * the checkpoint's on resuming. */
    const char *model_name, *hook_name;
    /* Called periodically on the caller's thread; false saves a checkpoint and stops. May be NULL. */
    bool (*progress)(void *context, const scry_train_progress *progress);
    void *context;
} scry_train_run;

/* The quality of an SAE on some tokens. x- is their mean.
 *   l0  mean number of active latents      explained_variance  1 - sum |e|^2 / sum |x - x-|^2
 *   fvu 1 - explained_variance, both NaN where all tokens are the same      mse  sum |e|^2 / (tokens d)
 *   cosine  mean of x.x^ / (|x| |x^|)      dead, dense: share of latents that never fire, and that
 *                                          fire on more than a tenth of the tokens */
enum { SCRY_RATE_BINS = 8 };
typedef struct scry_sae_quality {
    char sae[160]; /* its family and kind */
    uint32_t d_in, d_sae;
    uint64_t tokens;
    double l0, explained_variance, fvu, mse, cosine, dead, dense;
    /* Latents by firing rate: bin 0 never, then by decades: below 1e-6, ..., below 1e-1, 1e-1 and more. */
    uint64_t rates[SCRY_RATE_BINS];
    double seconds;
} scry_sae_quality;

/* The same SAE on the rows without outliers, and on all rows. Where there are no outliers the two are equal. */
typedef struct scry_sae_evaluation {
    scry_outliers outliers;
    scry_sae_quality without_outliers, with_outliers;
} scry_sae_evaluation;

/* The figures that count: without outliers, unless these are kept. */
static inline const scry_sae_quality *scry_evaluation_quality(const scry_sae_evaluation *e) {
    return e->outliers.kept ? &e->with_outliers : &e->without_outliers;
}

typedef struct scry_train_result {
    scry_train_settings settings;   /* as decided */
    uint64_t steps, tokens;         /* of the whole run */
    uint64_t rows, held_rows;       /* rows to train on, and held out */
    double seconds;                 /* of this call, without the last evaluation */
    bool held;                      /* measured on the held-out rows; else on the training rows */
    bool difference;                /* the rows were differences of paired rows */
    scry_sae_evaluation evaluation; /* of the SAE as saved; its outliers are those of all rows */
} scry_train_result;

/* Trains an SAE and writes the directory `out`: cfg.json and sae_weights.safetensors (SAELens), train.jsonl (the log),
 * and during the run checkpoint.safetensors. out must be empty or not exist, unless resuming, which continues from the
 * checkpoint to the same weights, bit for bit, as an uninterrupted run on this kind of processor, with any number of
 * threads. Nothing is written when the input is invalid. On resuming, input may have no paths: the checkpoint's are
 * used, and what it leaves out stays left out; allow_nonfinite applies from there on. When progress returns false:
 * saves a checkpoint and returns false with err, which says how to continue; before the first step nothing is written.
 */
bool scry_train(const char *out, const scry_train_input *input, const scry_train_run *run, scry_train_result *result,
                scry_notes *notes, scry_error *err);

/* The first line of a run's log, DIR/train.jsonl, which describes the run. */
typedef struct scry_train_about {
    char arch[16];
    double d_in, width, steps, batch, log_every;
} scry_train_about;

/* Any other line: the batch of a measured step, and the held-out rows as last evaluated. NaN: no figure. */
typedef struct scry_train_line {
    double step, tokens, seconds; /* seconds of the process that wrote it */
    double loss, l0, explained_variance;
    double held_out_l0, held_out_explained_variance;
    double dead, tokens_a_second;
} scry_train_line;

typedef struct scry_train_log scry_train_log;

/* Open and read a log. NULL and err where the folder has no log of scry train. Owner: scry_train_log_close. */
scry_train_log *scry_train_log_open(const char *folder, scry_error *err);
/* Read the lines added since; all of them again where --resume truncated the log. An incomplete last line waits. */
bool scry_train_log_read(scry_train_log *log, scry_error *err);
void scry_train_log_close(scry_train_log *log);
/* Both are valid until the next read. */
const scry_train_about *scry_train_log_about(const scry_train_log *log);
const scry_train_line *scry_train_log_lines(const scry_train_log *log, size_t *count);

/* Evaluate an SAE of any family on all rows of the input. progress is in tokens; may be NULL. False and err. */
bool scry_eval_sae(const char *sae, const scry_train_input *input, unsigned threads, scry_progress progress,
                   void *context, scry_sae_evaluation *out, scry_notes *notes, scry_error *err);

#endif
