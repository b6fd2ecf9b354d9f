/* safetensors.c: u64 length, JSON header, data (huggingface/safetensors, README "Format"); and the sparse
 * caches that delphi writes in it (delphi/latents/cache.py). */
#include "base/path.h"
#include "io/formats/formats.h"
#include "io/formats/safetensors_write.h"
#include "io/json.h"
#include "io/sparse.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static tensor_dtype dtype_of(const char *name) {
    for (tensor_dtype dtype = 0; dtype < TENSOR_OTHER; dtype++)
        if (strcmp(name, safetensors_dtypes[dtype]) == 0) return dtype;
    if (strcmp(name, "BOOL") == 0) return TENSOR_U8;
    return strcmp(name, "BOOL") == 0 ? TENSOR_U8 : TENSOR_OTHER;
}

/* A whole number of at most 2^53, which a double holds exactly. */
static bool whole_number(const cJSON *item, uint64_t *out) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9007199254740992.0) return false;
    *out = (uint64_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

/* Does the tensor have exactly this many bytes? The format leaves none between tensors. */
static bool spans(const uint64_t *dim, int dims, uint64_t each, uint64_t bytes) {
    uint64_t elements = 1;
    for (int i = 0; i < dims; i++)
        if (__builtin_mul_overflow(elements, dim[i], &elements)) return false;
    return !each || (elements == bytes / each && bytes % each == 0);
}

static bool read_entry(tensor_file *file, const cJSON *entry, const uint8_t *data, uint64_t room, const char *key,
                       scry_error *err) {
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsString(dtype) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return tensor_fail(file, key, err,
                           "header entry \"%.60s\": expected \"dtype\" text, \"shape\" list and "
                           "\"data_offsets\" of two numbers",
                           entry->string);
    if (cJSON_GetArraySize(shape) > TENSOR_MAX_DIM)
        return tensor_fail(file, key, err, "tensor \"%.60s\": found %d dimensions, expected at most %d", entry->string,
                           cJSON_GetArraySize(shape), TENSOR_MAX_DIM);
    uint64_t dim[TENSOR_MAX_DIM], begin, end;
    int dims = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, shape)
        if (!whole_number(item, &dim[dims++]))
            return tensor_fail(file, key, err, "tensor \"%.60s\": shape[%d] is not a whole number of 0 or more",
                               entry->string, dims - 1);
    if (!whole_number(cJSON_GetArrayItem(offsets, 0), &begin) || !whole_number(cJSON_GetArrayItem(offsets, 1), &end) ||
        begin > end)
        return tensor_fail(file, key, err, "tensor \"%.60s\": data_offsets are not two ascending whole numbers",
                           entry->string);
    if (end > room)
        return tensor_fail(file, key, err,
                           "tensor \"%.60s\": data_offsets end at %" PRIu64 ", but only %" PRIu64
                           " bytes of data follow the header; the file is cut",
                           entry->string, end, room);
    if (!spans(dim, dims, tensor_size(dtype_of(dtype->valuestring)), end - begin))
        return tensor_fail(file, key, err,
                           "tensor \"%.60s\": data_offsets span %" PRIu64
                           " bytes, which is not shape times %.20s; the file is cut or its header is wrong",
                           entry->string, end - begin, dtype->valuestring);
    tensor_spec spec = {.name = entry->string, .dtype_name = dtype->valuestring, .dims = dims, .shape = dim};
    spec.dtype = dtype_of(dtype->valuestring);
    spec.data = data + begin;
    spec.room = end - begin;
    return tensor_add(file, &spec, key, err);
}

/* START_END.safetensors holds the latents from START to END, END included; any other name all. */
static bool range_of(const char *path, uint64_t *start, uint64_t *end) {
    const char *name = path_file_name(path);
    char *stop;
    if (!isdigit((unsigned char)*name)) return false;
    *start = strtoull(name, &stop, 10);
    if (*stop != '_' || !isdigit((unsigned char)stop[1])) return false;
    *end = strtoull(stop + 1, &stop, 10);
    return strcmp(stop, ".safetensors") == 0 && *start <= *end && *end < UINT32_MAX;
}

static bool read_delphi(tensor_file *file, const char *key, scry_error *err) {
    const tensor *locations = tensor_find(file, "locations"), *activations = tensor_find(file, "activations");
    if (!locations || !activations || locations->dims != 2 || locations->shape[1] != 3 || activations->dims != 1)
        return true;
    const tensor *tokens = tensor_find(file, "tokens");
    if (!tokens || tokens->dims != 2 || tokens->shape[0] > UINT32_MAX || tokens->shape[1] > UINT32_MAX ||
        tokens->shape[0] * tokens->shape[1] > UINT32_MAX)
        return tensor_fail(file, key, err,
                           "delphi cache: found locations but no \"tokens\" [sequences, context] with fewer than 2^32 "
                           "tokens, expected them to number the rows; cache again with save_tokens");
    if (activations->shape[0] != locations->shape[0] || !tensor_is_float(activations->dtype))
        return tensor_fail(file, key, err,
                           "delphi cache: found %" PRIu64 " locations and %" PRIu64 " activations of %s, expected as "
                           "many floating-point numbers",
                           locations->shape[0], activations->shape[0], activations->dtype_name);
    uint64_t start = 0, end = 0, context = tokens->shape[1];
    bool split = range_of(file->map.path, &start, &end);
    sparse_list list = {.rows = tokens->shape[0] * context, .count = locations->shape[0], .context = context};
    list.first_col = start;
    list.cols = split ? end - start + 1 : UINT32_MAX;
    list.infer_cols = !split;
    list.row = tensor_select(locations, 1, 0);
    list.position = tensor_select(locations, 1, 1);
    list.col = tensor_select(locations, 1, 2);
    list.value = *activations;
    list.row_name = "locations[:, 0], the sequence";
    list.position_name = "locations[:, 1], the position";
    list.col_name = "locations[:, 2], the latent";
    tensor_sparse *s = tensor_add_list(file, "", &list, key, err);
    if (s) s->split = split;
    return s != NULL;
}

bool safetensors_detect(const mapped_file *map) {
    return map->size >= 9 && map->data[8] == '{';
}

bool safetensors_read(tensor_file *file, const char *key, scry_error *err) {
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | file->map.data[i];
    if (length > file->map.size - 8)
        return tensor_fail(file, key, err,
                           "header length %" PRIu64 ", but the file has %" PRIu64 " bytes after it; it is cut", length,
                           file->map.size - 8);
    if (length > 100u << 20)
        return tensor_fail(file, key, err, "header length %" PRIu64 ", expected at most 100 MB", length);
    size_t stop;
    cJSON *header = json_parse_prefix((const char *)file->map.data + 8, (size_t)length, &stop);
    if (!cJSON_IsObject(header)) {
        cJSON_Delete(header);
        return tensor_fail(file, key, err, "header is not JSON (stopped at byte %zu of it)", stop);
    }
    bool ok = true;
    const cJSON *entry;
    cJSON_ArrayForEach (entry, header) {
        if (strcmp(entry->string, "__metadata__") == 0) continue;
        ok = ok && read_entry(file, entry, file->map.data + 8 + length, file->map.size - 8 - length, key, err);
    }
    cJSON_Delete(header);
    return ok && read_delphi(file, key, err);
}
