/* safetensors.c: u64 length, JSON header, data (huggingface/safetensors, README "Format"); and the sparse
 * caches that delphi writes in it (delphi/latents/cache.py). */
#include "base/mem.h"
#include "base/path.h"
#include "base/string_pool.h"
#include "base/utf8.h"
#include "io/formats/formats.h"
#include "io/formats/safetensors_write.h"
#include "io/json.h"
#include "io/sparse.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_HEADER = 100000000 }; /* as in the library */

/* All dtypes of the library (safetensors/src/tensor.rs, Dtype) with their bits; the ones that scry reads are in
 * safetensors_dtypes. */
static const struct {
    const char *name;
    unsigned bits;
    tensor_dtype dtype;
} others[] = {{"BOOL", 8, TENSOR_U8},       {"F4", 4, TENSOR_OTHER},          {"F6_E2M3", 6, TENSOR_OTHER},
              {"F6_E3M2", 6, TENSOR_OTHER}, {"F8_E5M2", 8, TENSOR_OTHER},     {"F8_E4M3", 8, TENSOR_OTHER},
              {"F8_E8M0", 8, TENSOR_OTHER}, {"F8_E4M3FNUZ", 8, TENSOR_OTHER}, {"F8_E5M2FNUZ", 8, TENSOR_OTHER},
              {"C64", 64, TENSOR_OTHER}};
enum { OTHERS = sizeof others / sizeof *others };

/* The bits of an element; 0 for a name that is no dtype. */
static unsigned find_dtype(const char *name, tensor_dtype *dtype) {
    for (*dtype = 0; *dtype < TENSOR_OTHER; ++*dtype)
        if (strcmp(name, safetensors_dtypes[*dtype]) == 0) return 8 * tensor_size(*dtype);
    for (int i = 0; i < OTHERS; i++)
        if (strcmp(name, others[i].name) == 0) {
            *dtype = others[i].dtype;
            return others[i].bits;
        }
    return 0;
}

/* The bytes of a tensor, which the library wants in order and without gaps. */
typedef struct span {
    uint64_t begin, end;
    const char *name;
} span;

