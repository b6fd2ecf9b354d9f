/* continuation.h: how the models go on from a prompt: the base model, the tuned one, the base model without a set of
 * latents, and the base model steered, side by side, a token at a time.
 *
 * Each voice reads the prompt and then its own tokens; keys and values are kept (scry_growing). At the study's hook the
 * stream of a token that counts (prompt.h) becomes
 *
 *     ablated   x - sum over j in D of h_j W_dec_j / input_scale     h_j as the SAE reads this voice's own token
 *     steered   x + sum of S W_dec_j / input_scale                   S of each latent: as if it fired by S more
 *               x + sum of S m                                       S of each direction m, in the stream's units
 *
 * where an SAE that normalises its input has its decoder's part multiplied by what the token was divided by. Outliers
 * among the prompt's tokens are run as they are; what comes after the prompt always counts.
 *
 * Greedy, or drawn at a temperature by the seed, the same for every voice, so that voices with the same distributions
 * say the same. A voice ends at a token that ends a text (scry_model_ends), which is not part of what it says.
 *
 * Threads: a scry_continuation by one at a time, and not while its scry_prompt runs a text. */
#ifndef SCRY_CONTINUATION_H
#define SCRY_CONTINUATION_H

#include "prompt.h"

/* VOICE(enumerator, name, help) */
#define SCRY_VOICE_TABLE(VOICE)                                                                                        \
    VOICE(SCRY_VOICE_BASE, "base", "the model as it is")                                                               \
    VOICE(SCRY_VOICE_TUNED, "tuned", "the tuned model")                                                                \
    VOICE(SCRY_VOICE_ABLATED, "ablated", "the model without the latents of the selection")                             \
    VOICE(SCRY_VOICE_STEERED, "steered", "the model with what --steer adds")
typedef enum scry_voice_kind {
#define VOICE(id, ...) id,
    SCRY_VOICE_TABLE(VOICE)
#undef VOICE
        SCRY_VOICES
} scry_voice_kind;
const char *scry_voice_name(scry_voice_kind kind);

typedef struct scry_steering {
    const float *direction; /* [d_model], borrowed; NULL: the latent's decoder row */
    uint32_t latent;
    double times;
} scry_steering;

typedef struct scry_continuation_query {
    scry_prompt_query prompt;      /* ablated NULL or empty: no such voice */
    const scry_steering *steering; /* [steering_count] added together; 0: no such voice */
    size_t steering_count;
    size_t tokens;      /* that each voice says, at most; the model's context may allow fewer */
    double temperature; /* 0: greedy */
    uint64_t seed;
} scry_continuation_query;

typedef struct scry_voice {
    bool speaks;             /* false: there is no such voice */
    bool ended;              /* it came to a token that ends a text */
    uint32_t *ids;           /* [count] what it has said */
    double *log_probability; /* [count] of each, at temperature 1 */
    size_t count;
} scry_voice;

typedef struct scry_continuation {
    size_t prompt_tokens, most; /* of the prompt; that each voice may say */
    scry_voice voice[SCRY_VOICES];
} scry_continuation;

/* Runs the prompt through every voice. Borrows the prompt, the set and the directions. NULL and err for what
 * scry_prompt_run refuses, for latents or a hook that cannot be changed, where memory does not suffice, and when
 * cancelled. */
scry_continuation *scry_continue_begin(scry_prompt *prompt, const scry_continuation_query *query,
                                       const scry_cancel *cancel, scry_error *err);
void scry_continue_end(scry_continuation *continuation); /* accepts NULL */
/* Has every voice that goes on say its next token. *more is false when none goes on. False and err when cancelled: what
 * was said stays. */
bool scry_continue_next(scry_continuation *continuation, bool *more, const scry_cancel *cancel, scry_error *err);
/* What a voice has said. The caller frees it. */
char *scry_voice_text(const scry_continuation *continuation, scry_voice_kind kind);

#endif
