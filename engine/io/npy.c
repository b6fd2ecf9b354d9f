/* npy.c: one array, NumPy's .npy format 1.0 to 3.0 (numpy.lib.format). */
#include "io/tensor.h"
#include "base/mem.h"

#include <ctype.h>
#include <inttypes.h>
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

static tensor_dtype dtype_of(const char *descr) {
    if (strcmp(descr, "<f2") == 0) return TENSOR_F16;
    if (strcmp(descr, "<f4") == 0) return TENSOR_F32;
    if (strcmp(descr, "<f8") == 0) return TENSOR_F64;
    return TENSOR_OTHER;
}

bool npy_read(tensor_file *file, const char *key, scry_error *err) {
    const char *path = file->map.path, *k = key ? key : "", *colon = key ? ": " : "";
    const uint8_t *data = file->map.data;
    uint64_t size = file->map.size;
    if (size < 12) return scry_fail(err, "%s%s%s: the .npy header is cut at %" PRIu64 " bytes", k, colon, path, size);
    unsigned major = data[6];
    if (major < 1 || major > 3)
        return scry_fail(err, "%s%s%s: .npy version %u, expected 1 to 3", k, colon, path, major);
    uint64_t at = major == 1 ? 10 : 12;
    uint64_t length =
        major == 1 ? (uint64_t)data[8] | (uint64_t)data[9] << 8
                   : (uint64_t)data[8] | (uint64_t)data[9] << 8 | (uint64_t)data[10] << 16 | (uint64_t)data[11] << 24;
    if (length > size - at || length > 1u << 20)
        return scry_fail(err, "%s%s%s: .npy header of %" PRIu64 " bytes, but the file has %" PRIu64 "; it is cut", k,
                         colon, path, length, size - at);
    char *header = mem_copy_bytes(data + at, (size_t)length);
    const char *descr = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'");
    const char *shape = value_of(header, "'shape'");
    char kind[16] = "";
    if (descr && *descr == '\'')
        for (unsigned i = 0; i < sizeof kind - 1 && descr[i + 1] && descr[i + 1] != '\''; i++) kind[i] = descr[i + 1];
    uint64_t dim[TENSOR_MAX_DIM];
    int dims = 0;
    bool good = kind[0] && order && shape && *shape == '(';
    for (const char *p = good ? shape + 1 : ""; good && *p && *p != ')';) {
        if (isdigit((unsigned char)*p)) {
            char *end;
            if (dims == TENSOR_MAX_DIM) good = false;
            else dim[dims++] = strtoull(p, &end, 10), p = end;
        } else if (*p == ',' || *p == ' ') {
            p++;
        } else {
            good = false;
        }
    }
    bool fortran = good && strncmp(order, "True", 4) == 0;
    free(header);
    if (!good)
        return scry_fail(err,
                         "%s%s%s: .npy header not understood; expected {'descr': '<f4', 'fortran_order': False, "
                         "'shape': (tokens, width)}",
                         k, colon, path);
    at += length;
    return tensor_add(file, "", kind, dtype_of(kind), dims, dim, fortran, data + at, size - at, key, err);
}
