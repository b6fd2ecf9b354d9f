/* results/prompt_result.h: a text through the models, as JSON and as a table. */
#ifndef SCRY_RESULTS_PROMPT_RESULT_H
#define SCRY_RESULTS_PROMPT_RESULT_H

#include "prompt.h"
#include "results/results.h"

typedef struct scry_next_row {
    const char *name, *key, *help;
} scry_next_row;
extern const scry_next_row scry_next_rows[SCRY_NEXT_MODELS];

typedef struct prompt_view {
    const scry_index *index;
    const scry_prompt *prompt;
    const scry_prompt_result *result;
    const char *text;
    int64_t latent; /* whose activation each token has too; -1: none */
    uint32_t top;   /* strongest latents, and next tokens, at each */
} prompt_view;

/* {"text", "template", "model", "tuned", "hook", "ablated", "latent", "tokens": [{"position", "id", "token", "bos",
 * "outlier", "activation" (with a latent), "latents": [{"latent", "activation", "label"}], "next_base": [{"id",
 * "token", "probability"}], "next_tuned", "next_ablated"}]}; what was not run is null. */
cJSON *prompt_result(const prompt_view *v);
/* Puts texts in the place of the lists of each token, for a table or CSV, and adds "note": BOS, outlier or "".
 * one_line: line breaks in them are escaped (base/escape.h). */
void prompt_result_words(cJSON *facts, bool one_line);
enum { PROMPT_COLUMNS = 12 };
void prompt_result_columns(const prompt_view *v, bool csv, result_column out[PROMPT_COLUMNS]);

#endif
