/* tensor_file.c: opens a tensor file by the table of formats, or the shards that an .index.json lists. */
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"
#include "io/formats/formats.h"
#include "io/json.h"
#include "io/sparse.h"
#include "io/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *endings, *hint;
    bool (*detect)(const mapped_file *map);
    bool (*read)(tensor_file *file, const char *key, scry_error *err);
} formats[] = {
#define TENSOR_FORMAT(name, endings, hint) {endings, hint, name##_detect, name##_read},
#include "io/formats/formats.def"
#undef TENSOR_FORMAT
};
enum { FORMATS = sizeof formats / sizeof *formats };

bool tensor_file_named(const char *path) {
    const char *ending = strrchr(path, '.');
    size_t length = ending ? strlen(ending) : 0;
    for (int i = 0; i < FORMATS && ending; i++)
        for (const char *at = formats[i].endings; *at; at += strspn(at, " ")) {
            size_t size = strcspn(at, " ");
            if (size == length && memcmp(at, ending, size) == 0) return true;
            at += size;
        }
    return false;
}

static bool refuse_unknown(const tensor_file *file, const char *key, scry_error *err) {
    const mapped_file *map = &file->map;
    char head[40] = "", expected[500], one[100];
    for (unsigned i = 0; i < 8 && i < map->size; i++)
        snprintf(head + strlen(head), sizeof head - strlen(head), "%s%02x", i ? " " : "", map->data[i]);
    for (size_t i = 0; i < FORMATS; i++) {
        const char *endings = formats[i].endings;
        snprintf(one, sizeof one, "%.*s (%s)", (int)strcspn(endings, " "), endings, formats[i].hint);
        alternatives_add(expected, sizeof expected, i, FORMATS, one);
    }
    return tensor_fail(file, key, err, "not a tensor file: %" PRIu64 " bytes beginning with [%s]; expected %s",
                       map->size, head, expected);
}

static bool read_format(tensor_file *file, const char *key, scry_error *err) {
    for (int i = 0; i < FORMATS; i++)
        if (formats[i].detect(&file->map)) return formats[i].read(file, key, err);
    return refuse_unknown(file, key, err);
}

/* Shards are listed as {"weight_map": {"tensor": "file", ...}}. Moves a shard's tensors to the file, which then
 * owns its bytes too. */
static void adopt(tensor_file *file, tensor_file *shard) {
    file->maps = mem_resize(file->maps, file->map_count + 1, sizeof *file->maps);
    file->maps[file->map_count++] = shard->map;
    shard->map = (mapped_file){0};
    for (size_t i = 0; i < shard->count; i++) tensor_append(file, &shard->tensors[i], shard->tensors[i].name);
    for (size_t i = 0; i < shard->scratch_count; i++) tensor_append_scratch(file, &shard->scratch[i]);
    shard->scratch_count = 0;
    file->inflated += shard->inflated;
    file->sparse = mem_resize(file->sparse, file->sparse_count + shard->sparse_count, sizeof *file->sparse);
    for (size_t i = 0; i < shard->sparse_count; i++) file->sparse[file->sparse_count++] = shard->sparse[i];
    shard->sparse_count = 0;
    tensor_file_close(shard);
}

/* A shard lies in the folder of its index, and is no index itself. */
static bool is_shard_name(const char *name) {
    return *name && !strchr(name, '/') && !path_ends_with(name, ".json");
}

static bool add_shard(tensor_file *file, const char *name, const char *key, scry_error *err) {
    const char *index = file->map.path;
    char *path = mem_format("%.*s%s", (int)(path_file_name(index) - index), index, name);
    tensor_file shard;
    bool ok = tensor_file_open_in(&shard, path, file->folder, key, err);
    free(path);
    if (ok) adopt(file, &shard);
    return ok;
}

/* Opens each file of the map once; a tensor must be in the file that the map gives for it. */
static bool read_weight_map(tensor_file *file, cJSON *weights, const char *key, scry_error *err) {
    for (cJSON *first = weights->child; first; first = first->next) {
        if (!cJSON_IsString(first) || !is_shard_name(first->valuestring))
            return tensor_fail(file, key, err,
                               "weight_map: \"%.60s\": expected the name of a tensor file in the same folder",
                               first->string);
        if (!*first->string) continue; /* checked with an earlier tensor of its file, below */
        size_t before = file->count, had_sparse = file->sparse_count;
        if (!add_shard(file, first->valuestring, key, err)) return false;
        tensor_file added = {.tensors = file->tensors + before, .count = file->count - before};
        added.sparse = file->sparse + had_sparse;
        added.sparse_count = file->sparse_count - had_sparse;
        for (cJSON *item = first; item; item = item->next) {
            if (!cJSON_IsString(item) || strcmp(item->valuestring, first->valuestring) != 0) continue;
            if (!tensor_find(&added, item->string) && !tensor_find_sparse(&added, item->string))
                return tensor_fail(file, key, err, "weight_map: tensor \"%.60s\" is not in %.60s", item->string,
                                   item->valuestring);
            if (item != first) *item->string = 0;
        }
    }
    return true;
}

static bool read_shards(tensor_file *file, const char *key, scry_error *err) {
    cJSON *index = json_parse_prefix((const char *)file->map.data, (size_t)file->map.size, NULL);
    cJSON *weights = cJSON_GetObjectItemCaseSensitive(index, "weight_map");
    bool ok = cJSON_IsObject(weights) && weights->child
                  ? read_weight_map(file, weights, key, err)
                  : tensor_fail(file, key, err,
                                "expected the index of sharded weights, {\"weight_map\": {\"tensor\": \"file\", ...}}");
    cJSON_Delete(index);
    return ok;
}

bool tensor_file_open(tensor_file *file, const char *path, const char *key, scry_error *err) {
    return tensor_file_open_in(file, path, NULL, key, err);
}

bool tensor_file_open_in(tensor_file *file, const char *path, const char *folder, const char *key, scry_error *err) {
    *file = (tensor_file){.folder = folder};
    if (!mapped_file_open(&file->map, path, key, err)) return false;
    bool ok = path_ends_with(path, ".index.json") ? read_shards(file, key, err) : read_format(file, key, err);
    ok = ok && tensor_add_top_k(file, key, err);
    if (!ok) tensor_file_close(file);
    return ok;
}

void tensor_file_close(tensor_file *file) {
    for (size_t i = 0; i < file->count; i++) free(file->tensors[i].name);
    for (size_t i = 0; i < file->sparse_count; i++) {
        free(file->sparse[i].name);
        free(file->sparse[i].start);
        free(file->sparse[i].unsorted);
    }
    for (size_t i = 0; i < file->scratch_count; i++) scratch_file_close(&file->scratch[i]);
    for (size_t i = 0; i < file->map_count; i++) mapped_file_close(&file->maps[i]);
    free(file->tensors);
    free(file->sparse);
    free(file->scratch);
    free(file->maps);
    mapped_file_close(&file->map);
    *file = (tensor_file){0};
}
