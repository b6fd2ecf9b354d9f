/* diff/lens_internal.h: what the files of lens.h share. */
#ifndef SCRY_DIFF_LENS_INTERNAL_H
#define SCRY_DIFF_LENS_INTERNAL_H

#include "diff/lens_store.h"
#include "diff/lens_sums.h"
#include "evaluate/model_pair.h"
#include "index/read/index.h"
#include "lens.h"

/* A model whose output matrix is looked through. */
typedef struct lens_unembedding {
    char *folder; /* of the model, or of its adapter; NULL: not opened */
    model_pair pair;
    scry_run *run;
} lens_unembedding;

struct scry_lens {
    const scry_index *index;
    char *model, *tuned, *study; /* owned; NULL: as the index knows them */
    unsigned threads;
    uint64_t memory;
    lens_store store;
    lens_unembedding through[SCRY_LENS_THROUGHS];
    const scry_cancel *cancel; /* of the call under way */
};

/* The number of the group's capture under a condition, or -1. */
static inline int lens_capture(const scry_index *x, const scry_lens_query *q, scry_condition c) {
    return scry_find_capture(x, q->domain == SCRY_LENS_TRAIN ? -1 - (int)q->train : q->domain, c);
}
/* Sums the pairs of two captures from the study's files. */
bool lens_sum_captures(scry_lens *lens, const scry_lens_query *query, lens_sums *sums, scry_error *err);
/* The same of the two models' streams on the texts of a domain. Sets the folders and the fingerprints of the models in
 * `entry`. */
bool lens_sum_models(scry_lens *lens, const scry_lens_query *query, lens_sums *sums, lens_entry *entry,
                     scry_notes *notes, scry_error *err);
/* The folder of the tuned model, as the query's source and training set say; "": none is named. Borrowed. */
const char *lens_tuned_folder(const scry_lens *lens, const scry_lens_query *query);

void lens_unembedding_close(lens_unembedding *u);
/* True, and err says so, when the call under way is cancelled. */
static inline bool lens_cancelled(const scry_lens *lens, scry_error *err) {
    return scry_cancelled(lens->cancel) && !scry_fail(err, "cancelled");
}

#endif
