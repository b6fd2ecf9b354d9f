/* ablate.h: what latents do in the model itself. The forward pass runs on from the hook without a set of them (or with
 * more of it), and each domain's loss moves (STS paper, fig. 1b).
 *
 * A scry_causal holds a model, the texts of an index's domains as token ids, and the residuals at the hook, computed
 * once. h_j of a token is the index's own activation: tokens that the study leaves out (skip_first, exclude, outliers,
 * tokens before the first row) are run as they are.
 *
 *     keep    x' = x + sum over j in D of (v_j - h_j) W_dec_j / input_scale      the SAE's error stays
 *     drop    x' = the SAE's reconstruction from h with h_j = v_j for j in D     at the tokens that the study counts
 *     v_j     scale * h_j (scale 0: removed); or the mean of h_j over the domain's counted tokens
 *
 * where the SAE normalises its input, its decoder's part is multiplied by the same token's norm. Losses are means over
 * the tokens of responses (where the study does not say where those begin: all tokens but the first of a sample), in
 * nats a token; each is compared with the run without ablation: as the model is (keep), or with the whole
 * reconstruction in place (drop).
 *
 * Threads: a scry_causal by one at a time, and it uses threads of its own; the index may be read by others meanwhile.
 */
#ifndef SCRY_ABLATE_H
#define SCRY_ABLATE_H

#include "base/cancel.h"
#include "correlation.h"

typedef struct scry_causal scry_causal;

/* What the model is computed in and latents are taken out in, as torch names it. Differences of losses are known to
 * about 2e-7 nats a token in float32, to 4e-9 in float64 (the index's activations are floats). PRECISION(enumerator,
 * name, other name) */
#define SCRY_PRECISION_TABLE(PRECISION)                                                                                \
    PRECISION(SCRY_FLOAT32, "float32", "float")                                                                        \
    PRECISION(SCRY_FLOAT64, "float64", "double")
typedef enum scry_precision {
#define PRECISION(id, ...) id,
    SCRY_PRECISION_TABLE(PRECISION)
#undef PRECISION
        SCRY_PRECISIONS
} scry_precision;

typedef struct scry_causal_options {
    const char *model;   /* the model's folder; NULL: scry_info.model_path */
    const char *study;   /* the manifest or its folder, where its token files are; NULL: as the index knows it */
    unsigned threads;    /* 0: all processors */
    uint64_t memory;     /* limit in bytes; 0: SCRY_MEMORY */
    const bool *domains; /* [D] those to run; NULL: all */
    size_t samples;      /* of a domain, at most, drawn by the seed; 0: all */
    uint64_t seed;
    scry_precision precision;  /* of the whole forward pass, from the embeddings on */
    const scry_cancel *cancel; /* of the opening; may be NULL */
} scry_causal_options;

/* Opens the model, reads the texts and runs them to the hook. Ids come from the study's token files where those are
 * found unchanged; else the token texts in the index are encoded again, and samples that give another number of tokens
 * are left out. NULL and err, which says what is missing and how to name it, where no model is named, it does not fit
 * the study (width, hook), no domain has a text, or memory does not suffice. Notes (may be NULL) receive how many
 * samples were left out, and why. Borrows the index. */
scry_causal *scry_causal_open(const scry_index *index, const scry_causal_options *options, scry_notes *notes,
                              scry_error *err);
void scry_causal_free(scry_causal *causal); /* accepts NULL */

/* A domain's texts, in the order of the index's domains; samples 0: it has none that the model can read. */
typedef struct scry_causal_domain {
    size_t samples, left_out;
    uint64_t tokens; /* that count for the loss */
} scry_causal_domain;
const scry_causal_domain *scry_causal_domains(const scry_causal *causal); /* [D] */
scry_precision scry_causal_precision(const scry_causal *causal);

/* What becomes of the set's activations. VALUE(enumerator, name, help) */
#define SCRY_ABLATION_VALUE_TABLE(VALUE)                                                                               \
    VALUE(SCRY_VALUE_ZERO, "zero", "removed, or multiplied by --scale")                                                \
    VALUE(SCRY_VALUE_MEAN, "mean", "replaced by their mean over the domain's tokens")
typedef enum scry_ablation_value {
#define VALUE(id, ...) id,
    SCRY_ABLATION_VALUE_TABLE(VALUE)
#undef VALUE
        SCRY_ABLATION_VALUES
} scry_ablation_value;

typedef struct scry_ablation {
    scry_ablation_value value;
    double scale;    /* with SCRY_VALUE_ZERO; 0 removes, 1 changes nothing, 2 doubles */
    bool drop_error; /* patch the SAE's reconstruction in */
} scry_ablation;

