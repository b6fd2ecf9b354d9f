/* causal/prompt_internal.h: what the files of prompt.h share. */
#ifndef SCRY_CAUSAL_PROMPT_INTERNAL_H
#define SCRY_CAUSAL_PROMPT_INTERNAL_H

#include "base/parallel.h"
#include "evaluate/model_pair.h"
#include "prompt.h"
#include "sae/sae.h"

struct scry_prompt {
    const scry_index *index;
    scry_prompt_info info;
    model_pair pair;
    scry_run *run[2]; /* of base and tuned */
    sae sae;          /* without its decoder, which is read from the index */
    parallel *pool;
    uint64_t memory;           /* limit of a result, in bytes */
    const scry_cancel *cancel; /* of the prompt that is being run */
};

/* A text's ids, *front of which are beginning-of-text tokens. False and err for what scry_prompt_run refuses; ids is
 * empty then. Sets result->chat_template. */
bool prompt_encode(const scry_prompt *p, const scry_prompt_query *query, scry_prompt_result *result, scry_error *err);

/* Fills in result->outlier, start, latent and activation from x [tokens][d], the stream at the hook. False and err past
 * the memory limit, or when cancelled. */
bool prompt_activations(const scry_prompt *p, const float *x, scry_prompt_result *result, scry_error *err);

/* Takes the latents of the set out of the stream x [tokens][d], in place, at the tokens that count. */
void prompt_ablate(const scry_prompt *p, const scry_set *set, const scry_prompt_result *result, float *x);

#endif
