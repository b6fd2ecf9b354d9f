/* selection/named_sets.c: named sets in a sidecar of the index. */
#include "sets.h"
#include "base/mem.h"
#include "base/user_files.h"
#include "store/sidecar.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const reserved[] = {"all", "none", "current", "marked", "filtered"};

bool scry_named_sets_name_ok(const char *name, scry_error *err) {
    bool ok = isalpha((unsigned char)name[0]) || name[0] == '_';
    for (const char *at = name; *at && ok; at++) ok = isalnum((unsigned char)*at) || *at == '_' || *at == '.';
    if (!ok || strlen(name) >= SCRY_SET_NAME)
        return scry_misuse(err,
                           "set \"%.60s\": expected a letter, then letters, digits, _ and points, at most %d in all",
                           name, SCRY_SET_NAME - 1);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0) return scry_misuse(err, "set \"%s\": this name is reserved", name);
    size_t digits = strncmp(name, "top", 3) == 0 ? strspn(name + 3, "0123456789") : 0;
    if (strncmp(name, "top", 3) == 0 && !name[3 + digits])
        return scry_misuse(err, "set \"%s\": this name is reserved for the first latents of the ranking", name);
    return true;
}

static size_t index_of(const scry_named_sets *sets, const char *name) {
    size_t i = 0;
    while (i < sets->count && strcmp(sets->item[i].name, name) != 0) i++;
    return i;
}

const scry_set *scry_named_sets_find(const scry_named_sets *sets, const char *name) {
    size_t i = index_of(sets, name);
    return i < sets->count ? sets->item[i].set : NULL;
}

/* Takes ownership of the set. */
static void add(scry_named_sets *sets, const char *name, scry_set *set) {
    size_t i = index_of(sets, name);
    if (i < sets->count) {
        scry_set_free(sets->item[i].set);
    } else {
        sets->item = mem_resize(sets->item, sets->count + 1, sizeof *sets->item);
        strncpy(sets->item[sets->count].name, name, SCRY_SET_NAME - 1);
        sets->item[sets->count++].name[SCRY_SET_NAME - 1] = 0;
    }
    sets->item[i].set = set;
}

static bool read_item(scry_named_sets *sets, const cJSON *item, size_t number, scry_error *err) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
    const cJSON *latents = cJSON_GetObjectItemCaseSensitive(item, "latents");
    scry_error why = {0};
    if (!cJSON_IsString(name) || !cJSON_IsString(latents))
        return scry_fail(err, "%s: sets[%zu]: expected a name and latents, both text", sets->path, number);
    if (!scry_named_sets_name_ok(name->valuestring, &why))
        return scry_fail(err, "%s: sets[%zu]: %s", sets->path, number, why.text);
    scry_set *set = scry_set_new(sets->latents);
    if (!scry_set_list(set, latents->valuestring, true, &why)) {
        scry_set_free(set);
        return scry_fail(err, "%s: sets[%zu].latents: %s", sets->path, number, why.text);
    }
    add(sets, name->valuestring, set);
    return true;
}

static bool read_file(scry_named_sets *sets, scry_error *err) {
    mapped_file map;
    if (!mapped_file_open(&map, sets->path, NULL, err)) return false;
    cJSON *json = json_parse_prefix((const char *)map.data, (size_t)map.size, NULL);
    mapped_file_close(&map);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(json, "scry_sets");
    const cJSON *width = cJSON_GetObjectItemCaseSensitive(json, "d_sae"), *item;
    bool ok = cJSON_IsNumber(version) && version->valuedouble == 1;
    if (!ok)
        scry_fail(err, "%s: expected a JSON object with \"scry_sets\": 1; move the file away to begin anew",
                  sets->path);
    if (ok && !(cJSON_IsNumber(width) && width->valuedouble == sets->latents))
        ok = scry_fail(err, "%s: d_sae: found %.0f, expected %u as in the index; move the file away to begin anew",
                       sets->path, cJSON_IsNumber(width) ? width->valuedouble : 0, sets->latents);
    size_t number = 0;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(json, "sets")) {
        if (ok) ok = read_item(sets, item, number++, err);
    }
    cJSON_Delete(json);
    return ok;
}

