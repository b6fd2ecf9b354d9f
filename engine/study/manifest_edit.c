/* manifest_edit.c: a key written into a manifest that people edit. */
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "scry.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where the object begins, behind its bracket, and its value of the key, if it has one. */
static bool find_member(const char *text, const char *key, const char **inside, json_part *found) {
    json_walk walk = json_walk_text(text, strlen(text));
    json_part object, name, value;
    if (json_next(&walk, NULL, &object) != JSON_ITEM || *object.at != '{' || !json_walk_into(&walk, object))
        return false;
    *inside = object.at + 1;
    *found = (json_part){0};
    json_step step;
    while ((step = json_next(&walk, &name, &value)) == JSON_ITEM) {
        char *spelled = json_text(name);
        if (spelled && strcmp(spelled, key) == 0) *found = value;
        free(spelled);
    }
    return step == JSON_END;
}

/* The blanks and line breaks in front of the object's first key. */
static size_t blanks(const char *inside) {
    return strspn(inside, " \t\r\n");
}

/* The text with the key's value, a JSON text; a new key goes in front of all others. NULL for what is no object. */
static char *with_value(const char *text, const char *key, const char *value) {
    const char *inside;
    json_part old;
    if (!find_member(text, key, &inside, &old)) return NULL;
    if (old.at) return mem_format("%.*s%s%s", (int)(old.at - text), text, value, old.at + old.length);
    int before = (int)(inside - text), gap = (int)blanks(inside);
    const char *rest = inside + gap;
    return mem_format("%.*s%.*s\"%s\": %s%s%.*s%s", before, text, gap, inside, key, value, *rest == '}' ? "" : ",",
                      *rest == '}' ? 0 : gap, inside, rest);
}

static char *read_manifest(const char *path, scry_error *err) {
    mapped_file map;
    if (!mapped_file_open(&map, path, NULL, err)) return NULL;
    char *text = mem_copy_bytes((const char *)map.data, map.size);
    mapped_file_close(&map);
    return text;
}

static char *text_with_sae(const char *study_path, const char *sae, scry_error *err) {
    char *text = read_manifest(study_path, err);
    if (!text) return NULL;
    char *folder = path_folder(study_path), *place = path_from_folder(folder, sae);
    cJSON *item = cJSON_CreateString(place);
    char *value = cJSON_PrintUnformatted(item), *changed = with_value(text, "sae", value);
    if (!changed) scry_fail(err, "%s: found no JSON object, expected a study's manifest", study_path);
    cJSON_free(value);
    cJSON_Delete(item);
    free(place);
    free(folder);
    free(text);
    return changed;
}

bool scry_study_can_set_sae(const char *study_path, scry_error *err) {
    char *text = text_with_sae(study_path, "sae", err);
    free(text);
    return text != NULL;
}

bool scry_study_set_sae(const char *study_path, const char *sae, scry_error *err) {
    char *text = text_with_sae(study_path, sae, err);
    bool ok = text && atomic_file_write(study_path, text, strlen(text), err);
    free(text);
    return ok;
}
