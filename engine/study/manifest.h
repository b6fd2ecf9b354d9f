/* study/manifest.h: strict reading of a manifest: keys are checked by name and type, and each error names its
 * place. For study/study.c. */
#ifndef SCRY_STUDY_MANIFEST_H
#define SCRY_STUDY_MANIFEST_H

#include <cjson/cJSON.h>
#include "study/study.h"

typedef struct parser {
    scry_study *study;
    scry_notes *notes;
    scry_error *err;
} parser;

/* "text", "a number", ...: an item's type, for messages. */
const char *manifest_kind(const cJSON *item);
/* Report an item of the wrong type. Returns false. */
bool manifest_wrong(parser *p, const char *key, const cJSON *found, const char *expected);
/* Warn of keys that are not in known, most often misspelled ones. known ends with NULL. */
void manifest_unknown_keys(parser *p, const cJSON *object, const char *place, const char *const *known);
/* An optional text key; *out is NULL when absent. The caller frees. */
bool manifest_text(parser *p, const cJSON *object, const char *name, const char *place, char **out);
/* A text, or a list of texts: *out[*count]. The caller frees. */
bool manifest_texts(parser *p, const cJSON *item, const char *key, const char *expected, char ***out, size_t *count);
/* A whole number from 0 to 2^53. */
bool manifest_whole(const cJSON *item, uint64_t *out);

#endif
