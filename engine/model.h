/* model.h: language models on the CPU: a tokenizer, chat templates, and a transformer's forward pass with hooks.
 *
 * scry_model_open maps a Hugging Face folder; a scry_run is a place to compute with it; sequences of token ids go in,
 * the residual stream at a hook, or the logits, come out. Nothing else of a model is seen by the rest of the engine,
 * so that another engine can stand behind this header.
 *
 * d is d_model, V the size of the vocabulary. Sequences are packed end to end, without padding: the rows of a packed
 * matrix are the tokens of the first sequence, then those of the second, ... All arithmetic is in float, but for the
 * calls that say float64.
 *
 * Threads: an open tokenizer or model may be used by any number of threads at once; a run by one at a time, and it
 * uses threads of its own. */
#ifndef SCRY_MODEL_H
#define SCRY_MODEL_H

#include "base/error.h"
#include "base/name_list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- tokenizer: text to ids ----------------------------------------------------------------- */

typedef struct scry_tokenizer scry_tokenizer;

/* Opens a tokenizer.json, or the one in a folder, whose tokenizer_config.json, generation_config.json and config.json
 * are then asked for the beginning-of-text token and the chat template. NULL and err, which names the part, when the
 * file uses a normalizer, pre-tokenizer, model or post-processor that is not known here. */
scry_tokenizer *scry_tokenizer_open(const char *path, scry_error *err);
void scry_tokenizer_close(scry_tokenizer *tok); /* accepts NULL */

/* Token ids, and for each the number of bytes of the text that are read once it is: the tokens of text[0..b) are those
 * with end <= b. {0} is empty; scry_tokens_free empties it. */
typedef struct scry_tokens {
    uint32_t *ids;
    size_t *end;
    size_t count, room;
} scry_tokens;
void scry_tokens_free(scry_tokens *tokens);

/* Appends the ids of a text of `length` bytes to out, without beginning-of-text token. Added tokens such as
 * "<|im_start|>" are recognised in the text wherever they stand, as the tokenizers library does by default. False and
 * err for text that is not UTF-8, with the place; out is as it was then. */
bool scry_tokenizer_encode(const scry_tokenizer *tok, const char *text, size_t length, scry_tokens *out,
                           scry_error *err);

typedef enum scry_bos { SCRY_BOS_AUTO, SCRY_BOS_YES, SCRY_BOS_NO } scry_bos;
/* The ids that stand in front of every text, *count of them (0 with NULL): auto, those that the post-processor adds
 * (or tokenizer_config's add_bos_token, which decides where it is written, as in transformers); yes, the
 * beginning-of-text token, an error where the model has none. Borrowed from the tokenizer. */
bool scry_tokenizer_bos(const scry_tokenizer *tok, scry_bos bos, const uint32_t **ids, size_t *count, scry_error *err);

/* The id of the token that is spelled so in the vocabulary or among the added tokens, or -1. */
int64_t scry_tokenizer_id(const scry_tokenizer *tok, const char *token);
/* The text of an id as it stands in a text (" the" for "Ġthe"; may hold part of a character), or NULL. Borrowed. */
const char *scry_tokenizer_piece(const scry_tokenizer *tok, uint32_t id);
/* One more than the largest id. */
uint32_t scry_tokenizer_size(const scry_tokenizer *tok);

/* ---- chats ---------------------------------------------------------------------------------- */

typedef struct scry_message {
    const char *role; /* "system", "user" or "assistant" */
    const char *content;
} scry_message;

/* A conversation as text. Bytes 0..head are what stands before the first turn: the beginning-of-text token, where the
 * template writes it (encode it without another), and the system message. turn[i] is where the part of message i
 * begins, content[i] to content_end[i] its words; a system message has turn and content within the head, or within a
 * user's turn where the template writes it there (Gemma, Mistral). Texts of conversations with the same head can be
 * joined: the turns of one after the turns of another. */
typedef struct scry_chat {
    char *text;
    size_t length, head;
    size_t *turn, *content, *content_end; /* [messages] */
} scry_chat;
void scry_chat_free(scry_chat *chat);

