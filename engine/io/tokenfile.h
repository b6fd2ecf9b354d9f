/* tokenfile.h: JSON Lines, one sample a line, its tokens in the order of the matrix's rows.
 *
 *     {"id": "math-17", "tokens": ["Let", " x", ...], "subject": "algebra"}
 *
 * "tokens" holds texts; "ids" (numbers) may replace it, which are shown through the tokenizer or as "#17", or stand
 * there as well. "response": K, a number, is the first token of the response (all are prompt where it is the number of
 * tokens). "before": ids that stood in front of the tokens when the model read them, and have no rows, is for programs
 * that run the model again. Other keys are kept as JSON in `about`. */
#ifndef SCRY_IO_TOKENFILE_H
#define SCRY_IO_TOKENFILE_H

#include <stdint.h>
#include "base/error.h"
#include "base/string_pool.h"
#include "io/tokenizer.h"

#define TOKEN_NO_RESPONSE UINT32_MAX

typedef struct token_sample {
    char *id;
    char *about;    /* the line's other keys as one JSON object, "" when there are none */
    uint64_t first; /* row of its first token */
    uint32_t count;
    uint32_t cut;      /* its tokens before `first`, outside the slice of rows */
    uint32_t response; /* its first token, counted from `first`, of the response; TOKEN_NO_RESPONSE: not said */
} token_sample;

typedef struct token_text {
    char *path;
    token_sample *samples;
    uint32_t sample_count;
    uint32_t *piece; /* [tokens] number in the pool */
    uint64_t tokens;
} token_text;

/* Reads the file and adds its pieces to the pool. key: the manifest's key, for messages. tok: turns ids into
 * text; NULL or never opened: ids are shown as "#17". On failure text is empty. */
bool token_text_read(token_text *text, const char *path, const char *key, string_pool *pieces, const tokenizer *tok,
                     scry_error *err);
void token_text_free(token_text *text);

#endif
