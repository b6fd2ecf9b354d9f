/* charsmap.h: SentencePiece's precompiled table of character replacements. */
#ifndef SCRY_MODEL_TOKENIZER_CHARSMAP_H
#define SCRY_MODEL_TOKENIZER_CHARSMAP_H

#include "model/tokenizer/aligned_text.h"

typedef struct charsmap charsmap;

/* Reads the table, which is in base64. NULL when it is not one. */
charsmap *charsmap_new(const char *base64);
void charsmap_free(charsmap *map); /* accepts NULL */
/* Appends the text with its characters replaced. */
void charsmap_run(const charsmap *map, const aligned_text *from, aligned_text *to);

#endif