/* Rows of a table, by number; "none" is not among them. */
int scry_chat_template_of(const char *name); /* -1: unknown */
const char *scry_chat_template_name(int chat_template);
const char *scry_chat_template_choices(char out[SCRY_CHOICES], const char *quote);
/* The template that fits the special tokens of a tokenizer, or -1. */
int scry_chat_template_guess(const scry_tokenizer *tok);
/* Renders messages as transformers' apply_chat_template does for the models of that template; tok (may be NULL) says
 * which version and which default system text there is. Llama 3.1's date is always the one that its template falls back
 * to, 26 Jul 2024. answer: end with what begins an assistant's turn. False and err for roles in an order that the
 * template refuses, or a system message that it would leave out. */
bool scry_chat_render(int chat_template, const scry_tokenizer *tok, const scry_message *messages, size_t count,
                      bool answer, scry_chat *out, scry_error *err);

/* ---- hooks ---------------------------------------------------------------------------------- */

/* HOOK(enumerator, name, what it is) */
#define SCRY_HOOK_TABLE(HOOK)                                                                                          \
    HOOK(SCRY_RESID_PRE, "hook_resid_pre", "the residual stream before the block")                                     \
    HOOK(SCRY_ATTN_OUT, "hook_attn_out", "what attention adds to the stream")                                          \
    HOOK(SCRY_RESID_MID, "hook_resid_mid", "the residual stream between attention and MLP")                            \
    HOOK(SCRY_MLP_OUT, "hook_mlp_out", "what the MLP adds to the stream")                                              \
    HOOK(SCRY_RESID_POST, "hook_resid_post", "the residual stream after the block")

typedef enum scry_hook_point {
#define HOOK(id, ...) id,
    SCRY_HOOK_TABLE(HOOK)
#undef HOOK
        SCRY_HOOK_POINTS
} scry_hook_point;

/* A place in the model, "blocks.3.hook_resid_post". */
typedef struct scry_hook {
    uint32_t layer; /* of the block, from 0 */
    scry_hook_point point;
} scry_hook;

enum { SCRY_HOOK_TEXT = 48 };
/* Reads "blocks.L.hook_NAME". False and err, which lists the names, for anything else. */
bool scry_hook_parse(const char *text, scry_hook *hook, scry_error *err);
const char *scry_hook_text(scry_hook hook, char out[SCRY_HOOK_TEXT]); /* returns out */

/* ---- models --------------------------------------------------------------------------------- */

typedef struct scry_model scry_model;

typedef struct scry_model_info {
    const char *path, *family; /* the folder; model_type: "llama", "qwen2", ... */
    const char *adapter;       /* the LoRA adapter's folder, or NULL */
    const char *dtype;         /* of most weights: "F32", "F16", "BF16" */
    uint32_t layers, d_model, heads, kv_heads, head_dim, d_mlp, vocabulary;
    uint32_t context; /* longest sequence; 0: not said */
    bool tied;        /* the embedding serves as output matrix */
    uint64_t parameters, bytes;
} scry_model_info;

/* Opens a Hugging Face folder: config.json with model.safetensors, or shards and their index. adapter (may be NULL): a
 * LoRA adapter's folder, merged while weights are used. Weights stay in the file. NULL and err, which names what was
 * found and what is known, for an unknown family, quantised weights, an unsupported kind of rotary positions, an
 * adapter without its model, weights that are missing or have another shape. */
scry_model *scry_model_open(const char *folder, const char *adapter, scry_notes *notes, scry_error *err);
void scry_model_close(scry_model *model); /* accepts NULL */
const scry_model_info *scry_model_info_of(const scry_model *model);
/* Makes the weights of a tuned model base + times (tuned - base), merged while they are used: 0 gives the base model, 1
 * the tuned one, 2 what it learnt twice as loud. An adapter's change is part of tuned. Before the model runs; borrows
 * the base model. False and err for weights of other shapes, and where it was called before. */
