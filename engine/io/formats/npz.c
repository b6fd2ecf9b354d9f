/* npz.c: a zip of .npy arrays, as numpy.savez and savez_compressed write it, and the sparse matrix
 * that scipy.sparse.save_npz puts into one. */
#include "base/mem.h"
#include "io/formats/formats.h"
#include "io/sparse.h"
#include "io/zip.h"

#include <stdlib.h>
#include <string.h>

/* Reads "csr" from the bytes of a text array ('|S3', or '<U3' with zeros between); "" when it is no text. */
static void read_format(const tensor_file *file, const uint8_t *end, char format[8]) {
    const tensor *t = tensor_find(file, "format");
    size_t used = 0;
    format[0] = 0;
    if (!t || t->dims != 0 || !(strchr(t->dtype_name, 'S') || strchr(t->dtype_name, 'U'))) return;
    for (const uint8_t *p = t->data; p < end && used < 7; p++)
        if (*p) format[used++] = (char)*p;
    format[used] = 0;
}

/* Reads the two numbers of "shape". */
static bool read_size(const tensor_file *file, uint64_t size[2]) {
    const tensor *t = tensor_find(file, "shape");
    int64_t number[2];
    if (!t || t->dims != 1 || t->shape[0] != 2 || !tensor_integers(t, 0, t->stride[0], 2, number)) return false;
    if (number[0] < 0 || number[1] < 0) return false;
    size[0] = (uint64_t)number[0];
    size[1] = (uint64_t)number[1];
    return true;
}

/* Appends the matrix of format, shape, data and two index arrays. */
static bool read_scipy(tensor_file *file, const char *format, const char *key, scry_error *err) {
    bool coo = strcmp(format, "coo") == 0, csc = strcmp(format, "csc") == 0;
    if (!coo && !csc && strcmp(format, "csr") != 0)
        return tensor_fail(file, key, err,
                           "scipy.sparse format: found \"%s\", expected \"csr\", \"csc\" or \"coo\"; save it with "
                           "scipy.sparse.save_npz(path, matrix.tocsr())",
                           format);
    const char *first = coo ? "row" : "indptr", *second = coo ? "col" : "indices";
    const tensor *a = tensor_find(file, first), *b = tensor_find(file, second), *value = tensor_find(file, "data");
    uint64_t size[2];
    if (!a || !b || !value || !read_size(file, size))
        return tensor_fail(file, key, err,
                           "scipy.sparse matrix in format \"%s\": expected \"shape\" of two numbers, \"data\", \"%s\" "
                           "and \"%s\"",
                           format, first, second);
    sparse_layout layout = coo ? SPARSE_COO : csc ? SPARSE_CSC : SPARSE_CSR;
    return tensor_add_sparse(file, "", layout, size[0], size[1], a, b, value, key, err);
}

/* Adds the .npy members; *format_end is set to the end of the one called format. */
static bool read_members(tensor_file *file, const zip_archive *zip, const uint8_t **format_end, const char *key,
                         scry_error *err) {
    for (size_t i = 0; i < zip->count; i++) {
        zip_entry *e = &zip->entries[i];
        size_t length = strlen(e->name);
        if (length < 4 || strcmp(e->name + length - 4, ".npy") != 0) continue;
        const uint8_t *bytes = zip_bytes(zip, e, key, err);
        if (!bytes) return false;
        scratch_file inflated;
        if (zip_take(e, &inflated)) {
            tensor_append_scratch(file, &inflated);
            file->inflated += e->size;
        }
        char *name = mem_copy_bytes(e->name, length - 4);
        bool ok = npy_parse(file, name, bytes, e->size, key, err);
        if (strcmp(name, "format") == 0) *format_end = bytes + e->size;
        free(name);
        if (!ok) return false;
    }
    return true;
}

bool npz_detect(const mapped_file *map) {
    return zip_detect(map);
}

bool npz_read(tensor_file *file, const char *key, scry_error *err) {
    zip_archive zip;
    if (!zip_open(&zip, &file->map, key, err)) return false;
    zip.folder = file->folder;
    const uint8_t *format_end = NULL;
    size_t members = zip.count;
    bool ok = read_members(file, &zip, &format_end, key, err);
    zip_close(&zip);
    if (ok && !file->count)
        return tensor_fail(file, key, err,
                           "a zip archive of %zu members, none of them .npy; expected what numpy.savez or "
                           "scipy.sparse.save_npz writes",
                           members);
    char format[8] = "";
    if (ok && format_end) read_format(file, format_end, format);
    return ok && (!format[0] || !tensor_find(file, "data") || read_scipy(file, format, key, err));
}
