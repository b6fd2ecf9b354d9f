/* safetensors.c: u64 length, JSON header, data (huggingface/safetensors, README "Format"). */
#include "io/tensor.h"
#include "base/mem.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static tensor_dtype dtype_of(const char *name) {
    if (strcmp(name, "F16") == 0) return TENSOR_F16;
    if (strcmp(name, "BF16") == 0) return TENSOR_BF16;
    if (strcmp(name, "F32") == 0) return TENSOR_F32;
    if (strcmp(name, "F64") == 0) return TENSOR_F64;
    return TENSOR_OTHER;
}

/* A JSON number that is a whole number of at most 2^53, so that a double holds it exactly. */
static bool whole(const cJSON *item, uint64_t *out) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9007199254740992.0) return false;
    *out = (uint64_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

static bool read_entry(tensor_file *file, const cJSON *entry, const uint8_t *data, uint64_t room, const char *key,
                       scry_error *err) {
    const char *path = file->map.path, *k = key ? key : "", *colon = key ? ": " : "";
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsString(dtype) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return scry_fail(err,
                         "%s%s%s: header entry \"%.60s\": expected \"dtype\" text, \"shape\" list and "
                         "\"data_offsets\" of two numbers",
                         k, colon, path, entry->string);
    if (cJSON_GetArraySize(shape) > TENSOR_MAX_DIM)
        return scry_fail(err, "%s%s%s: tensor \"%.60s\": found %d dimensions, expected at most %d", k, colon, path,
                         entry->string, cJSON_GetArraySize(shape), TENSOR_MAX_DIM);
    uint64_t dim[TENSOR_MAX_DIM], begin, end;
    int dims = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, shape)
        if (!whole(item, &dim[dims++]))
            return scry_fail(err, "%s%s%s: tensor \"%.60s\": shape[%d] is not a whole number of 0 or more", k, colon,
                             path, entry->string, dims - 1);
    if (!whole(cJSON_GetArrayItem(offsets, 0), &begin) || !whole(cJSON_GetArrayItem(offsets, 1), &end) || begin > end)
        return scry_fail(err, "%s%s%s: tensor \"%.60s\": data_offsets are not two ascending whole numbers", k, colon,
                         path, entry->string);
    if (end > room)
        return scry_fail(err,
                         "%s%s%s: tensor \"%.60s\": data_offsets end at %" PRIu64 ", but only %" PRIu64
                         " data bytes are there; the file is cut",
                         k, colon, path, entry->string, end, room);
    uint64_t elements = 1, each = tensor_size(dtype_of(dtype->valuestring));
    for (int i = 0; i < dims && each; i++)
        elements = dim[i] && elements > (end - begin) / dim[i] + 1 ? UINT64_MAX : elements * dim[i];
    if (each && (elements > (end - begin) / each || elements * each != end - begin))
        return scry_fail(err,
                         "%s%s%s: tensor \"%.60s\": data_offsets span %" PRIu64
                         " bytes, which is not shape times %s; the "
                         "file is cut or its header is wrong",
                         k, colon, path, entry->string, end - begin, dtype->valuestring);
    return tensor_add(file, entry->string, dtype->valuestring, dtype_of(dtype->valuestring), dims, dim, false,
                      data + begin, end - begin, key, err);
}

bool safetensors_read(tensor_file *file, const char *key, scry_error *err) {
    const char *path = file->map.path, *k = key ? key : "", *colon = key ? ": " : "";
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | file->map.data[i];
    if (length > file->map.size - 8)
        return scry_fail(err,
                         "%s%s%s: header length %" PRIu64 ", but the file has %" PRIu64 " bytes after it; it is cut", k,
                         colon, path, length, file->map.size - 8);
    if (length > 100u << 20)
        return scry_fail(err, "%s%s%s: header length %" PRIu64 ", expected at most 100 MB", k, colon, path, length);
    const char *text = (const char *)file->map.data + 8;
    const char *stop = NULL;
    cJSON *header = cJSON_ParseWithLengthOpts(text, (size_t)length, &stop, false);
    if (!cJSON_IsObject(header)) {
        cJSON_Delete(header);
        return scry_fail(err, "%s%s%s: header is not JSON (stopped at byte %ld of it)", k, colon, path,
                         stop ? (long)(stop - text) : 0L);
    }
    bool ok = true;
    const cJSON *entry;
    cJSON_ArrayForEach (entry, header) {
        if (strcmp(entry->string, "__metadata__") == 0) continue;
        ok = ok && read_entry(file, entry, file->map.data + 8 + length, file->map.size - 8 - length, key, err);
    }
    cJSON_Delete(header);
    return ok;
}