/* A whole number of at most 2^53, which a double holds exactly. */
static bool whole_number(const cJSON *item, uint64_t *out) {
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 9007199254740992.0) return false;
    *out = (uint64_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

/* Does the tensor have exactly this many bytes? */
static bool spans(const uint64_t *dim, int dims, uint64_t bits, uint64_t bytes) {
    uint64_t size = bits;
    for (int i = 0; i < dims; i++)
        if (__builtin_mul_overflow(size, dim[i], &size)) return false;
    return size % 8 == 0 && size / 8 == bytes;
}

/* Reads one tensor; *held receives its bytes' place. */
static bool read_entry(tensor_file *file, const cJSON *entry, const uint8_t *data, uint64_t room, span *held,
                       const char *key, scry_error *err) {
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
    tensor_spec spec = {.name = entry->string, .dtype_name = dtype->valuestring, .dims = dims, .shape = dim};
    unsigned bits = find_dtype(dtype->valuestring, &spec.dtype);
    if (!bits)
        return tensor_fail(file, key, err, "tensor \"%.60s\": found dtype \"%.20s\", expected one of safetensors",
                           entry->string, dtype->valuestring);
    if (!spans(dim, dims, bits, end - begin))
        return tensor_fail(file, key, err,
                           "tensor \"%.60s\": data_offsets span %" PRIu64
                           " bytes, which is not shape times %.20s; the file is cut or its header is wrong",
                           entry->string, end - begin, dtype->valuestring);
    *held = (span){begin, end, entry->string};
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

static int by_place(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* As the library checks: the tensors follow each other from the first byte to the last. */
static bool check_spans(const tensor_file *file, span *held, size_t count, uint64_t room, const char *key,
                        scry_error *err) {
    uint64_t at = 0;
    if (count) qsort(held, count, sizeof *held, by_place);
    for (size_t i = 0; i < count; i++) {
        if (held[i].begin != at)
            return tensor_fail(file, key, err,
                               "tensor \"%.60s\": data_offsets begin at %" PRIu64 ", expected %" PRIu64
                               ", where \"%.60s\" ends: %s; save it again, as the safetensors library does",
                               held[i].name, held[i].begin, at, i ? held[i - 1].name : "the header",
                               held[i].begin > at ? "a gap between tensors can hide data"
                                                  : "overlapping tensors share bytes");
        at = held[i].end;
    }
    return at == room || tensor_fail(file, key, err,
                                     "found %" PRIu64 " bytes after the last tensor, which ends at %" PRIu64
                                     " of %" PRIu64 ", expected none; the file was appended to or its header is wrong",
                                     room - at, at, room);
}

/* Is it written as 0, 7 or -7, and not as 07, 7.0 or 7e0? Fractions are left to the readers of shapes and offsets. */
static bool is_whole(const char *at, size_t length) {
    size_t sign = length && *at == '-', digits = strspn(at + sign, "0123456789");
    bool plain = digits && digits + sign == length && (digits == 1 || at[sign] != '0');
    double value = plain ? 0 : strtod(at, NULL);
    return plain || floor(value) < value;
}

/* What cJSON takes and the library does not: control characters and invalid UTF-8 in texts, numbers that are not whole.
 * text ends with NUL. */
static bool check_text(const tensor_file *file, const char *text, const char *key, scry_error *err) {
    static const char number[] = "+-.0123456789eE";
    bool quoted = false;
    for (const char *at = text; *at;) {
        size_t place = (size_t)(at - text), length = quoted ? 0 : strspn(at, number);
        if (length && strspn(at, "eE") < length && !is_whole(at, length))
            return tensor_fail(file, key, err, "header: byte %zu: found the number %.*s, expected a whole one", place,
                               (int)(length < 40 ? length : 40), at);
        if (length) {
            at += length;
            continue;
        }
        if (quoted && *at == '\\' && at[1]) {
            at += 2;
            continue;
        }
        if (*at == '"') quoted = !quoted;
        uint32_t code = utf8_next(&at);
        if (code >= UTF8_INVALID || (quoted && code < ' '))
            return tensor_fail(file, key, err, "header: byte %zu: found %s, expected JSON in UTF-8", place,
                               code < ' ' ? "a control character" : "invalid UTF-8");
    }
    return true;
}

/* A key that stands twice: the JSON keeps both, readers take either. */
static const char *repeated_key(const cJSON *object) {
    string_pool names = {0};
    const char *found = NULL;
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        uint32_t before = names.count;
        if (!found && string_pool_add(&names, item->string) < before) found = item->string;
    }
    string_pool_free(&names);
    return found;
}

static bool check_keys(const tensor_file *file, const cJSON *object, const char *place, const char *key,
                       scry_error *err) {
    const char *twice = cJSON_IsObject(object) ? repeated_key(object) : NULL;
    return !twice || tensor_fail(file, key, err, "header%s%.60s: found \"%.60s\" twice, expected each key once",
                                 *place ? " entry " : "", place, twice);
}

static bool check_metadata(const tensor_file *file, const cJSON *about, const char *key, scry_error *err) {
    const cJSON *item;
    bool texts = cJSON_IsObject(about) || cJSON_IsNull(about);
    cJSON_ArrayForEach (item, about) texts = texts && cJSON_IsString(item);
    return texts || tensor_fail(file, key, err, "header: __metadata__: expected an object of texts");
}

static bool read_entries(tensor_file *file, const cJSON *header, uint64_t length, const char *key, scry_error *err) {
    const uint8_t *data = file->map.data + 8 + length;
    const uint64_t room = file->map.size - 8 - length;
    span *held = mem_new((size_t)cJSON_GetArraySize(header) + 1, sizeof *held);
    size_t count = 0;
    bool ok = check_keys(file, header, "", key, err);
    const cJSON *entry;
    cJSON_ArrayForEach (entry, header) {
        if (!ok) break;
        bool about = strcmp(entry->string, "__metadata__") == 0;
        ok = about ? check_metadata(file, entry, key, err)
                   : check_keys(file, entry, entry->string, key, err) &&
                         read_entry(file, entry, data, room, &held[count++], key, err);
    }
    ok = ok && check_spans(file, held, count, room, key, err);
    free(held);
    return ok;
}

bool safetensors_detect(const mapped_file *map) {
    return map->size >= 9 && map->data[8] == '{';
}

/* The header's JSON; NULL with err. */
static cJSON *read_header(const tensor_file *file, uint64_t length, const char *key, scry_error *err) {
    size_t stop = 0;
    char *text = mem_copy_bytes(file->map.data + 8, (size_t)length);
    cJSON *header = json_parse_prefix(text, (size_t)length, &stop);
    size_t end = stop + strspn(text + stop, " \t\r\n");
    bool ok = true;
    if (json_is_dense(text, (size_t)length))
        ok =
            tensor_fail(file, key, err, "header: found more values than tensors in %" PRIu64 " bytes can need", length);
    else if (!cJSON_IsObject(header) || end != length)
        ok = tensor_fail(file, key, err, "header is not JSON (stopped at byte %zu of it)", end);
    ok = ok && check_text(file, text, key, err);
    free(text);
    if (ok) return header;
    cJSON_Delete(header);
    return NULL;
}

bool safetensors_read(tensor_file *file, const char *key, scry_error *err) {
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | file->map.data[i];
    if (length > MOST_HEADER)
        return tensor_fail(file, key, err, "header length %" PRIu64 ", expected at most %d bytes (100 MB)", length,
                           MOST_HEADER);
    if (length > file->map.size - 8)
        return tensor_fail(file, key, err,
                           "header length %" PRIu64 ", but the file has %" PRIu64 " bytes after it; it is cut", length,
                           file->map.size - 8);
    cJSON *header = read_header(file, length, key, err);
    if (!header) return false;
    bool ok = read_entries(file, header, length, key, err);
    cJSON_Delete(header);
    return ok && read_delphi(file, key, err);
}
