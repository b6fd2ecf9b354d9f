/* part_reader.h: settings of a part of a tokenizer.json, checked; the messages name the file and the part. */
#ifndef SCRY_MODEL_TOKENIZER_PART_READER_H
#define SCRY_MODEL_TOKENIZER_PART_READER_H

#include "base/error.h"
#include "model/tokenizer/pattern.h"

#include <cjson/cJSON.h>
#include <stdint.h>

typedef struct part_reader {
    const char *path, *section; /* the file; "normalizer", "pre_tokenizer", ... */
    scry_error *err;
} part_reader;

/* The type's name, NULL and err when there is none. */
const char *part_type(const part_reader *r, const cJSON *part);
/* Fails with: found PART's type, expected `known`. */
bool part_unknown(const part_reader *r, const char *type, const char *known);
/* Sets *value, to `otherwise` where the key is absent or null. False and err where it is something else. */
bool part_flag(const part_reader *r, const cJSON *part, const char *key, bool otherwise, bool *value);
/* A text of the part, borrowed; NULL and err where there is none. */
const char *part_text(const part_reader *r, const cJSON *part, const char *key);
/* The list of a Sequence; NULL and err where there is none. */
const cJSON *part_list(const part_reader *r, const cJSON *part, const char *key);
/* {"String": text} or {"Regex": text} under "pattern". */
pattern *part_pattern(const part_reader *r, const cJSON *part);

#endif
