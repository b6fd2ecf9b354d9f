/* rewrite.h: a text's characters replaced by others, with the alignment that the tokenizers library gives them. */
#ifndef SCRY_MODEL_TOKENIZER_REWRITE_H
#define SCRY_MODEL_TOKENIZER_REWRITE_H

#include "model/tokenizer/aligned_text.h"

/* A character of the new text. change 0: it stands for the next old one; 1: it is inserted, with the alignment of the
 * old one before; -N: it stands for the next old one, and N more behind that are gone. */
typedef struct new_character {
    uint32_t code;
    int32_t change;
} new_character;

typedef struct new_characters {
    new_character *list;
    size_t count, room;
} new_characters;

void new_characters_add(new_characters *n, uint32_t code, int32_t change);
void new_characters_free(new_characters *n);

/* Appends to `to` the new characters in place of bytes [at, end) of `from`. */
void rewrite_characters(const aligned_text *from, size_t at, size_t end, const new_characters *n, aligned_text *to);

#endif
