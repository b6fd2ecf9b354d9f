/* tokenizer_config.h: what the files in the folder of a tokenizer.json say: tokenizer_config.json,
 * generation_config.json, config.json, chat_template.jinja. */
#ifndef SCRY_MODEL_TOKENIZER_TOKENIZER_CONFIG_H
#define SCRY_MODEL_TOKENIZER_TOKENIZER_CONFIG_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct tokenizer_config {
    char *bos;           /* the beginning-of-text token's spelling, or NULL */
    char *eos;           /* the end-of-text token's, or NULL */
    int64_t bos_id;      /* its id, where only that is said; -1 */
    int add_bos;         /* 1, 0; -1: not said */
    char *chat_template; /* Jinja, or NULL */
} tokenizer_config;

/* Reads what there is in the folder; all may be absent. False and err for a file that is not JSON. */
bool tokenizer_config_read(tokenizer_config *config, const char *folder, scry_error *err);
void tokenizer_config_free(tokenizer_config *config);

#endif
