/* diff/diff_internal.h: an open comparison of two models, for its own files. */
#ifndef SCRY_DIFF_DIFF_INTERNAL_H
#define SCRY_DIFF_DIFF_INTERNAL_H

#include "diff/diff_texts.h"
#include "diff/logit_pairs.h"
#include "evaluate/model_pair.h"

typedef struct diff {
    scry_diff out; /* first: what the caller holds */
    const scry_diff_query *query;
    model_pair pair;
    diff_texts texts;
    uint32_t vocabulary;
    /* of each text, sums over its tokens that count: */
    double *kl, *gain, *differs, *tokens, *loss[2]; /* [texts.count] */
    double *change;                                 /* [groups][vocabulary] sums of tuned minus base */
    void (*take_token)(void *context, size_t text, uint32_t at, double kl, double gain); /* NULL: nobody asks */
    void *context;
    uint32_t *pushed; /* [groups][vocabulary] tokens at which it is pushed */
} diff;

/* Opens models and texts. Owner: diff_close, also after a failure. */
bool diff_open(diff *d, scry_notes *notes, scry_error *err);
void diff_close(diff *d);
/* Runs both models and fills in the sums and places. Refuses a base model that is not the one of the study. */
bool diff_run(diff *d, const scry_cancel *cancel, scry_notes *notes, scry_error *err);
/* Fills in the groups' figures. */
void diff_figures(diff *d);

/* Takes a token into the places where it is one of the greatest. row: of pairs; at: of the text. */
void diff_take_place(diff *d, const logit_pairs *pairs, size_t row, size_t text, uint32_t at);

#endif
