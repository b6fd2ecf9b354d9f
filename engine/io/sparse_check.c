/* sparse_check.c: checks of the indices of sparse matrices, a block at a time. */
#include "io/sparse.h"

#include <inttypes.h>

bool sparse_check_list(const tensor_file *file, const tensor *t, const char *list, const char *key, scry_error *err) {
    char shape[160];
    bool whole = tensor_size(t->dtype) && !tensor_is_float(t->dtype);
    if (whole && t->dims >= 1 && t->dims <= 2 && tensor_elements(t) <= tensor_file_bytes(file)) return true;
    return tensor_fail(file, key, err, "%s: found shape %s of %s, expected a list of integers", list,
                       tensor_shape_text(t, shape, sizeof shape), t->dtype_name);
}

bool sparse_indices(const tensor_file *file, const tensor *t, const char *list, uint64_t limit, int64_t from,
                    int64_t step, uint64_t n, uint64_t at, uint32_t *out, const char *key, scry_error *err) {
    int64_t number[SPARSE_BLOCK] = {0};
    bool fits = tensor_integers(t, from, step, n, number);
    uint64_t i = 0;
    for (; fits && i < n && number[i] >= 0 && (uint64_t)number[i] < limit; i++) out[i] = (uint32_t)number[i];
    if (i == n) return true;
    return tensor_fail(file, key, err, "%s: found index %" PRId64 " at entry %" PRIu64 ", expected 0 to %" PRIu64, list,
                       number[i], at + i, limit ? limit - 1 : 0);
}

void sparse_drop_pages(const tensor_file *file, uint64_t before, uint64_t after) {
    enum { ENTRIES = 1 << 18 }; /* of up to 32 bytes */
    if (before / ENTRIES != after / ENTRIES) tensor_file_drop_pages(file);
}

bool sparse_check_indices(const tensor_file *file, const tensor *t, const char *list, uint64_t limit, int64_t from,
                          int64_t step, uint64_t n, uint64_t before, uint32_t *largest, const char *key,
                          scry_error *err) {
    uint32_t number[SPARSE_BLOCK];
    for (uint64_t at = 0; at < n; at += SPARSE_BLOCK) {
        uint64_t part = n - at < SPARSE_BLOCK ? n - at : SPARSE_BLOCK;
        if (!sparse_indices(file, t, list, limit, from + (int64_t)at * step, step, part, before + at, number, key, err))
            return false;
        for (uint64_t i = 0; i < part; i++)
            if (number[i] > *largest) *largest = number[i];
        sparse_drop_pages(file, before + at, before + at + part);
    }
    return true;
}

bool sparse_check_begin(const tensor_file *file, const tensor *t, uint64_t groups, uint64_t most, uint64_t *count,
                        uint64_t *widest, const char *key, scry_error *err) {
    int64_t number[SPARSE_BLOCK], before = 0, now = -1;
    bool right = t->dims == 1 && groups < tensor_file_bytes(file) && t->shape[0] == groups + 1 && groups <= UINT32_MAX;
    *widest = 0;
    for (uint64_t at = 0; at <= groups && right; at += SPARSE_BLOCK) {
        uint64_t n = groups + 1 - at < SPARSE_BLOCK ? groups + 1 - at : SPARSE_BLOCK;
        right = tensor_integers(t, (int64_t)at * t->stride[0], t->stride[0], n, number);
        for (uint64_t i = 0; i < n && right; i++) {
            now = number[i];
            right = now >= before && (uint64_t)now <= most && (at + i || now == 0);
            if (right && (uint64_t)(now - before) > *widest) *widest = (uint64_t)(now - before);
            before = now;
        }
        sparse_drop_pages(file, at, at + n);
    }
    *count = right ? (uint64_t)now : 0;
    if (right) return true;
    return tensor_fail(file, key, err,
                       "compressed sparse pointers: expected %" PRIu64
                       " ascending whole numbers from 0 to at most %" PRIu64 ", found %" PRIu64
                       " and among them %" PRId64,
                       groups + 1, most, t->dims == 1 ? t->shape[0] : 0, now);
}