/* A domain's figures; NaN where it has no text. */
typedef struct scry_domain_effect {
    double loss, loss_ablated;         /* nats a token */
    double difference, se;             /* loss_ablated - loss; its standard error over samples */
    double accuracy, accuracy_ablated; /* share of tokens that are the most likely one */
} scry_domain_effect;

/* Runs the model on without the set. Writes each domain's figures to out [D], and, where sample_difference is not NULL,
 * the rise of each sample's summed loss to it, domain after domain. Runs only the samples in which the set is active;
 * the runs of the unablated model are made once and kept. Results do not depend on threads. A domain's loss is a ratio
 * L = sum over samples of y_s / sum of n_s (n_s: tokens that count), and so is the difference, with y_s the rise of a
 * sample's summed loss; its error is that of a ratio,
 *
 *     se^2 = m / (m - 1) sum over its m samples of (y_s - L n_s)^2 / (sum of n_s)^2
 *
 * (W. G. Cochran, Sampling Techniques, 1977, on ratios; without the correction for a finite population); NaN for m 1.
 * False and err for latents that are not scored (scry_require_scored), where memory does not suffice for the
 * reconstruction, and when cancelled. */
bool scry_ablate(scry_causal *causal, const scry_set *set, const scry_ablation *how, scry_domain_effect *out,
                 double *sample_difference, const scry_cancel *cancel, scry_error *err);

/* ---- what follows from the effects ---------------------------------------------------------- */

/* The mean over the domains that have texts of their differences, the same of accuracy_ablated - accuracy; NaN where
 * none has. */
double scry_mean_difference(const scry_causal *causal, const scry_domain_effect *effects);
double scry_mean_accuracy_change(const scry_causal *causal, const scry_domain_effect *effects);

/* Correlates the differences with the measured change, as scry_result_fit does with a score: r->sts are the
 * differences. Adds what scry_result_finish_values adds, and the interval over resampled samples, where
 * sample_difference (of scry_ablate) is not NULL. False when cancelled. Owner: scry_result_free, in either case. */
bool scry_ablation_result(scry_result *r, const scry_causal *causal, const scry_domain_effect *effects,
                          const double *sample_difference, const scry_scope *scope, const scry_cancel *cancel);

/* The same of random sets of a selection's size. */
typedef struct scry_random_ablation {
    uint32_t sets, size; /* sets 0: fewer latents fire than there are in the set, or only candidates are known */
    size_t domains;
    double *difference; /* [sets][D] NaN where a domain has no text */
    double *accuracy;   /* [sets][D] accuracy_ablated - accuracy */
    double *pearson;    /* [sets] of the differences with the change over the scope; NaN: none */
} scry_random_ablation;

/* Draws `sets` random sets from the latents that are active on a domain's base capture, and ablates each. match_rate:
 * each latent of the set is replaced by one within 60 ranks of its number of activations there (its own among them);
 * those that are never active have no counterpart. Figures depend on the seed alone. False and err as scry_ablate.
 * Owner: scry_random_ablation_free, also after a failure. */
bool scry_ablate_random(scry_causal *causal, const scry_set *set, const scry_ablation *how, bool match_rate,
                        uint32_t sets, uint64_t seed, const scry_scope *scope, scry_random_ablation *out,
                        const scry_cancel *cancel, scry_error *err);
void scry_random_ablation_free(scry_random_ablation *random);

/* The first n latents of a ranking, ablated. */
typedef struct scry_ablation_point {
    uint32_t n;
    double difference, accuracy;    /* scry_mean_difference, scry_mean_accuracy_change */
    double random_mean, random_sd;  /* of random sets: of the mean difference; NaN: none were drawn */
    double random_low, random_high; /* its range, by SCRY_ABLATION_RANGE */
    double random_accuracy;         /* the mean of their scry_mean_accuracy_change */
    scry_fit fit;                   /* of the differences with the change */
    double spearman, p_value;       /* as in scry_sweep_point */
} scry_ablation_point;

/* The range of random sets: from this many on the 5 % and 95 % quantiles, else the least and the largest. */
enum { SCRY_ABLATION_RANGE = 20 };

/* Called after each N with the points so far, on the thread that ablates. */
typedef struct scry_ablation_watch {
    void (*points)(void *context, const scry_ablation_point *points, size_t count);
    void *context;
} scry_ablation_watch;

/* Ablates the first N for each N of scry_sweep_grid(top) (STS paper, fig. 1b), and `sets` random sets of as many (0:
 * none). watch may be NULL. Returns *count points, which the caller frees. NULL and err as scry_ablate. */
scry_ablation_point *scry_ablate_n(scry_causal *causal, const scry_ranking *ranking, const scry_ablation *how,
                                   const scry_scope *scope, uint32_t top, uint32_t sets, uint64_t seed,
                                   const scry_ablation_watch *watch, size_t *count, const scry_cancel *cancel,
                                   scry_error *err);

#endif
