/* config.h: the JSON settings of a model or an SAE, read key by key.
 *
 * Keys may reach into objects: "trainer.dict_class". Absent and null are the same. On failure err is set. */
#ifndef SCRY_IO_CONFIG_H
#define SCRY_IO_CONFIG_H

#include <stdint.h>
#include <cjson/cJSON.h>
#include "base/error.h"
#include "base/string_pool.h"

typedef struct config {
    const char *what; /* "sae", before every message */
    char *path;
    cJSON *json;
    string_pool *asked; /* keys that were looked for */
} config;

/* Parses the JSON object in the file. what: kept, "sae" or "model". example: an object as expected, for the message.
 * Owner: the caller, by config_close; on failure c is empty. */
bool config_open(config *c, const char *path, const char *what, const char *example, scry_error *err);
void config_close(config *c);
const cJSON *config_find(const config *c, const char *key);
/* The value at the key; *out is NULL when it is absent. Lives as long as c. */
bool config_text(const config *c, const char *key, const char **out, scry_error *err);
/* A boolean, or `absent`. */
bool config_flag(const config *c, const char *key, bool absent, bool *out, scry_error *err);
/* A whole number of 1 or more; *out is 0 when it is absent. */
bool config_count(const config *c, const char *key, uint32_t *out, scry_error *err);
/* A number above 0, or `absent`. */
bool config_positive(const config *c, const char *key, double absent, double *out, scry_error *err);
/* Writes the value at the key for a message, `"relu"`, `-3` or `nothing`, into text and returns it. */
const char *config_shown(const config *c, const char *key, char *text, size_t size);
/* Fails with what was found at the key. */
bool config_unexpected(const config *c, const char *key, const char *expected, scry_error *err);
/* Is the name one of a list separated by blanks, in which a * at the end of a name stands for any ending? Case does not
 * count. */
bool config_is_listed(const char *list, const char *name);
/* Was the key looked for? */
bool config_was_asked(const config *c, const char *key);

#endif
