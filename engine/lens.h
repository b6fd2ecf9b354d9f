/* lens.h: the mean difference of paired residuals, and what it says: the activation-difference lens of Minder et al.,
 * "Narrow Finetuning Leaves Clearly Readable Traces in Activation Differences", arXiv 2510.13900.
 *
 * x_c(t) is the residual of token t at the study's hook under condition c. Over the pairs of a training set or domain,
 * all of them or those at one position of their samples,
 *
 *     m = E [x_of(t) - x_against(t)]
 *
 * in the residual's own units, before an SAE's preparation of its input. Which tokens count and which belong together
 * is the study's word, as in the index; where it pairs by sample, m is the mean over samples of the difference of their
 * means. A position counts a sample's own tokens from 0, without demonstrations, and those that "rows" cuts off with
 * it.
 *
 * An index holds activations, not residuals. Where both conditions were captured, m is read from the study's capture
 * files, which must be those that were indexed: the mean residual in the index is compared with theirs. Else, for sft
 * or rl against base on a domain, the two models are run on the domain's texts to the hook. Either way it is kept in a
 * file of its own next to the index, X.lens for X.scry, and read from there the next time.
 *
 * Threads: a scry_lens or a scry_span by one at a time; the index may be read by others meanwhile. */
#ifndef SCRY_LENS_H
#define SCRY_LENS_H

#include "base/cancel.h"
#include "logits.h"
#include "scry.h"

/* ---- opening -------------------------------------------------------------------------------- */

typedef struct scry_lens scry_lens;

typedef struct scry_lens_options {
    const char *model; /* the model's folder; NULL: scry_info.model_path */
    const char *tuned; /* the tuned model's folder, or a LoRA adapter's; NULL: the training set's */
    const char *study; /* the manifest or its folder, where its captures are; NULL: as the index knows it */
    unsigned threads;  /* 0: all processors */
    uint64_t memory;   /* limit of a model's run, in bytes; 0: SCRY_MEMORY */
} scry_lens_options;

/* Reads what is kept, if anything is. options may be NULL. NULL and err for an index whose captures are no residuals.
 * Borrows the index; copies the options. */
scry_lens *scry_lens_open(const scry_index *index, const scry_lens_options *options, scry_error *err);
void scry_lens_close(scry_lens *lens); /* accepts NULL */

/* ---- mean differences ----------------------------------------------------------------------- */

#define SCRY_LENS_TRAIN (-1) /* in place of a domain: the training set */
#define SCRY_LENS_ALL   (-1) /* in place of a position: all of them */
/* Positions that are kept at least, and at most. */
enum { SCRY_LENS_POSITIONS = 5, SCRY_LENS_MOST_POSITIONS = 256 };

typedef struct scry_lens_query {
    size_t train; /* training set; with a domain: the one whose tuned model it is */
    int domain;   /* its number, or SCRY_LENS_TRAIN */
    scry_condition of;
    scry_reference against;
    uint32_t positions; /* also of each of the first so many positions, at most SCRY_LENS_MOST_POSITIONS */
} scry_lens_query;

/* Where residuals were read. */
typedef enum scry_lens_source { SCRY_LENS_CAPTURES, SCRY_LENS_MODELS, SCRY_LENS_SOURCES } scry_lens_source;
const char *scry_lens_source_name(scry_lens_source source); /* "captures", "models" */

/* Over all positions, or at one; all but position and pairs are NaN, and mean NULL, where there is no pair. */
typedef struct scry_lens_mean {
    int32_t position; /* or SCRY_LENS_ALL */
    uint64_t pairs;
    double norm;            /* |m| */
    double reference_norm;  /* E |x_against(t)| */
    double difference_norm; /* E |x_of(t) - x_against(t)|, at least |m|, and equal where all differences are */
    const double *mean;     /* m [d_model] */
} scry_lens_mean;

typedef struct scry_lens_means {
    scry_lens_source source;
    const char *model, *tuned; /* SCRY_LENS_MODELS: their folders, else "" */
    bool was_kept;             /* nothing was computed */
    size_t count;
    const scry_lens_mean *mean; /* [count] all positions, then position 0, 1, ... */
} scry_lens_means;

/* Reads or computes. What is in out is borrowed from the lens and stays valid until it is closed. False and err, which
 * says what is missing and how to name it: a condition that was not captured and that no model can give, capture files
 * that are not found or not those that were indexed, models that are not found or do not fit; for positions of a study
 * that does not say where samples begin, or pairs by sample; and when cancelled. Notes (may be NULL) receive what of a
 * domain's texts the models cannot read, and that the file could not be written. */
bool scry_lens_read(scry_lens *lens, const scry_lens_query *query, scry_lens_means *out, const scry_cancel *cancel,
                    scry_notes *notes, scry_error *err);