bool scry_model_amplify(scry_model *tuned, const scry_model *base, double times, scry_error *err);
/* A hash of the weights, the config and the adapter, by content. */
uint64_t scry_model_fingerprint(const scry_model *model);
/* The known families as "llama, mistral, ... or gpt2". */
const char *scry_model_families(char out[SCRY_CHOICES], const char *quote);
/* False and err when the model has no such place: too few blocks, or (parallel attention and MLP) no resid_mid. */
bool scry_model_has_hook(const scry_model *model, scry_hook hook, scry_error *err);

/* ---- running -------------------------------------------------------------------------------- */

typedef struct scry_run scry_run;

typedef struct scry_run_options {
    unsigned threads;                 /* 0: all processors */
    uint64_t memory;                  /* limit of what a run allocates, in bytes; 0: SCRY_MEMORY of scry.h */
    bool (*cancelled)(void *context); /* polled between parts of a block; true: the call fails. May be NULL */
    void *context;
} scry_run_options;

/* A place to run the model, with its threads and buffers. Borrows the model. */
scry_run *scry_run_new(const scry_model *model, const scry_run_options *options, scry_error *err);
void scry_run_free(scry_run *run); /* accepts NULL */
/* The number of tokens that one call of scry_run_to_hook and the like should be given: as many as the memory limit
 * allows, and no more than make it faster. A single sequence may be longer. */
size_t scry_run_batch(const scry_run *run);

/* Tokens that several sequences begin with, with the keys and values of their blocks. */
typedef struct scry_prefix scry_prefix;
/* Runs `count` tokens (after those of `before`, may be NULL) and keeps what sequences after them need: up to the hook
 * (hook not NULL) or to the logits. The prefix borrows neither run nor `before`, and holds only while the model is
 * open. NULL and err past the model's context, or for ids outside the vocabulary. */
scry_prefix *scry_prefix_new(scry_run *run, const scry_prefix *before, const uint32_t *ids, size_t count,
                             const scry_hook *hook, scry_error *err);
void scry_prefix_free(scry_prefix *prefix); /* accepts NULL */
size_t scry_prefix_length(const scry_prefix *prefix);
uint64_t scry_prefix_bytes(const scry_prefix *prefix);

typedef struct scry_sequence {
    const scry_prefix *prefix; /* tokens before these, or NULL */
    const uint32_t *ids;
    size_t count; /* its own tokens, after the prefix */
} scry_sequence;

/* Writes the stream at the hook for all own tokens of the sequences, packed, to out [tokens][d]. Runs no block beyond
 * the hook. The bits of a row depend neither on the other sequences nor on threads or memory. Tokens in a prefix
 * instead of the sequence itself change the rows after them by rounding. */
bool scry_run_to_hook(scry_run *run, scry_hook hook, const scry_sequence *sequences, size_t count, float *out,
                      scry_error *err);

/* Receives the logits [V] of a packed row. Called once for each wanted row, on any of the run's threads, several at
 * once; logits belong to the run. */
typedef void (*scry_logits_sink)(void *context, size_t row, const float *logits);

/* Runs the sequences to the logits. wanted [tokens] says of each packed row whether the sink gets it (NULL: all).
 * from (may be NULL): start at this hook with x [tokens][d] as the stream instead of at the embeddings; its sequences'
 * prefixes must reach the logits. Softcapped where the model does that. */
bool scry_run_logits(scry_run *run, const scry_sequence *sequences, size_t count, const scry_hook *from, const float *x,
                     const bool *wanted, scry_logits_sink sink, void *context, scry_error *err);

/* Receives the logits of tokens first..first + count that direction `row` adds. Called on any of the run's threads, for
 * several rows at once; for one row once for each stretch of the vocabulary, ascending. logits belong to the run. */
typedef void (*scry_unembed_sink)(void *context, size_t row, uint32_t first, uint32_t count, const float *logits);

/* A text that grows: its keys and values are kept, so that only what is added is run. */
typedef struct scry_growing scry_growing;
/* Room for `most` tokens. Borrows the run, which may serve others between calls. NULL and err past the model's context
 * or the run's memory limit. */
