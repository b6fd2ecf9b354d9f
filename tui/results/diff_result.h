/* diff_result.h: where two models speak differently, as JSON, and the columns of its tables. */
#ifndef SCRY_RESULTS_DIFF_RESULT_H
#define SCRY_RESULTS_DIFF_RESULT_H

#include "diff.h"
#include "results/results.h"

typedef struct diff_view {
    const scry_diff *diff;
    const scry_index *index;   /* NULL: the texts are of files, and there is no measured change */
    const scry_result *result; /* NULL likewise */
    size_t train;
    bool is_signed, all_tokens, by_domain;
    scry_diff_by by;
    uint32_t words; /* of the vocabulary, each way; 0: not asked for */
    bool places;    /* asked for */
} diff_view;

/* {"base", "tuned", "rows", "domains": [...], "places": [...], "gained": [...], "lost": [...], rho, "seed"}. The caller
 * deletes it. */
cJSON *diff_result(const diff_view *v);
/* The columns of "domains". */
void diff_domain_columns(const diff_view *v, result_column out[8]);
/* Adds "place_rows", the places as rows of a table, and "word_rows", the vocabulary's: gained and lost side by side, of
 * all domains or one domain after the other. */
void diff_add_rows(cJSON *facts, const diff_view *v);
extern const result_column diff_place_columns[], diff_word_columns[], diff_domain_word_columns[];
/* The text above the tables. The caller frees it. */
char *diff_head(const cJSON *facts, const diff_view *v);

#endif
