/* tokenizer.h: the texts of token ids, from a Hugging Face tokenizer.json.
 *
 * A piece is the token's bytes in the text, so that the pieces of a text join to the text: byte-level alphabets
 * are decoded, U+2581 is a space, <0x0A> is that byte where the model or the decoder falls back to bytes
 * (byte_fallback, ByteFallback) and six characters elsewhere, WordPiece's continuations lose their "##" and its other
 * pieces begin with a space. A piece may hold part of a character, hence invalid UTF-8; a NUL byte is U+2400. */
#ifndef SCRY_IO_TOKENIZER_H
#define SCRY_IO_TOKENIZER_H

#include <stdint.h>
#include "base/error.h"
#include "base/string_pool.h"

typedef struct tokenizer_entry {
    uint32_t id, piece; /* piece: number in the pool */
    uint32_t order;     /* in the file: the later of two entries with one id is used */
} tokenizer_entry;

typedef struct tokenizer {
    char *path;
    string_pool pieces;
    tokenizer_entry *entry; /* [count] by id */
    size_t count;
} tokenizer;

/* Reads a tokenizer.json. key: see mapped_file_open. Owner: the caller, by tokenizer_free; on failure tok is
 * empty. */
bool tokenizer_open(tokenizer *tok, const char *path, const char *key, scry_error *err);
/* Returns the piece of an id, NULL when the vocabulary lacks it. Lives as long as the tokenizer. */
const char *tokenizer_piece(const tokenizer *tok, uint32_t id);
void tokenizer_free(tokenizer *tok);

#endif
