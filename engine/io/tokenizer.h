/* tokenizer.h: what a token id stands for, from a Hugging Face tokenizer.json.
 *
 * A piece is the token's own bytes as they stand in the text, so the pieces of a text join to the
 * text: byte-level alphabets are undone, U+2581 is a space, <0x0A> is that byte, WordPiece's
 * continuations lose their "##" and the other pieces begin with a space. Pieces may hold part of
 * a character, so broken UTF-8; a NUL byte is U+2400. */
#ifndef SCRY_IO_TOKENIZER_H
#define SCRY_IO_TOKENIZER_H

#include <stdint.h>
#include "base/error.h"
#include "base/string_pool.h"

typedef struct tokenizer_entry {
    uint32_t id, piece; /* piece: number in the pool */
    uint32_t order;     /* in the file: of two entries with one id the later counts */
} tokenizer_entry;

typedef struct tokenizer {
    char *path;
    string_pool pieces;
    tokenizer_entry *entry; /* [count] by id */
    size_t count;
} tokenizer;

/* key: the place in the manifest, or NULL. Owner: tokenizer_free. */
bool tokenizer_open(tokenizer *tok, const char *path, const char *key, scry_error *err);
/* NULL when the vocabulary has no such id. Lives as long as the tokenizer. */
const char *tokenizer_piece(const tokenizer *tok, uint32_t id);
void tokenizer_free(tokenizer *tok);

#endif
