/* sparse.c: sparse matrices found in the tensors of a file. */
#include "io/sparse.h"

#include <inttypes.h>

/* Appends a matrix whose columns are listed by row, to be read in place. */
static bool add_csr(tensor_file *file, const char *name, const sparse_list *list, const tensor *begin, const char *key,
                    scry_error *err) {
    tensor_sparse s = {.rows = list->rows, .cols = list->cols, .index = list->col, .value = list->value};
    s.begin = *begin;
    uint32_t widest = 0;
    if (!sparse_check_begin(file, begin, s.rows, list->count, &s.entries, &s.widest, key, err) ||
        !sparse_check_list(file, &s.index, list->col_name, key, err) ||
        !sparse_check_indices(file, &s.index, list->col_name, s.cols, 0, s.index.stride[0], s.entries, 0, &widest, key,
                              err))
        return false;
    tensor_append_sparse(file, &s, name);
    return true;
}

bool tensor_add_sparse(tensor_file *file, const char *name, sparse_layout layout, uint64_t rows, uint64_t cols,
                       const tensor *a, const tensor *b, const tensor *value, const char *key, scry_error *err) {
    if (b->dims != 1 || value->dims != 1 || b->shape[0] != value->shape[0] || !tensor_size(value->dtype)) {
        char one[96], two[96];
        return tensor_fail(file, key, err,
                           "sparse tensor \"%.60s\": found indices of shape %s and values of shape %s (%s), expected "
                           "lists of the same length; only sparse matrices of plain numbers are read",
                           name, tensor_shape_text(b, one, sizeof one), tensor_shape_text(value, two, sizeof two),
                           value->dtype_name);
    }
    sparse_list list = {.rows = rows, .cols = cols, .count = b->shape[0], .row = *a, .col = *b, .value = *value};
    list.row_name = layout == SPARSE_COO ? "sparse rows" : "sparse indices";
    list.col_name = "sparse indices";
    if (list.count > tensor_file_bytes(file))
        return tensor_fail(file, key, err, "sparse tensor \"%.60s\": %" PRIu64 " entries in a file too short for them",
                           name, list.count);
    if (cols > (uint64_t)UINT32_MAX + 1 || rows > UINT32_MAX)
        return tensor_fail(file, key, err,
                           "sparse tensor \"%.60s\": found shape [%" PRIu64 ", %" PRIu64
                           "], expected at most 2^32 of each",
                           name, rows, cols);
    if (layout == SPARSE_CSR) return add_csr(file, name, &list, a, key, err);
    if (layout == SPARSE_COO && (a->dims != 1 || a->shape[0] != list.count))
        return tensor_fail(file, key, err, "sparse tensor \"%.60s\": rows and columns are not lists of one length",
                           name);
    if (layout == SPARSE_CSC) {
        uint64_t widest;
        list.is_csc = true;
        list.row = *b;
        list.col = *a;
        if (!sparse_check_begin(file, a, cols, list.count, &list.count, &widest, key, err)) return false;
    }
    return tensor_add_list(file, name, &list, key, err) != NULL;
}

/* Appends a matrix with the same number of entries in all rows, to be read in place. */
static bool add_pairs(tensor_file *file, const tensor *index, const tensor *value, const char *list_name,
                      const char *key, scry_error *err) {
    uint64_t rows = index->shape[0], k = index->shape[1];
    uint32_t widest = 0;
    if (!sparse_check_list(file, index, list_name, key, err)) return false;
    if (rows > UINT32_MAX)
        return tensor_fail(file, key, err, "%s: found %" PRIu64 " rows, expected fewer than 2^32", list_name, rows);
    for (uint64_t r = 0; r < rows; r++)
        if (!sparse_check_indices(file, index, list_name, UINT32_MAX, (int64_t)r * index->stride[0], index->stride[1],
                                  k, r * k, &widest, key, err))
            return false;
    tensor_sparse s = {.rows = rows, .cols = (uint64_t)widest + 1, .cols_inferred = true};
    s.entries = rows * k;
    s.widest = k;
    s.index = *index;
    s.value = *value;
    tensor_append_sparse(file, &s, "");
    return true;
}

bool tensor_add_top_k(tensor_file *file, const char *key, scry_error *err) {
    static const char *const names[][2] = {{"indices", "values"}, {"top_indices", "top_acts"}};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const tensor *index = tensor_find(file, names[n][0]), *value = tensor_find(file, names[n][1]);
        if (!index || !value || index->dims != 2 || value->dims != 2 || !tensor_size(index->dtype) ||
            tensor_is_float(index->dtype) || !tensor_is_float(value->dtype) || tensor_find_sparse(file, "") ||
            index->shape[0] != value->shape[0] || index->shape[1] != value->shape[1] || tensor_elements(index) == 0)
            continue;
        if (!add_pairs(file, index, value, names[n][0], key, err)) return false;
    }
    return true;
}
