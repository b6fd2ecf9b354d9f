/* config_reader.c: the JSON settings of an SAE, and files in the folder of a path. */
#include "sae/format.h"
#include "base/mem.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

bool config_open(config *c, const char *path, scry_error *err) {
    *c = (config){0};
    mapped_file map;
    if (!mapped_file_open(&map, path, "sae", err)) return false;
    size_t at;
    c->json = json_parse_prefix((const char *)map.data, (size_t)map.size, &at);
    mapped_file_close(&map);
    if (!cJSON_IsObject(c->json)) {
        cJSON_Delete(c->json);
        *c = (config){0};
        return scry_fail(err,
                         "sae: %s: found no JSON object (stopped at byte %zu), expected one such as {\"d_in\": 4096}",
                         path, at);
    }
    c->path = mem_copy_string(path);
    c->asked = mem_new(1, sizeof *c->asked);
    return true;
}

void config_close(config *c) {
    cJSON_Delete(c->json);
    free(c->path);
    if (c->asked) string_pool_free(c->asked);
    free(c->asked);
    *c = (config){0};
}

const cJSON *config_find(const config *c, const char *key) {
    const cJSON *at = c->json;
    if (c->asked) string_pool_add(c->asked, key);
    while (at && *key) {
        char part[64];
        size_t length = strcspn(key, ".");
        if (length >= sizeof part) return NULL;
        memcpy(part, key, length);
        part[length] = 0;
        at = cJSON_GetObjectItemCaseSensitive(at, part);
        key += length + (key[length] == '.');
    }
    return cJSON_IsNull(at) ? NULL : at;
}

const char *config_shown(const config *c, const char *key, char *text, size_t size) {
    const cJSON *item = config_find(c, key);
    if (!item) snprintf(text, size, "nothing");
    else if (cJSON_IsString(item)) snprintf(text, size, "\"%.60s\"", item->valuestring);
    else if (cJSON_IsNumber(item)) snprintf(text, size, "%.9g", item->valuedouble);
    else if (cJSON_IsBool(item)) snprintf(text, size, "%s", cJSON_IsTrue(item) ? "true" : "false");
    else snprintf(text, size, "%s", cJSON_IsArray(item) ? "a list" : "an object");
    return text;
}

static bool unexpected(const config *c, const char *key, const char *expected, scry_error *err) {
    char shown[80];
    return scry_fail(err, "sae: %s: %s: found %s, expected %s", c->path, key, config_shown(c, key, shown, sizeof shown),
                     expected);
}

bool config_text(const config *c, const char *key, const char **out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = NULL;
    if (!item) return true;
    if (!cJSON_IsString(item)) return unexpected(c, key, "text", err);
    *out = item->valuestring;
    return true;
}

bool config_flag(const config *c, const char *key, bool absent, bool *out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = absent;
    if (!item) return true;
    if (!cJSON_IsBool(item)) return unexpected(c, key, "true or false", err);
    *out = cJSON_IsTrue(item);
    return true;
}

bool config_count(const config *c, const char *key, uint32_t *out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = 0;
    if (!item) return true;
    double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (!(value >= 1 && value <= 1 << 30) || floor(value) < value)
        return unexpected(c, key, "a whole number of 1 or more", err);
    *out = (uint32_t)value;
    return true;
}

bool config_positive(const config *c, const char *key, double absent, double *out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = absent;
    if (!item) return true;
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble <= 0)
        return unexpected(c, key, "a number above 0", err);
    *out = item->valuedouble;
    return true;
}

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

char *path_sibling(const char *path, const char *name) {
    if (path_is_directory(path)) return path_join(path, name);
    return mem_format("%.*s%s", (int)(path_file_name(path) - path), path, name);
}

bool path_has(const char *path, const char *name) {
    char *at = path_sibling(path, name);
    bool found = is_file(at);
    free(at);
    return found;
}

char *path_near(const char *path, const char *name) {
    if (path_has(path, name)) return path_sibling(path, name);
    char *up = mem_format("../%s", name);
    char *out = path_has(path, up) ? path_sibling(path, up) : NULL;
    free(up);
    return out;
}

static bool ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcasecmp(text + a - b, end) == 0;
}

char *path_weights(const char *path, const char *const *names) {
    if (!path_is_directory(path) && !ends_with(path, ".json")) return mem_copy_string(path);
    for (size_t i = 0; names[i]; i++)
        if (path_has(path, names[i])) return path_sibling(path, names[i]);
    return path_sibling(path, names[0]);
}
