/* baselines.h: what a score has to beat: the same method on the residual stream's own dimensions, mean
 * activations, and similarities of representations (STS paper, tables 5 and 13, fig. 2a).
 * d is d_model, D the number of domains. */
#ifndef SCRY_BASELINES_H
#define SCRY_BASELINES_H

#include "analysis.h"

/* Over a capture's kept tokens E x and E x^2, and over its pairs with the base of its group
 * E (x - x_base)^2 (by token, or by means over samples as the study pairs). */
typedef enum scry_residual_sum_kind {
    SCRY_RESIDUAL_MEAN,
    SCRY_RESIDUAL_SQUARE,
    SCRY_RESIDUAL_DIFFERENCE,
    SCRY_RESIDUAL_NONE
} scry_residual_sum_kind;

/* [d] of a capture; NULL when it held features, or (DIFFERENCE) is a base. */
const double *scry_residual_sum(const scry_index *index, size_t capture, scry_residual_sum_kind array);
/* The capture of a group (as in scry_capture_info) under a condition, or -1. */
int scry_capture_of(const scry_index *index, int group, scry_condition condition);

/* Dimensions of the residual stream by mean squared shift; NULL and err when the captures hold no
 * residuals. Owner: scry_ranking_free. */
scry_ranking *scry_rank_residual(const scry_index *index, size_t train, scry_condition source, scry_error *err);

/* One way to predict the change from the captures. */
typedef struct scry_baseline {
    const char *name;  /* "sts", "raw", "all latents", "all dimensions", "like training", "before and after" */
    const char *of;    /* "latents", "dimensions": what it is made of */
    const char *score; /* "act", "act2", "icl", "cosine" */
    const char *with;  /* before and after: the condition compared with base; else "" */
    uint32_t n;        /* how many latents or dimensions it takes in */
    scry_result result;
} scry_baseline;

/* Rows in the order of the paper's table, the STS of the ranking's first `top` latents before them:
 *
 *     sts                  each score of those latents
 *     raw                  each score of the first `top` dimensions (or all d) by the same source:
 *                          E sum x, mean E x^2, E sum (x_icl - x)^2
 *     all latents          E of the sum of all activations
 *     all dimensions       E of the sum of the residual
 *     like training        cosine of the domain's mean residual (latents: of its mean activations) and
 *                          the training set's, base captures
 *     before and after     cosine of the domain's means under base and under another condition, for
 *                          each that every domain with a change has */
typedef struct scry_baselines {
    size_t count;
    scry_baseline *row;
    bool has_raw; /* false: no residuals in the index, and so no row that takes them */
} scry_baselines;

/* threads 0: all. NULL when stopped. Owner: scry_baselines_free. */
scry_baselines *scry_baselines_new(const scry_index *index, const scry_ranking *ranking, uint32_t top,
                                   const scry_scope *scope, unsigned threads, const scry_cancel *stop);
void scry_baselines_free(scry_baselines *baselines);

/* Cosine of the mean activations of two captures over their kept tokens, for `pairs` pairs
 * [pairs][2]: out[pairs]; NaN where one is silent. Walks every posting of the index. False when
 * stopped. */
bool scry_mean_cosines(const scry_index *index, const int (*pair)[2], size_t pairs, double *out, unsigned threads,
                       const scry_cancel *stop);

#endif
