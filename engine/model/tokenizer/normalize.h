/* normalize.h: changes a text before it is cut into pieces. */
#ifndef SCRY_MODEL_TOKENIZER_NORMALIZE_H
#define SCRY_MODEL_TOKENIZER_NORMALIZE_H

#include "model/tokenizer/aligned_text.h"
#include "model/tokenizer/pattern.h"

#include <cjson/cJSON.h>

typedef struct normalizer normalizer;

/* Reads the file's "normalizer" (NULL or null: none, which leaves texts as they are). NULL and err, which begins with
 * path, for a part that is not known. */
normalizer *normalizer_new(const cJSON *part, const char *path, scry_error *err);
void normalizer_free(normalizer *n); /* accepts NULL */

/* Normalizes the text, whose pieces are lost; spare is a buffer. False and err when a pattern gives up. */
bool normalize(const normalizer *n, pattern_search *search, aligned_text *text, aligned_text *spare, scry_error *err);

#endif