/* True when the query's residuals were captured, are kept, or come from models that are named; whether their files are
 * there is not asked. */
bool scry_lens_can(const scry_lens *lens, const scry_lens_query *query);
/* Sets query->of to the first of sft, rl, icl and control for which that is so; sft where it is of none. */
void scry_lens_first_source(const scry_lens *lens, scry_lens_query *query);
/* SCRY_LENS_POSITIONS, or 0 where the query has no positions. */
uint32_t scry_lens_positions(const scry_lens *lens, const scry_lens_query *query);
/* True when scry_lens_read would compute nothing. */
bool scry_lens_at_hand(const scry_lens *lens, const scry_lens_query *query);
/* Copies m over all positions, in one call, to out [d_model]. options may be NULL. */
bool scry_lens_direction(const scry_index *index, const scry_lens_options *options, const scry_lens_query *query,
                         double *out, const scry_cancel *cancel, scry_error *err);

/* ---- tokens --------------------------------------------------------------------------------- */

/* Whose final norm and output matrix. THROUGH(enumerator, name) */
#define SCRY_LENS_THROUGH_TABLE(THROUGH)                                                                               \
    THROUGH(SCRY_THROUGH_BASE, "base")                                                                                 \
    THROUGH(SCRY_THROUGH_TUNED, "tuned")
typedef enum scry_lens_through {
#define THROUGH(id, name) id,
    SCRY_LENS_THROUGH_TABLE(THROUGH)
#undef THROUGH
        SCRY_LENS_THROUGHS
} scry_lens_through;
/* "base|...", for the values of options; &[1] leaves out the first bar. */
#define SCRY_LENS_THROUGH_BARRED(id, name) "|" name
#define SCRY_LENS_THROUGH_VALUES           (&SCRY_LENS_THROUGH_TABLE(SCRY_LENS_THROUGH_BARRED)[1])
const char *scry_lens_through_name(scry_lens_through through);
/* -1: unknown */
int scry_lens_through_of(const char *name);
const char *scry_lens_through_choices(char out[SCRY_CHOICES], const char *quote);

/* Writes the `top` tokens of each side to out [count][SCRY_LOGIT_SIDES][top], as scry_logits_read does, for vectors
 * m [count] of d_model numbers (NULL: none, the list is empty). The logits are those of m at the size that a final RMS
 * norm gives it,
 *
 *     logit_v = sqrt(d) / |m| sum_i m_i g_i U[v][i]
 *
 * with g and U as in logits.h, so that positions compare. Texts are borrowed from the lens. tuned: of training set
 * `train`. False and err, which says what is missing, where the model is not there or does not fit, or when
 * cancelled. */
bool scry_lens_tokens(scry_lens *lens, scry_lens_through through, size_t train, const double *const *m, size_t count,
                      size_t top, scry_token_logit *out, const scry_cancel *cancel, scry_error *err);
/* The folder of the model that it would take; "": none is named. Borrowed from the lens or the index. */
const char *scry_lens_model(const scry_lens *lens, scry_lens_through through, size_t train);

/* ---- decoder rows --------------------------------------------------------------------------- */

/* The span of the decoder rows of a set of latents, as an orthonormal basis that follows the set: a latent more or less
 * costs the basis' size once, not its making. Borrows the index. */
typedef struct scry_span scry_span;
/* Of the empty set. NULL and err where the index has no decoder. */
scry_span *scry_span_new(const scry_index *index, scry_error *err);
void scry_span_free(scry_span *span); /* accepts NULL */
/* Makes the span that of `set`, for about so many seconds (0: to the end). True when it is. Takes 8 bytes times the
 * rank times d_model and rank. */
bool scry_span_work(scry_span *span, const scry_set *set, double seconds);
/* Its dimension: of a random subspace of this dimension, the expected share is rank / d_model. */
uint32_t scry_span_rank(const scry_span *span);
/* The share of |m|^2 that the projection of m [d_model] onto the span has, 0 to 1; NaN for m of length 0. Depends on
 * the set, not on the steps that led to it, but for rounding (below 1e-6). A row counts as independent of others where
 * what is left of it is more than 1e-6 of its length. */
double scry_span_share(const scry_span *span, const double *m);

enum { SCRY_LENS_RANDOM_SETS = 20 };
/* The same of `sets` random sets of `size` latents that are active somewhere: their mean and standard deviation for
 * each vector of m [count] (NULL: NaN). Decoder rows lie where residuals vary, so that random ones span more of a
 * difference than a random subspace does. NaN where fewer latents are active; the deviation also of a single set.
 * Figures depend on the seed alone. False and "cancelled". */
bool scry_span_random(const scry_index *index, uint32_t size, uint32_t sets, uint64_t seed, const double *const *m,
                      size_t count, double *mean, double *sd, const scry_cancel *cancel, scry_error *err);

#endif
