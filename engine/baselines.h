/* baselines.h: baselines for the score: the same method on the dimensions of the residual stream, mean activations, and
 * similarities of representations (STS paper, tables 5 and 13, fig. 2a). Any thread may run it, as analysis.h. d is
 * d_model, D the number of domains. */
#ifndef SCRY_BASELINES_H
#define SCRY_BASELINES_H

#include "analysis.h"

/* Means over a dimension x of the residual stream: over a capture's kept tokens E x and E x^2, and over its pairs with
 * the base of its group E (x - x_base)^2 (by token, or by means over samples, as the study pairs), or with the
 * reference of the index (scry_index_against). NONE: the score has no counterpart. */
typedef enum scry_residual_sum_kind {
    SCRY_RESIDUAL_MEAN,
    SCRY_RESIDUAL_SQUARE,
    SCRY_RESIDUAL_DIFFERENCE,
    SCRY_RESIDUAL_NONE
} scry_residual_sum_kind;

/* The means [d] of a capture; NULL when it held features, or (DIFFERENCE) has no partner. */
const double *scry_residual_sum(const scry_index *index, size_t capture, scry_residual_sum_kind kind);

/* Ranks the dimensions of the residual stream by mean squared shift; NULL and err when the captures hold no residuals.
 */
scry_ranking *scry_rank_residual(const scry_index *index, size_t train, scry_condition source, scry_error *err);

/* One way to predict the change from the captures. Texts are constants, or borrowed from the index. */
typedef struct scry_baseline {
    const char *name;  /* "sts", "raw", "all latents", "all dimensions", "training similarity" ... as below */
    const char *of;    /* what it is computed from: "latents", "dimensions" */
    const char *score; /* a score's name, or "cosine" */
    const char *with;  /* base-tuned similarity: the condition compared with the reference; else "" */
    uint32_t n;        /* number of latents or dimensions used */
    scry_result result;
} scry_baseline;

/* Rows in the order of the paper's table, after the STS of the ranking's first `top` latents:
 *
 *     sts                  each score of those latents
 *     raw                  each score of the first `top` dimensions (or all d) by the same source:
 *                          E sum x, mean E x^2, E sum (x_icl - x)^2
 *     all latents          E of the sum of all activations
 *     all dimensions       E of the sum of the residual
 *     training similarity  cosine of the domain's mean residual (latents: of its mean activations) and
 *                          the training set's, base captures
 *     base-tuned similarity cosine of the domain's means under base (the index's reference) and under
 *                          another condition, for each that every domain with a change has */
typedef struct scry_baselines {
    size_t count;
    scry_baseline *row;
    bool has_raw; /* false: the index has no residuals, and no row of them */
} scry_baselines;

/* Computes all rows, with their statistics. threads 0: all processors. NULL when cancelled. */
scry_baselines *scry_baselines_new(const scry_index *index, const scry_ranking *ranking, uint32_t top,
                                   const scry_scope *scope, unsigned threads, const scry_cancel *cancel);
void scry_baselines_free(scry_baselines *baselines);

#endif
