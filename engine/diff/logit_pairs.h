/* diff/logit_pairs.h: the next-token distributions of two models at some tokens, and what tells them apart. */
#ifndef SCRY_DIFF_LOGIT_PAIRS_H
#define SCRY_DIFF_LOGIT_PAIRS_H

#include "base/parallel.h"
#include "diff.h"

/* What is known of a row. */
typedef struct pair_figures {
    double kl, log_probability[2]; /* of the target under base and tuned */
    double scale[2];               /* that turns their values into probabilities */
    uint32_t top[2];
    uint32_t pushed[SCRY_DIFF_PUSHED]; /* the first `pushed_count` of them */
    uint32_t pushed_count;
} pair_figures;

typedef struct logit_pairs {
    uint32_t vocabulary;
    size_t rows, room;
    float *values[2]; /* [room][vocabulary] logits of base and tuned; multiples of probabilities after pairs_compare */
    uint32_t *target; /* [room] */
    pair_figures *figures;
} logit_pairs;

/* Owner: pairs_free. */
void pairs_new(logit_pairs *p, uint32_t vocabulary, size_t room);
void pairs_free(logit_pairs *p);
/* Of `rows` rows of logits and targets: fills in figures, and turns logits into probabilities over figures.scale. */
void pairs_compare(logit_pairs *p, parallel *pool);
/* Adds tuned minus base of rows first..first + count to change [vocabulary], row after row. */
void pairs_add_change(const logit_pairs *p, size_t first, size_t count, double *change, parallel *pool);
/* The most probable tokens of a row, ties to the lower id. Returns how many. */
size_t pairs_top(const logit_pairs *p, int model, size_t row, size_t most, uint32_t *ids, double *probabilities);

#endif
