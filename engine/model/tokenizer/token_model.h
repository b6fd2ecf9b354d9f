/* token_model.h: the model of a tokenizer: a piece of text to tokens. */
#ifndef SCRY_MODEL_TOKENIZER_TOKEN_MODEL_H
#define SCRY_MODEL_TOKENIZER_TOKEN_MODEL_H

#include "base/error.h"
#include "model/tokenizer/token_list.h"
#include "model/tokenizer/vocabulary.h"

#include <stdbool.h>

typedef struct token_model token_model;

/* Reads the file's "model". Its text must stay until token_model_finish. NULL and err, which begins with path, for a
 * type that is not known. */
token_model *token_model_new(json_part model, const char *path, scry_error *err);
/* True when pieces may be given as raw bytes in place of the byte-level alphabet's letters. */
bool token_model_takes_bytes(const token_model *m);
/* Completes the model, which then no longer needs the file's text; bytes: pieces come as raw bytes. */
bool token_model_finish(token_model *m, bool bytes, scry_error *err);
void token_model_free(token_model *m); /* accepts NULL */

const vocabulary *token_model_vocabulary(const token_model *m);
/* Appends the tokens of a piece. Any number of threads at once. False and err for what the model cannot spell. */
bool token_model_encode(const token_model *m, const char *piece, size_t length, token_list *out, scry_error *err);

#endif
