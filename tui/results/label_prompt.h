/* label_prompt.h: questions to a language model what latents stand for, and how its answers became labels. */
#ifndef SCRY_RESULTS_LABEL_PROMPT_H
#define SCRY_RESULTS_LABEL_PROMPT_H

#include "labels.h"
#include "results/results.h"

typedef struct label_prompt_query {
    const scry_index *index;
    size_t examples, around; /* strongest excerpts, with a fifth as many of each fifth of the activations; tokens on
                                each side */
    uint64_t seed;
    const char *chat_model; /* the model that is asked */
    bool needs_tokens;      /* fail where it is not known what latents promote */
} label_prompt_query;

/* A line of a batch of chat completions in OpenAI's form, which other servers read too:
 *
 *     {"custom_id": "latent-17", "method": "POST", "url": "/v1/chat/completions", "body": {"model", "messages": [...]}}
 *
 * tokens [SCRY_LOGIT_SIDES][SCRY_LOGITS_KEPT]; NULL: not known. NULL where the latent never fires above 0. The caller
 * deletes it. */
cJSON *label_prompt(const label_prompt_query *q, uint32_t latent, const scry_token_logit *tokens);

typedef struct label_prompts_done {
    size_t written;
    scry_error no_tokens; /* why tokens that latents promote are not in the questions; empty: they are */
} label_prompts_done;
/* Replaces the file at path ("-": standard output) by the lines of the latents. False and err where it cannot be
 * written; false without err when cancelled. */
bool label_prompts_write(const label_prompt_query *q, scry_logits *logits, const uint32_t *latents, size_t count,
                         const char *path, label_prompts_done *done, const scry_cancel *cancel, scry_error *err);

/* What was done, in words. Write to out and return it. */
enum { LABEL_PROMPTS_TEXT = 240 };
const char *label_prompts_text(const label_prompts_done *done, size_t count, char out[LABEL_PROMPTS_TEXT]);
const char *labels_imported_text(const scry_labels_imported *done, char out[LABEL_PROMPTS_TEXT]);

#define LABEL_PROMPT_MODEL "gpt-4o-mini" /* the model that is asked unless another is named */
enum { LABEL_PROMPT_EXAMPLES = 10, LABEL_PROMPT_AROUND = 16 };

#endif
