/* continuation_result.h: how models go on from a text, as JSON and side by side. */
#ifndef SCRY_RESULTS_CONTINUATION_RESULT_H
#define SCRY_RESULTS_CONTINUATION_RESULT_H

#include "continuation.h"
#include "results/result_table.h"

/* {"text", "model", "tuned", "temperature", "seed", "voices": [{"name", "text", "ended", "tokens": [{"id", "token",
 * "probability"}]}]}. The caller deletes it. */
cJSON *continuation_result(const scry_continuation *continuation, const scry_prompt *prompt, const char *text,
                           double temperature, uint64_t seed);
extern const result_column continuation_columns[]; /* of "voices" */
/* What all voices have said, in columns of equal width below their names: lines without their ends, *count of them,
 * safe for a terminal. The caller frees each and the list. */
char **continuation_lines(const scry_continuation *continuation, int columns, bool ascii, size_t *count);

#endif
