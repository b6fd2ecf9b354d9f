/* unigram.h: the segmentation of a piece with the largest sum of scores. */
#ifndef SCRY_MODEL_TOKENIZER_UNIGRAM_H
#define SCRY_MODEL_TOKENIZER_UNIGRAM_H

#include "base/error.h"
#include "model/tokenizer/token_list.h"
#include "model/tokenizer/vocabulary.h"

#include <stdbool.h>

typedef struct unigram unigram;

/* vocab, with the scores, is borrowed. unknown: the id of what the vocabulary lacks, or NO_TOKEN. byte_fallback: it is
 * spelled in bytes, "<0x0A>", where the vocabulary has them. */
unigram *unigram_new(const vocabulary *vocab, uint32_t unknown, bool byte_fallback);
void unigram_free(unigram *model); /* accepts NULL */

/* Appends the tokens of a piece. Any number of threads at once. False and err for a character that the vocabulary
 * lacks, where there is no unknown token. */
bool unigram_encode(const unigram *model, const char *piece, size_t length, token_list *out, scry_error *err);

#endif
