/* post_process.h: what a tokenizer.json's post_processor puts in front of a text. */
#ifndef SCRY_MODEL_TOKENIZER_POST_PROCESS_H
#define SCRY_MODEL_TOKENIZER_POST_PROCESS_H

#include "base/error.h"

#include <cjson/cJSON.h>
#include <stdint.h>

typedef struct front_tokens {
    uint32_t *ids; /* the caller frees them */
    size_t count;
} front_tokens;

/* Reads the file's "post_processor" (NULL or null: none) into {0}. False and err, which begins with path, for a part
 * that is not known; front is then empty. */
bool front_tokens_read(front_tokens *front, const cJSON *part, const char *path, scry_error *err);

#endif
