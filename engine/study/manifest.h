/* study/manifest.h: what reading a manifest strictly takes: keys checked by name and type, each error naming
 * its place. For study/study.c. */
#ifndef SCRY_STUDY_MANIFEST_H
#define SCRY_STUDY_MANIFEST_H

#include <cjson/cJSON.h>
#include "study/study.h"

typedef struct parser {
    scry_study *study;
    scry_notes *notes;
    scry_error *err;
} parser;

/* "text", "a number", ...: what was found, for messages. */
const char *manifest_kind(const cJSON *item);
/* The error of a wrong type; false. */
bool manifest_wrong(parser *p, const char *key, const cJSON *found, const char *expected);
/* Warns of keys that nobody reads: most often a misspelling. known ends with NULL. */
void manifest_unknown_keys(parser *p, const cJSON *object, const char *place, const char *const *known);
/* An optional text key; *out is NULL when absent. The caller frees. */
bool manifest_text(parser *p, const cJSON *object, const char *name, const char *place, char **out);
/* A text, or a list of texts: *out[*count]. The caller frees. */
bool manifest_texts(parser *p, const cJSON *item, const char *key, const char *expected, char ***out, size_t *count);
bool manifest_whole(const cJSON *item, uint64_t *out);

#endif
