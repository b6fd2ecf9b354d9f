/* promoted_tokens.h: the tokens whose logits directions of the stream raise and lower most. */
#ifndef SCRY_MODEL_PROMOTED_TOKENS_H
#define SCRY_MODEL_PROMOTED_TOKENS_H

#include "logits.h"
#include "model.h"

/* Writes the `top` largest and smallest logits (scry_run_unembed) of directions [count][d] to
 * out [count][SCRY_LOGIT_SIDES][top], as scry_logits_read does; texts are borrowed from the tokenizer. NaN is never
 * among them. False and err when cancelled. */
bool promoted_tokens(scry_run *run, const scry_tokenizer *tok, const float *directions, size_t count, size_t top,
                     scry_token_logit *out, scry_error *err);

#endif