scry_growing *scry_growing_new(scry_run *run, size_t most, scry_error *err);
void scry_growing_free(scry_growing *text); /* accepts NULL */
size_t scry_growing_length(const scry_growing *text);
/* Changes the stream at a hook: x [count][d], of tokens first..first + count of the text. False ends the call, which
 * then fails with err. */
typedef bool (*scry_stream_edit)(void *context, size_t first, size_t count, float *x, scry_error *err);
/* Adds tokens, and writes the logits behind the last of them to logits [V]. edit (may be NULL) changes the stream at
 * `at` on the way. The logits are those of scry_run_logits but for rounding. False and err past the room, for ids
 * outside the vocabulary, a hook that is not the stream, and when cancelled; the text is then what it was. */
bool scry_growing_add(scry_growing *text, const uint32_t *ids, size_t count, scry_hook at, scry_stream_edit edit,
                      void *context, float *logits, scry_error *err);
/* The ids that end a text, by generation_config.json, else config.json; *count of them. Borrowed from the model. */
const uint32_t *scry_model_ends(const scry_model *model, size_t *count);

/* What directions [count][d] of the stream do to the logits by the direct path, through no block after them: logit_v =
 * sum_i x_i g_i U[v][i], with g the final norm's weight (1 + w in Gemma) and U the output matrix. Under a layer norm
 * the direction's mean is taken off first. The norm's division by the stream's size is left out, and so are biases and
 * the softcap. A row has the same bits whatever other rows there are. */
bool scry_run_unembed(scry_run *run, const float *directions, size_t count, scry_unembed_sink sink, void *context,
                      scry_error *err);
/* The least memory limit with which scry_run_new succeeds on this many threads. */
uint64_t scry_run_least_memory(const scry_model *model, unsigned threads);

/* Gradients at the hook: for each set m of labels, of the sum over the wanted rows r of ln p(labels[m][r] | what stands
 * before), with respect to every number of x. A row's label is the token that follows it, as the caller says. x
 * [tokens][d] is the stream at the hook, packed as in scry_run_logits; labels [sets][tokens], of which those of wanted
 * rows count; wanted [tokens] (NULL: all); out [sets][tokens][d]. Sequences have no prefix. Backward from the logits
 * block by block, the forward numbers of a block computed again from its input (Chen et al., "Training deep nets with
 * sublinear memory cost", 2016), once for all sets. A row's bits depend neither on the other sequences and sets nor on
 * threads or memory. False and err as scry_run_logits, for labels outside the vocabulary, and where one sequence does
 * not fit the memory limit; what is in out then is not all. */
bool scry_run_gradients(scry_run *run, const scry_sequence *sequences, size_t count, scry_hook from, const float *x,
                        const bool *wanted, const uint32_t *labels, size_t sets, float *out, scry_error *err);

/* A row's logits against its next token: the natural logarithm of the target's probability, and the most likely token
 * (the lowest of equal ones). */
typedef struct scry_next_token {
    double log_probability;
    uint32_t top;
} scry_next_token;
/* The arithmetic of it, for a sink: logits [V], in double. */
scry_next_token scry_next_token_of(const float *logits, uint32_t vocabulary, uint32_t target);

/* The same forward pass in double precision, about three times slower: where small differences of losses are wanted, of
 * which passes in float know no digits. Weights, norm weights, biases and angles of positions are those of the fast
 * pass. A row's bits depend neither on the other sequences nor on threads or memory. Errors as scry_run_to_hook and
 * scry_run_logits; sequences have no prefix. */
bool scry_run_to_hook_float64(scry_run *run, scry_hook hook, const scry_sequence *sequences, size_t count, double *out,
                              scry_error *err);
typedef void (*scry_logits_sink_float64)(void *context, size_t row, const double *logits);
bool scry_run_logits_float64(scry_run *run, const scry_sequence *sequences, size_t count, const scry_hook *from,
                             const double *x, const bool *wanted, scry_logits_sink_float64 sink, void *context,
                             scry_error *err);
scry_next_token scry_next_token_of_float64(const double *logits, uint32_t vocabulary, uint32_t target);

#endif
