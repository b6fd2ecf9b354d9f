/* word_cache.h: tokens of words that were seen before, for any number of threads at once, without locks: an entry
 * never changes, and stays until the cache is freed. Full, it takes no more. */
#ifndef SCRY_MODEL_TOKENIZER_WORD_CACHE_H
#define SCRY_MODEL_TOKENIZER_WORD_CACHE_H

#include "model/tokenizer/token_list.h"

#include <stdbool.h>

typedef struct word_cache word_cache;

enum { WORD_CACHE_LONGEST = 64 }; /* bytes of a word */

word_cache *word_cache_new(void);
void word_cache_free(word_cache *cache); /* accepts NULL */
/* Appends the word's tokens to out; false when it is not there. hash: of hash_bytes. */
bool word_cache_get(const word_cache *cache, const char *word, size_t length, uint64_t hash, token_list *out);
/* Keeps the tokens from number `first` of a list on. */
void word_cache_put(word_cache *cache, const char *word, size_t length, uint64_t hash, const token_list *tokens,
                    size_t first);

#endif
