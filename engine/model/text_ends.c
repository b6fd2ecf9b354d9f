/* text_ends.c: the ids that end a text, as transformers' generate takes them. */
#include "base/mem.h"
#include "base/path.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "model/parts.h"

#include <stdlib.h>

static void add_end(scry_model *m, const cJSON *item) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble >= m->plan.vocabulary) return;
    m->ends = mem_resize(m->ends, m->end_count + 1, sizeof *m->ends);
    m->ends[m->end_count++] = (uint32_t)item->valuedouble;
}

/* "eos_token_id" of a file in the folder, a number or a list; none where it has none. */
static bool read_ends(scry_model *m, const char *name, scry_error *err) {
    char *path = path_join(m->folder, name);
    mapped_file map;
    const cJSON *item = NULL, *one;
    cJSON *json = NULL;
    bool ok = mapped_file_open_if_there(&map, path, "model", err);
    if (map.path) {
        json = json_parse((const char *)map.data, (size_t)map.size);
        item = cJSON_GetObjectItemCaseSensitive(json, "eos_token_id");
        mapped_file_close(&map);
    }
    free(path);
    if (cJSON_IsArray(item))
        cJSON_ArrayForEach (one, item) add_end(m, one);
    else add_end(m, item);
    cJSON_Delete(json);
    return ok;
}

bool model_ends_find(scry_model *m, scry_error *err) {
    return read_ends(m, "generation_config.json", err) && (m->end_count || read_ends(m, "config.json", err));
}

const uint32_t *scry_model_ends(const scry_model *m, size_t *count) {
    *count = m->end_count;
    return m->ends;
}
