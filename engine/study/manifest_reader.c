/* manifest_reader.c: keys of a manifest, read strictly. */
#include "study/manifest_reader.h"
#include "base/mem.h"
#include "base/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *manifest_kind(const cJSON *item) {
    if (!item) return "nothing";
    if (cJSON_IsString(item)) return "text";
    if (cJSON_IsNumber(item)) return "a number";
    if (cJSON_IsBool(item)) return "true or false";
    if (cJSON_IsArray(item)) return "a list";
    if (cJSON_IsObject(item)) return "an object";
    return "null";
}

bool manifest_wrong_type(manifest_reader *p, const char *key, const cJSON *found, const char *expected) {
    return scry_fail(p->err, "%s: %s: found %s, expected %s", p->study->path, key, manifest_kind(found), expected);
}

void manifest_note_unknown(manifest_reader *p, const cJSON *object, const char *place, const char *const *known) {
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        bool found = false;
        for (int i = 0; known[i]; i++) found = found || strcmp(known[i], item->string) == 0;
        if (!found)
            scry_notes_add(p->notes, "%s: %s%s%.60s: unknown key, ignored", p->study->path, place, *place ? "." : "",
                           item->string);
    }
}

bool manifest_text(manifest_reader *p, const cJSON *object, const char *name, const char *place, char **out) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    *out = NULL;
    if (!item) return true;
    if (!cJSON_IsString(item)) {
        char key[160];
        snprintf(key, sizeof key, "%s%s%s", place, *place ? "." : "", name);
        return manifest_wrong_type(p, key, item, "text");
    }
    *out = mem_copy_string(item->valuestring);
    return true;
}

bool manifest_path(manifest_reader *p, const cJSON *object, const char *name, const char *place, char **out) {
    char *text;
    if (!manifest_text(p, object, name, place, &text)) return false;
    if (text) *out = path_join(p->study->folder, text);
    free(text);
    return true;
}

bool manifest_whole(const cJSON *item, uint64_t *out) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9007199254740992.0) return false;
    *out = (uint64_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

bool manifest_texts(manifest_reader *p, const cJSON *item, const char *key, const char *expected, char ***out,
                    size_t *count) {
    bool single = cJSON_IsString(item);
    if (!single && (!cJSON_IsArray(item) || !item->child)) return manifest_wrong_type(p, key, item, expected);
    size_t n = single ? 1 : (size_t)cJSON_GetArraySize(item);
    *out = mem_new(n, sizeof **out);
    for (const cJSON *one = single ? item : item->child; one; one = single ? NULL : one->next) {
        if (!cJSON_IsString(one)) return manifest_wrong_type(p, key, one, expected);
        (*out)[(*count)++] = mem_copy_string(one->valuestring);
    }
    return true;
}

void manifest_join(const manifest_reader *p, char **files, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *joined = path_join(p->study->folder, files[i]);
        free(files[i]);
        files[i] = joined;
    }
}