scry_named_sets *scry_named_sets_open(const scry_index *index, scry_error *err) {
    scry_named_sets *sets = mem_new(1, sizeof *sets);
    sets->path = scry_sidecar_path_for_latents(index, ".sets.json");
    sets->latents = scry_index_info(index)->d_sae;
    if (access(sets->path, F_OK) != 0 || read_file(sets, err)) return sets;
    scry_named_sets_free(sets);
    return NULL;
}

void scry_named_sets_free(scry_named_sets *sets) {
    if (!sets) return;
    for (size_t i = 0; i < sets->count; i++) scry_set_free(sets->item[i].set);
    free(sets->item);
    free(sets->path);
    free(sets);
}

static bool write_json(FILE *file, const void *context) {
    const scry_named_sets *sets = context;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "scry_sets", 1);
    cJSON_AddNumberToObject(json, "d_sae", sets->latents);
    cJSON *list = cJSON_AddArrayToObject(json, "sets");
    for (size_t i = 0; i < sets->count; i++) {
        cJSON *item = cJSON_CreateObject();
        char *latents = scry_set_text(sets->item[i].set);
        cJSON_AddStringToObject(item, "name", sets->item[i].name);
        cJSON_AddStringToObject(item, "latents", latents);
        cJSON_AddItemToArray(list, item);
        free(latents);
    }
    char *text = cJSON_Print(json);
    bool ok = text && fprintf(file, "%s\n", text) > 0;
    cJSON_free(text);
    cJSON_Delete(json);
    return ok;
}

const char *scry_named_sets_name_of(const scry_named_sets *sets, const scry_set *set) {
    for (size_t i = 0; sets && i < sets->count; i++)
        if (scry_set_equal(sets->item[i].set, set)) return sets->item[i].name;
    return NULL;
}

bool scry_named_sets_refresh(scry_named_sets *sets, scry_error *err) {
    scry_named_sets found = {.path = sets->path, .latents = sets->latents};
    if (access(sets->path, F_OK) != 0) return true;
    bool ok = read_file(&found, err);
    scry_named_set *unused = ok ? sets->item : found.item;
    size_t count = ok ? sets->count : found.count;
    if (ok) {
        sets->item = found.item;
        sets->count = found.count;
        sets->version++;
    }
    for (size_t i = 0; i < count; i++) scry_set_free(unused[i].set);
    free(unused);
    return ok;
}

/* Saves a copy of the set under the name; NULL: deletes it. */
static bool edit(scry_named_sets *sets, const char *name, const scry_set *set, scry_error *err) {
    int held = scry_lock_folder(sets->path);
    bool ok = scry_named_sets_refresh(sets, err);
    size_t i = index_of(sets, name);
    if (ok && set) {
        add(sets, name, scry_set_copy(set));
    } else if (ok && i == sets->count) {
        ok = scry_misuse(err, "no set \"%.40s\" in this index", name);
    } else if (ok) {
        scry_set_free(sets->item[i].set);
        memmove(&sets->item[i], &sets->item[i + 1], (--sets->count - i) * sizeof *sets->item);
    }
    if (ok) sets->version++;
    ok = ok && scry_write_atomically(sets->path, write_json, sets, err);
    scry_unlock_folder(held);
    return ok;
}

bool scry_named_sets_save(scry_named_sets *sets, const char *name, const scry_set *set, scry_error *err) {
    return scry_named_sets_name_ok(name, err) && edit(sets, name, set, err);
}

bool scry_named_sets_delete(scry_named_sets *sets, const char *name, scry_error *err) {
    return edit(sets, name, NULL, err);
}
