/* manifest_reader.h: keys of a manifest, read strictly: a wrong type is an error that names its key. place is the path
 * of an object in the manifest, "domains[3]", or "" for the manifest itself; key that of a value, "domains[3].change".
 */
#ifndef SCRY_STUDY_MANIFEST_READER_H
#define SCRY_STUDY_MANIFEST_READER_H

#include <cjson/cJSON.h>
#include "study/study.h"

typedef struct manifest_reader {
    scry_study *study; /* being filled in */
    scry_notes *notes; /* may be NULL */
    scry_error *err;
} manifest_reader;

enum { MANIFEST_KEY = 200 }; /* bytes of a place and a key, cut to fit */

/* An item's type, for messages: "a number". */
const char *manifest_kind(const cJSON *item);
/* Fill err with what was found and expected, and return false. */
bool manifest_wrong_type(manifest_reader *p, const char *key, const cJSON *found, const char *expected);
/* Warn of the object's keys that are not in known, most often misspelled ones. known ends with NULL. */
void manifest_note_unknown(manifest_reader *p, const cJSON *object, const char *place, const char *const *known);
/* Read an optional text key; *out is NULL when absent. The caller frees. */
bool manifest_text(manifest_reader *p, const cJSON *object, const char *name, const char *place, char **out);
/* The same of a path, joined to the manifest's folder. */
bool manifest_path(manifest_reader *p, const cJSON *object, const char *name, const char *place, char **out);
/* Read a whole number from 0 to 2^53; false when the item is none. */
bool manifest_whole(const cJSON *item, uint64_t *out);
/* Read a text, or a list of texts: *out[*count]. The caller frees, also after a failure. */
bool manifest_texts(manifest_reader *p, const cJSON *item, const char *key, const char *expected, char ***out,
                    size_t *count);

/* Join paths to the manifest's folder, in place. */
void manifest_join(const manifest_reader *p, char **files, size_t count);

/* Read "minus" of a capture: FILE, [FILE, ...] or {"residual": FILE or list, "tensor": NAME, "tokens": FILE}. Owner of
 * capture->minus: manifest_free_minus, also after a failure. */
bool manifest_minus(manifest_reader *p, const cJSON *item, study_capture *capture);
void manifest_free_minus(study_minus *minus); /* accepts NULL */
/* Set study->difference, once all captures are read. False and err where some residuals have "minus" and others not. */
bool manifest_check_minus(manifest_reader *p);

/* Read "measured" of a domain to domain->measured [trains][SCRY_MEASURES], which stays NULL where the key is absent. */
bool manifest_measured(manifest_reader *p, const cJSON *domain, const char *place, study_group *group);

#endif
