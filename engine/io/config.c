/* config.c: JSON settings, key by key. */
#include "io/config.h"
#include "base/mem.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool config_open(config *c, const char *path, const char *what, const char *example, scry_error *err) {
    *c = (config){.what = what};
    mapped_file map;
    if (!mapped_file_open(&map, path, what, err)) return false;
    size_t at;
    c->json = json_parse_prefix((const char *)map.data, (size_t)map.size, &at);
    mapped_file_close(&map);
    if (!cJSON_IsObject(c->json)) {
        cJSON_Delete(c->json);
        *c = (config){0};
        return scry_fail(err, "%s: %s: found no JSON object (stopped at byte %zu), expected one such as %s", what, path,
                         at, example);
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

bool config_unexpected(const config *c, const char *key, const char *expected, scry_error *err) {
    char shown[80];
    return scry_fail(err, "%s: %s: %s: found %s, expected %s", c->what, c->path, key,
                     config_shown(c, key, shown, sizeof shown), expected);
}

bool config_text(const config *c, const char *key, const char **out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = NULL;
    if (!item) return true;
    if (!cJSON_IsString(item)) return config_unexpected(c, key, "text", err);
    *out = item->valuestring;
    return true;
}

bool config_flag(const config *c, const char *key, bool absent, bool *out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = absent;
    if (!item) return true;
    if (!cJSON_IsBool(item)) return config_unexpected(c, key, "true or false", err);
    *out = cJSON_IsTrue(item);
    return true;
}

bool config_count(const config *c, const char *key, uint32_t *out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = 0;
    if (!item) return true;
    double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    if (!(value >= 1 && value <= 1 << 30) || floor(value) < value)
        return config_unexpected(c, key, "a whole number of 1 or more", err);
    *out = (uint32_t)value;
    return true;
}

bool config_positive(const config *c, const char *key, double absent, double *out, scry_error *err) {
    const cJSON *item = config_find(c, key);
    *out = absent;
    if (!item) return true;
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble) || item->valuedouble <= 0)
        return config_unexpected(c, key, "a number above 0", err);
    *out = item->valuedouble;
    return true;
}

bool config_was_asked(const config *c, const char *key) {
    for (uint32_t i = 0; i < c->asked->count; i++)
        if (strcmp(string_pool_text(c->asked, i), key) == 0) return true;
    return false;
}

bool config_is_listed(const char *list, const char *name) {
    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " "), size = strlen(name);
        bool open = length && at[length - 1] == '*';
        if (open ? size >= length - 1 && strncasecmp(at, name, length - 1) == 0
                 : size == length && strncasecmp(at, name, length) == 0)
            return true;
        at += length;
    }
    return false;
}
