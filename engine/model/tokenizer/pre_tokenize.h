/* pre_tokenize.h: cuts a text into the pieces that the model takes. */
#ifndef SCRY_MODEL_TOKENIZER_PRE_TOKENIZE_H
#define SCRY_MODEL_TOKENIZER_PRE_TOKENIZE_H

#include "model/tokenizer/aligned_text.h"
#include "model/tokenizer/pattern.h"

#include <cjson/cJSON.h>

typedef struct pre_tokenizer pre_tokenizer;

/* Reads the file's "pre_tokenizer" (NULL or null: none). raw_bytes: leave it to the model to spell bytes in the
 * byte-level alphabet where that comes last; *bytes then says whether the model has to. NULL and err, which begins
 * with path, for a part that is not known. */
pre_tokenizer *pre_tokenizer_new(const cJSON *part, bool raw_bytes, bool *bytes, const char *path, scry_error *err);
void pre_tokenizer_free(pre_tokenizer *p); /* accepts NULL */

/* Cuts the pieces of *text that are no added tokens; spare is a buffer. False and err when a pattern gives up. */
bool pre_tokenize(const pre_tokenizer *p, pattern_search *search, aligned_text *text, aligned_text *spare,
                  scry_error *err);

#endif
