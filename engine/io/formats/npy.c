/* npy.c: one array, NumPy's .npy format 1.0 to 3.0 (numpy.lib.format). */
#include "base/mem.h"
#include "io/formats/formats.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text after 'name': in the header's dict literal, or NULL. */
static const char *value_of(const char *header, const char *name) {
    const char *at = strstr(header, name);
    if (!at) return NULL;
    at += strlen(name);
    while (*at == ' ' || *at == ':') at++;
    return at;
}

/* Of "<f4", ">i8", "|b1"; others are not readable as numbers. */
static tensor_dtype dtype_of(const char *descr) {
    static const struct {
        const char *kind;
        tensor_dtype dtype;
    } known[] = {{"f2", TENSOR_F16}, {"f4", TENSOR_F32}, {"f8", TENSOR_F64}, {"i1", TENSOR_I8},
                 {"u1", TENSOR_U8},  {"b1", TENSOR_U8},  {"i2", TENSOR_I16}, {"u2", TENSOR_U16},
                 {"i4", TENSOR_I32}, {"u4", TENSOR_U32}, {"i8", TENSOR_I64}, {"u8", TENSOR_U64}};
    if (!*descr || !strchr("<>=|", *descr)) return TENSOR_OTHER;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(descr + 1, known[i].kind) == 0) return known[i].dtype;
    return TENSOR_OTHER;
}

/* "(3, 4)" */
static bool read_shape(const char *text, uint64_t *shape, int *dims) {
    *dims = 0;
    if (!text || *text++ != '(') return false;
    while (*text != ')') {
        if (isdigit((unsigned char)*text)) {
            char *end;
            if (*dims == TENSOR_MAX_DIM) return false;
            shape[(*dims)++] = strtoull(text, &end, 10);
            text = end + (*end == 'L'); /* Python 2 */
        } else if (*text == ',' || *text == ' ') {
            text++;
        } else {
            return false;
        }
    }
    return true;
}

static bool read_header(const char *header, tensor_spec *spec, char kind[24], uint64_t *shape) {
    const char *descr = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'");
    if (!descr || !order || !read_shape(value_of(header, "'shape'"), shape, &spec->dims)) return false;
    if (*descr == '\'') {
        size_t length = strcspn(descr + 1, "'");
        snprintf(kind, 24, "%.*s", (int)(length < 23 ? length : 23), descr + 1);
    } else {
        snprintf(kind, 24, "structured");
    }
    spec->dtype = dtype_of(kind);
    spec->dtype_name = kind;
    spec->big_endian = kind[0] == '>';
    spec->fortran = strncmp(order, "True", 4) == 0;
    spec->shape = shape;
    return kind[0] != 0;
}

static bool is_npy(const uint8_t *data, uint64_t size) {
    return size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0;
}

bool npy_parse(tensor_file *file, const char *name, const uint8_t *data, uint64_t size, const char *key,
               scry_error *err) {
    const char *open = *name ? "\"" : "", *close = *name ? "\": " : "";
    if (size < 12 || !is_npy(data, size))
        return tensor_fail(file, key, err, "%s%.60s%sno .npy header in %" PRIu64 " bytes; the file is cut or damaged",
                           open, name, close, size);
    unsigned major = data[6];
    if (major < 1 || major > 3)
        return tensor_fail(file, key, err, "%s%.60s%s.npy version %u, expected 1 to 3", open, name, close, major);
    uint64_t at = major == 1 ? 10 : 12;
    uint64_t length =
        major == 1 ? (uint64_t)data[8] | (uint64_t)data[9] << 8
                   : (uint64_t)data[8] | (uint64_t)data[9] << 8 | (uint64_t)data[10] << 16 | (uint64_t)data[11] << 24;
    if (length > size - at || length > 1u << 20)
        return tensor_fail(file, key, err,
                           "%s%.60s%s.npy header of %" PRIu64 " bytes, but %" PRIu64 " come after it; it is cut", open,
                           name, close, length, size - at);
    char *header = mem_copy_bytes(data + at, (size_t)length), kind[24] = "";
    uint64_t shape[TENSOR_MAX_DIM];
    at += length;
    tensor_spec spec = {.name = name, .data = data + at, .room = size - at};
    bool ok = read_header(header, &spec, kind, shape);
    free(header);
    if (ok) return tensor_add(file, &spec, key, err);
    return tensor_fail(file, key, err,
                       "%s%.60s%s.npy header not understood; expected {'descr': '<f4', 'fortran_order': False, "
                       "'shape': (tokens, width)}",
                       open, name, close);
}

bool npy_detect(const mapped_file *map) {
    return is_npy(map->data, map->size);
}

bool npy_read(tensor_file *file, const char *key, scry_error *err) {
    return npy_parse(file, "", file->map.data, file->map.size, key, err);
}
