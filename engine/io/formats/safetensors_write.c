/* safetensors_write.c: u64 length, JSON header, data (huggingface/safetensors, README "Format"). */
#include "io/formats/safetensors_write.h"
#include "base/mem.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are written as they lie in memory");

enum { WRITE_BUFFER = 1 << 20 };

const char *const safetensors_dtypes[TENSOR_OTHER] = {
    [TENSOR_F16] = "F16", [TENSOR_BF16] = "BF16", [TENSOR_F32] = "F32", [TENSOR_F64] = "F64",
    [TENSOR_I8] = "I8",   [TENSOR_U8] = "U8",     [TENSOR_I16] = "I16", [TENSOR_U16] = "U16",
    [TENSOR_I32] = "I32", [TENSOR_U32] = "U32",   [TENSOR_I64] = "I64", [TENSOR_U64] = "U64",
};

/* The header's text, padded with blanks so that the data begins at a multiple of 8; *expected: bytes
 * of data. */
static char *header_text(const safetensors_item *items, size_t count, const char *const (*about)[2], size_t abouts,
                         uint64_t *expected) {
    cJSON *header = cJSON_CreateObject(), *metadata = abouts ? cJSON_AddObjectToObject(header, "__metadata__") : NULL;
    for (size_t i = 0; i < abouts; i++) cJSON_AddStringToObject(metadata, about[i][0], about[i][1]);
    *expected = 0;
    for (size_t i = 0; i < count; i++) {
        cJSON *entry = cJSON_AddObjectToObject(header, items[i].name);
        cJSON_AddStringToObject(entry, "dtype", safetensors_dtypes[items[i].dtype]);
        cJSON *shape = cJSON_AddArrayToObject(entry, "shape");
        uint64_t bytes = tensor_size(items[i].dtype);
        for (int d = 0; d < items[i].dims; d++) {
            cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)items[i].shape[d]));
            bytes *= items[i].shape[d];
        }
        cJSON *offsets = cJSON_AddArrayToObject(entry, "data_offsets");
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)*expected));
        *expected += bytes;
        cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)*expected));
    }
    char *text = cJSON_PrintUnformatted(header);
    cJSON_Delete(header);
    size_t length = strlen(text);
    char *padded = mem_format("%s%*s", text, (int)((8 - length % 8) % 8), "");
    cJSON_free(text);
    return padded;
}

static void put(safetensors_writer *w, const void *bytes, size_t size) {
    if (w->failed || size == 0) return;
    if (fwrite(bytes, 1, size, w->out.file) != size) w->failed = errno ? errno : EIO;
    w->size += size;
}

bool safetensors_create(safetensors_writer *w, const char *path, const safetensors_item *items, size_t count,
                        scry_error *err) {
    return safetensors_create_about(w, path, items, count, NULL, 0, err);
}

bool safetensors_create_about(safetensors_writer *w, const char *path, const safetensors_item *items, size_t count,
                              const char *const (*about)[2], size_t abouts, scry_error *err) {
    *w = (safetensors_writer){0};
    if (!atomic_file_begin(&w->out, path, err)) return false;
    setvbuf(w->out.file, NULL, _IOFBF, WRITE_BUFFER);
    char *header = header_text(items, count, about, abouts, &w->expected);
    uint64_t length = strlen(header);
    put(w, &length, sizeof length);
    put(w, header, (size_t)length);
    w->header = header;
    return true;
}

void safetensors_put(safetensors_writer *w, const void *bytes, size_t size) {
    w->written += size;
    if (w->written <= w->expected) put(w, bytes, size);
}

void safetensors_amend(safetensors_writer *w, const char *from, const char *to) {
    const char *at = strstr(w->header, from);
    size_t length = strlen(to);
    long place = at ? (long)sizeof(uint64_t) + (long)(at - w->header) : 0;
    if (w->failed) return;
    if (!at || strlen(from) != length) w->failed = EINVAL;
    else if (fseek(w->out.file, place, SEEK_SET) != 0 || fwrite(to, 1, length, w->out.file) != length)
        w->failed = errno ? errno : EIO;
}

bool safetensors_finish(safetensors_writer *w, scry_error *err) {
    bool complete = w->written == w->expected;
    if (!complete)
        scry_fail(err, "%s: %" PRIu64 " bytes of tensors were given, but the shapes stated need %" PRIu64, w->out.path,
                  w->written, w->expected);
    else if (w->failed) scry_fail(err, "%s: cannot be written: %s", w->out.path, strerror(w->failed));
    free(w->header);
    return atomic_file_end(&w->out, complete && !w->failed, err);
}

void safetensors_cancel(safetensors_writer *w) {
    free(w->header);
    atomic_file_end(&w->out, false, NULL);
}
