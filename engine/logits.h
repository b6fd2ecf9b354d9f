/* logits.h: the tokens that a latent promotes and suppresses.
 *
 * Activation 1 of latent j adds row j of the decoder to the stream. By the direct path alone, through no block after
 * it, that adds to the logit of token v
 *
 *     logit_v = sum_i W_dec[j][i] g_i U[v][i]
 *
 * up to a positive factor, the same for all tokens: the final norm's division by the stream's size. g is the final
 * norm's weight (1 + w in Gemma), U the output matrix; under a layer norm the mean of W_dec[j] is taken off first.
 * Biases and the softcap are left out. Neuronpedia and SAEDashboard list the same tokens. */
#ifndef SCRY_LOGITS_H
#define SCRY_LOGITS_H

#include "base/cancel.h"
#include "scry.h"

typedef struct scry_token_logit {
    uint32_t id;       /* SCRY_NO_TOKEN: the list is at its end */
    float logit;       /* per unit of activation */
    const char *token; /* its text, which may hold part of a character; borrowed; NULL at the end */
} scry_token_logit;
#define SCRY_NO_TOKEN UINT32_MAX

/* The largest logits, largest first, and the smallest, smallest first; ties by id. Ids without a text, such as padding
 * rows of the output matrix, are left out. */
typedef enum scry_logit_side { SCRY_PROMOTED, SCRY_SUPPRESSED, SCRY_LOGIT_SIDES } scry_logit_side;

/* The number that an index keeps of each side, where its study named a model that was there. */
enum { SCRY_LOGITS_KEPT = 10 };

/* True when the index keeps the latent's tokens: not of a latent that is active nowhere. */
bool scry_keeps_logits(const scry_index *index, uint32_t latent);
/* Writes the kept tokens of a side to out[SCRY_LOGITS_KEPT], borrowed from the index, and returns their number. */
size_t scry_kept_logits(const scry_index *index, uint32_t latent, scry_logit_side side,
                        scry_token_logit out[SCRY_LOGITS_KEPT]);

/* Reads tokens of latents: those that the index keeps, or else (and always where `model` is not NULL) computed with the
 * model in that folder, or in info->model_path, which is opened when it is first needed. Borrows the index. For one
 * thread at a time. threads and memory as for a scry_run. Owner: scry_logits_close. */
typedef struct scry_logits scry_logits;
scry_logits *scry_logits_new(const scry_index *index, const char *model, unsigned threads, uint64_t memory);
void scry_logits_close(scry_logits *logits); /* accepts NULL */

/* Writes `top` tokens of each side of the latents to out [count][SCRY_LOGIT_SIDES][top], filled up with SCRY_NO_TOKEN;
 * their texts are borrowed from `logits` or the index. One pass over the output matrix for some hundreds of latents.
 * False and err where the index has no decoder, keeps too little and names no model, or its model is not there or does
 * not fit; when cancelled. */
bool scry_logits_read(scry_logits *logits, const uint32_t *latents, size_t count, size_t top, scry_token_logit *out,
                      const scry_cancel *cancel, scry_error *err);
/* What was noted when the model was opened: that its stream is not that of the study's captures, so that it is another
 * model. Borrowed. */
const scry_notes *scry_logits_notes(const scry_logits *logits);
/* True when a read of so many tokens of this latent needs no model. */
bool scry_logits_at_hand(const scry_logits *logits, uint32_t latent, size_t top);

#endif
