/* token_alignment.h: which rows of a group's captures belong together.
 *
 * A group is one text set under one or more conditions. Its rows are walked as runs: `length` rows
 * that follow each other in every condition of the mask, so that row[c] + k of one condition is
 * the partner of row[d] + k of another. A run of one condition has no partner: it counts for that
 * capture's own statistics only. Every kept row of every capture is in exactly one run. */
#ifndef SCRY_STUDY_TOKEN_ALIGNMENT_H
#define SCRY_STUDY_TOKEN_ALIGNMENT_H

#include "io/tokenfile.h"
#include "scry.h"

typedef struct alignment_view {
    bool present;
    const char *key; /* for messages */
    uint64_t rows;
    const token_text *text;    /* NULL: no tokens */
    const uint8_t *kept;       /* [rows] 0: left out by skip_first or exclude. NULL: all count */
    const uint8_t *compared;   /* [rows] 0: the text of this row need not agree with its partner's. NULL: as kept */
    const string_pool *pieces; /* the texts of the tokens, for messages; NULL: not shown */
} alignment_view;

typedef scry_pair_counts pair_counts;

typedef struct alignment_run {
    uint32_t mask;   /* bit c: condition c takes part */
    bool sample_end; /* pairing by sample: last run of a sample's conditions */
    uint64_t length;
    uint64_t row[SCRY_CONDITIONS];
} alignment_run;

typedef struct alignment_runs {
    alignment_run *run;
    size_t count, room;
} alignment_runs;

/* Find the runs by the pairing. By token, samples with the same id are paired where their texts agree; a sample that is
 * longer than base's has demonstrations in front, and its end must hold base's tokens. Where ids and texts contradict
 * each other, samples are paired by their text (sample_matching.h). False and err, which names the first token that
 * differs, where that leaves a doubt, or where a text is missing. counts [SCRY_REFERENCES]: filled for each reference
 * and each other condition that are present, base's excepted; may be NULL. study_path: for messages. NULL: such a
 * sample has no partner, instead of an error. Owner of the runs: token_alignment_free. */
bool token_alignment_make(alignment_runs *runs, const alignment_view view[SCRY_CONDITIONS], scry_pairing pairing,
                          pair_counts (*counts)[SCRY_CONDITIONS], const char *study_path, scry_error *err);
void token_alignment_free(alignment_runs *runs);

#endif
