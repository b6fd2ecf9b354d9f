/* part_reader.c: settings of a part of a tokenizer.json. */
#include "model/tokenizer/part_reader.h"
#include "base/utf8.h"

#include <string.h>

static const char *type_or(const cJSON *part, const char *otherwise) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(part, "type");
    return cJSON_IsString(type) ? type->valuestring : otherwise;
}

static bool is_text(const cJSON *item) {
    size_t length = cJSON_IsString(item) ? strlen(item->valuestring) : 0;
    return cJSON_IsString(item) && utf8_valid_length(item->valuestring, length) == length;
}

const char *part_type(const part_reader *r, const cJSON *part) {
    const char *type = type_or(part, NULL);
    if (!type) scry_fail(r->err, "%s: %s: found no type, expected {\"type\": \"...\", ...}", r->path, r->section);
    return type;
}

bool part_unknown(const part_reader *r, const char *type, const char *known) {
    return scry_fail(r->err, "%s: %s: found %.60s, expected %s", r->path, r->section, type, known);
}

bool part_flag(const part_reader *r, const cJSON *part, const char *key, bool otherwise, bool *value) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(part, key);
    *value = item && !cJSON_IsNull(item) ? cJSON_IsTrue(item) : otherwise;
    if (!item || cJSON_IsNull(item) || cJSON_IsBool(item)) return true;
    return scry_fail(r->err, "%s: %s: %s: %s: expected true or false", r->path, r->section, type_or(part, "?"), key);
}

const char *part_text(const part_reader *r, const cJSON *part, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(part, key);
    if (is_text(item)) return item->valuestring;
    scry_fail(r->err, "%s: %s: %s: %s: expected a text in UTF-8", r->path, r->section, type_or(part, "?"), key);
    return NULL;
}

const cJSON *part_list(const part_reader *r, const cJSON *part, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(part, key);
    if (cJSON_IsArray(item)) return item;
    scry_fail(r->err, "%s: %s: %s: %s: expected a list", r->path, r->section, type_or(part, "?"), key);
    return NULL;
}

pattern *part_pattern(const part_reader *r, const cJSON *part) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(part, "pattern");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "String");
    const cJSON *expression = cJSON_GetObjectItemCaseSensitive(item, "Regex");
    if (is_text(text)) return pattern_literal(text->valuestring, strlen(text->valuestring));
    if (!is_text(expression)) {
        scry_fail(r->err, "%s: %s: %s: pattern: expected {\"String\": text} or {\"Regex\": text}", r->path, r->section,
                  type_or(part, "?"));
        return NULL;
    }
    scry_error why = {0};
    pattern *p = pattern_new(expression->valuestring, &why);
    if (!p) scry_fail(r->err, "%s: %s: %s: %s", r->path, r->section, type_or(part, "?"), why.text);
    return p;
}
