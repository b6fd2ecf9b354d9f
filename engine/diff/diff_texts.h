/* diff/diff_texts.h: the texts that two models read, from an index or from files. */
#ifndef SCRY_DIFF_DIFF_TEXTS_H
#define SCRY_DIFF_DIFF_TEXTS_H

#include "causal/causal_texts.h"
#include "diff.h"
#include "evaluate/texts.h"

/* The model reads ids[0..to - 1); tokens from..to count, each given all before it. 0 < from < to. */
typedef struct diff_text {
    const uint32_t *ids; /* [to] borrowed */
    uint32_t from, to, group, sample;
    uint32_t capture, before; /* of an index: token t lies on row + t - before of the capture, for t >= before */
    uint64_t row;
} diff_text;

/* {0} is empty. Owner: diff_texts_free. */
typedef struct diff_texts {
    diff_text *texts; /* [count] group after group */
    size_t count;
    size_t *first;          /* [groups + 1] the first text of each group */
    scry_diff_group *group; /* [groups] name (borrowed), is_train, samples, left_out and tokens */
    size_t groups, longest; /* the largest `to` */
    uint64_t tokens;        /* that count, of all */
    causal_texts of_index;
    measured_domains of_files;
} diff_texts;

/* Reads them for a query; most_tokens: of the longest sequence. False and err where there is none. */
bool diff_texts_read(diff_texts *t, const scry_diff_query *query, const scry_tokenizer *tok, size_t most_tokens,
                     scry_notes *notes, scry_error *err);
void diff_texts_free(diff_texts *t);

#endif
