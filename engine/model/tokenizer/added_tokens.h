/* added_tokens.h: tokens that are found in a text before everything else. */
#ifndef SCRY_MODEL_TOKENIZER_ADDED_TOKENS_H
#define SCRY_MODEL_TOKENIZER_ADDED_TOKENS_H

#include "base/error.h"
#include "io/json.h"
#include "model/tokenizer/normalize.h"
#include "model/tokenizer/prefix_index.h"

#include <stdint.h>

typedef struct added_token {
    char *content;
    size_t length;
    uint32_t id;
    bool single_word, lstrip, rstrip, normalized, special;
} added_token;

typedef struct added_tokens {
    added_token *token;
    size_t count;
    prefix_index plain, normalized; /* found in the text as it is, and in the normalized text; value: of token[] */
    char **normal;                  /* [count] the normalized spellings; NULL: none */
} added_tokens;

/* Reads the file's "added_tokens". False and err, which begins with path. */
bool added_tokens_read(added_tokens *added, json_part part, const normalizer *n, const char *path, scry_error *err);
void added_tokens_free(added_tokens *added);

/* Cuts text[0..length) at the tokens of a set, the longest first: appends pieces, with the token's id or -1, to out. */
void added_tokens_cut(const added_tokens *added, const prefix_index *set, const char *text, size_t length,
                      aligned_text *out);

#endif
