/* prompt.h: any text through the model: which latents fire on its tokens, and which token the model, the tuned model
 * and the model without a set of latents expect next.
 *
 * A scry_prompt holds what a text needs, opened once: the model, the tuned model where there is one, their tokenizer
 * and the SAE's encoder. Activations are computed as an index computes them, from the base model's stream at the
 * study's hook. Without a set D the model runs on from
 *
 *     x' = x - sum over j in D of h_j W_dec_j / input_scale         the SAE's error stays
 *
 * at the tokens that count, where an SAE that normalises its input has its decoder's part multiplied by what the token
 * was divided by (ablate.h). Beginning-of-text tokens, which captures have no rows for, and outliers, by the index's
 * rule for residuals of huge norm (scry_info.max_norm_ratio) applied to the text, do not count: they are run as they
 * are, and their activations say little.
 *
 * Threads: a scry_prompt by one at a time, and it uses threads of its own; the index may be read by others meanwhile.
 */
#ifndef SCRY_PROMPT_H
#define SCRY_PROMPT_H

#include "base/cancel.h"
#include "model.h"
#include "scry.h"

/* The longest text in bytes, and in tokens where the model says no context. */
#define SCRY_PROMPT_BYTES  ((size_t)1 << 20)
#define SCRY_PROMPT_TOKENS 16384
/* The most next tokens that are kept for each token. */
#define SCRY_PROMPT_NEXT 100

/* ---- opening -------------------------------------------------------------------------------- */

typedef struct scry_prompt scry_prompt;

typedef struct scry_prompt_options {
    const char *model; /* the model's folder; NULL: scry_info.model_path */
    const char
        *tuned; /* the tuned model's folder, or a LoRA adapter's; NULL: that of the training set's sft, else rl */
    const double *amplify; /* scry_model_amplify of the tuned model; NULL: as it is */
    const char *sae;       /* the SAE's folder or file; NULL: scry_info.sae_path */
    bool base_only;        /* open no tuned model */
    size_t train;          /* the training set whose tuned model it is */
    unsigned threads;      /* 0: all processors */
    uint64_t memory;       /* limit in bytes; 0: SCRY_MEMORY */
} scry_prompt_options;

/* Opens models and SAE. Borrows the index. NULL and err, which says what is missing and how to name it, where no model
 * is named, it does not fit the study (width, hook), the SAE is not found or is not the index's, or memory does not
 * suffice. A tuned model that only the study names, and that is not there, is told in notes (may be NULL). */
scry_prompt *scry_prompt_open(const scry_index *index, const scry_prompt_options *options, scry_notes *notes,
                              scry_error *err);
void scry_prompt_close(scry_prompt *prompt); /* accepts NULL */

typedef struct scry_prompt_info {
    const char *model, *tuned; /* folders; tuned NULL: there is none */
    scry_hook hook;
    size_t most_tokens; /* the longest text, beginning-of-text tokens included */
    bool can_ablate;    /* the hook is a place of the stream, and the index has the decoder */
} scry_prompt_info;
const scry_prompt_info *scry_prompt_info_of(const scry_prompt *prompt);
/* The text of a token, as it stands in a text (may hold part of a character), or NULL. Borrowed. */
const char *scry_prompt_piece(const scry_prompt *prompt, uint32_t id);

/* ---- running -------------------------------------------------------------------------------- */

/* Whose next tokens. NEXT(enumerator, name, key in JSON, help) */
#define SCRY_NEXT_TABLE(NEXT)                                                                                          \
    NEXT(SCRY_NEXT_BASE, "base", "next_base", "the model as it is")                                                    \
    NEXT(SCRY_NEXT_TUNED, "tuned", "next_tuned", "the tuned model")                                                    \
    NEXT(SCRY_NEXT_ABLATED, "ablated", "next_ablated", "the model without the latents of the selection")
typedef enum scry_next_model {
#define NEXT(id, ...) id,
    SCRY_NEXT_TABLE(NEXT)
#undef NEXT
        SCRY_NEXT_MODELS
} scry_next_model;

typedef struct scry_prompt_query {
    const char *text; /* [length], UTF-8 */
    size_t length;
    const char *chat_template; /* render the text as a user's message: a template's name, or "auto", the one that fits
                                  the tokenizer; NULL or "none": plain text */
    scry_bos bos;              /* of plain text */
    uint32_t next;             /* next tokens that are kept, 1 to SCRY_PROMPT_NEXT */
    const scry_set *ablated;   /* NULL or empty: no ablated model is run */
} scry_prompt_query;

typedef struct scry_next_probability {
    uint32_t id;
    double probability;
} scry_next_probability;

typedef struct scry_prompt_result {
    size_t tokens, front; /* the first `front` of them are beginning-of-text tokens */
    uint32_t *id;         /* [tokens] */
    bool *outlier;        /* [tokens] its residual's norm is far above the text's median */
    uint64_t *start;      /* [tokens + 1] the activations of token t: start[t]..start[t + 1], latents ascending */
    uint32_t *latent;     /* [start[tokens]] */
    float *activation;    /* [start[tokens]] */
    uint32_t next;        /* as the query had it, or the size of the vocabulary where that is smaller */
    scry_next_probability *predicted[SCRY_NEXT_MODELS]; /* [tokens][next], most probable first; NULL: not run */
    uint32_t ablated;                                   /* latents of the set */
    int chat_template;                                  /* a row of the table of templates, -1: plain text */
} scry_prompt_result;

/* Runs a text. NULL and err for a text that is empty, not UTF-8, holds a NUL, or is longer than the models or the
 * memory limit allow, for an unknown template, and when cancelled (cancel may be NULL). The caller frees the result,
 * whose tokens' texts the scry_prompt has. */
scry_prompt_result *scry_prompt_run(scry_prompt *prompt, const scry_prompt_query *query, const scry_cancel *cancel,
                                    scry_error *err);
void scry_prompt_result_free(scry_prompt_result *result); /* accepts NULL */

typedef struct scry_active_latent {
    uint32_t latent;
    float activation;
} scry_active_latent;

/* Writes the `most` strongest latents of a token to out[most], strongest first, ties by latent ascending, and returns
 * their number. */
size_t scry_prompt_strongest(const scry_prompt_result *result, size_t token, size_t most, scry_active_latent *out);
/* A latent's activation on a token. */
float scry_prompt_activation(const scry_prompt_result *result, size_t token, uint32_t latent);
/* False for a beginning-of-text token and an outlier. */
bool scry_prompt_counts(const scry_prompt_result *result, size_t token);
/* The largest activation of a latent over the tokens that count; 0: it does not fire. */
float scry_prompt_peak(const scry_prompt_result *result, uint32_t latent);
/* The latent with the largest activation over the tokens that count; false: none fires. */
bool scry_prompt_strongest_latent(const scry_prompt_result *result, uint32_t *latent);

#endif
