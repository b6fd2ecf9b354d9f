/* align.h: which rows of a group's captures belong together.
 *
 * A group is one text set under up to four conditions. Its rows are walked as runs: `length` rows
 * that follow each other in every condition of the mask, so that row[c] + k of one condition is
 * the partner of row[d] + k of another. A run of one condition has no partner: it counts for that
 * capture's own statistics only. Every kept row of every capture is in exactly one run. */
#ifndef SCRY_ALIGN_H
#define SCRY_ALIGN_H

#include "io/tokenfile.h"
#include "scry.h"

typedef struct align_view {
    bool present;
    const char *key; /* for messages */
    uint64_t rows;
    const token_text *text; /* NULL: no tokens */
    const uint8_t *kept;    /* [rows] 0: left out by skip_first or exclude */
} align_view;

typedef struct align_run {
    uint32_t mask;   /* bit c: condition c takes part */
    bool sample_end; /* pairing by sample: last run of a sample's conditions */
    uint64_t length;
    uint64_t row[SCRY_CONDITIONS];
} align_run;

typedef struct align_runs {
    align_run *run;
    size_t count, room;
} align_runs;

/* Owner of the runs: align_free. */
bool align_group(align_runs *runs, const align_view view[SCRY_CONDITIONS], scry_pairing pairing, const char *study_path,
                 scry_error *err);
void align_free(align_runs *runs);

#endif
