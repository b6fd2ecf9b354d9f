/* matrix.c: [rows, cols] numbers in one or several files. */
#include "io/matrix.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>

static bool add_shard(matrix *m, const char *path, const char *tensor_name, const char *key, scry_error *err) {
    tensor_file *file = &m->files[m->shards];
    if (!tensor_file_open(file, path, key, err)) return false;
    m->shards++; /* from here on matrix_close closes it */
    const tensor *t = tensor_choose(file, tensor_name, key, err);
    if (!t) return false;
    char shape[160];
    if (t->dims != 2 || t->shape[1] == 0)
        return scry_fail(err, "%s: %s: tensor \"%s\": found shape %s, expected [tokens, width]", key, path, t->name,
                         tensor_shape_text(t, shape, sizeof shape));
    if (t->dtype == TENSOR_OTHER)
        return scry_fail(err, "%s: %s: tensor \"%s\": found dtype %s, expected F16, BF16, F32 or F64", key, path,
                         t->name, t->dtype_name);
    if (m->shards > 1 && t->shape[1] != m->cols)
        return scry_fail(err, "%s: %s: found %" PRIu64 " columns, expected %" PRIu64 " as in the shards before it", key,
                         path, t->shape[1], m->cols);
    m->cols = t->shape[1];
    m->tensors[m->shards - 1] = t;
    m->rows += t->shape[0];
    m->first[m->shards] = m->rows;
    return true;
}

bool matrix_open(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *key,
                 scry_error *err) {
    *m = (matrix){0};
    m->files = mem_new(count, sizeof *m->files);
    m->tensors = mem_new(count, sizeof *m->tensors);
    m->first = mem_new(count + 1, sizeof *m->first);
    for (size_t i = 0; i < count; i++)
        if (!add_shard(m, paths[i], tensor_name, key, err)) {
            matrix_close(m);
            return false;
        }
    return true;
}

void matrix_close(matrix *m) {
    for (size_t i = 0; i < m->shards; i++) tensor_file_close(&m->files[i]);
    free(m->files);
    free(m->tensors);
    free(m->first);
    *m = (matrix){0};
}

uint64_t matrix_row(const matrix *m, uint64_t row, float *out) {
    size_t shard = 0;
    while (row >= m->first[shard + 1]) shard++;
    const tensor *t = m->tensors[shard];
    uint64_t first = (row - m->first[shard]) * (uint64_t)t->stride[0];
    return tensor_floats(t, first, t->stride[1], m->cols, out);
}
