/* sparse.c: sparse matrices: their parts checked, and put together as rows. */
#include "io/sparse.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

/* ---- sparse matrices: their parts ----------------------------------------------------------- */

static uint64_t elements_of(const tensor *t) {
    uint64_t n = 1;
    for (int i = 0; i < t->dims; i++) n *= t->shape[i];
    return n;
}

/* A tensor of one dimension as a matrix with one row. */
static tensor as_matrix(const tensor *t) {
    tensor m = *t;
    if (m.dims == 1) {
        m.shape[1] = m.shape[0];
        m.stride[1] = m.stride[0];
        m.shape[0] = 1;
        m.stride[0] = 0;
        m.dims = 2;
    }
    return m;
}

uint32_t *tensor_indices(const tensor_file *file, const tensor *t, const char *what, uint64_t limit, const char *key,
                         scry_error *err) {
    uint64_t count = elements_of(t), done = 0;
    bool whole = tensor_size(t->dtype) && !tensor_is_float(t->dtype);
    /* an expanded tensor (stride 0) can claim more entries than the file has bytes */
    if (!whole || t->dims < 1 || t->dims > 2 || count > file->map.size + file->inflated) {
        char shape[160];
        tensor_fail(file, key, err, "%s: found shape %s of %s, expected a list of integers", what,
                    tensor_shape_text(t, shape, sizeof shape), t->dtype_name);
        return NULL;
    }
    tensor m = as_matrix(t);
    uint32_t *out = mem_resize(NULL, (size_t)count, sizeof *out);
    int64_t number[BLOCK] = {0};
    for (uint64_t row = 0; row < m.shape[0]; row++)
        for (uint64_t at = 0; at < m.shape[1]; at += BLOCK) {
            uint64_t n = m.shape[1] - at < BLOCK ? m.shape[1] - at : BLOCK, i = 0;
            bool fits =
                tensor_integers(&m, (int64_t)row * m.stride[0] + (int64_t)at * m.stride[1], m.stride[1], n, number);
            while (fits && i < n && number[i] >= 0 && (uint64_t)number[i] < limit) out[done++] = (uint32_t)number[i++];
            if (i == n) continue;
            tensor_fail(file, key, err, "%s: found index %" PRId64 " at entry %" PRIu64 ", expected 0 to %" PRIu64,
                        what, number[i], done, limit ? limit - 1 : 0);
            free(out);
            return NULL;
        }
    return out;
}

float *tensor_values(const tensor *t, uint64_t *nonfinite) {
    tensor m = as_matrix(t);
    float *out = mem_resize(NULL, (size_t)elements_of(t), sizeof *out);
    for (uint64_t row = 0; row < m.shape[0]; row++)
        *nonfinite +=
            tensor_floats(&m, (uint64_t)((int64_t)row * m.stride[0]), m.stride[1], m.shape[1], out + row * m.shape[1]);
    return out;
}

/* The row of each entry, from where each row begins (CSR); CSC's columns likewise. Sets *count. */
static uint32_t *expand(const tensor_file *file, const tensor *t, uint64_t groups, uint64_t most, uint64_t *count,
                        const char *key, scry_error *err) {
    int64_t before = 0, now = -1;
    bool right =
        t->dims == 1 && groups < file->map.size + file->inflated && t->shape[0] == groups + 1 && groups <= UINT32_MAX;
    if (right) right = tensor_integer(t, (int64_t)groups * t->stride[0], &now) && now >= 0 && (uint64_t)now <= most;
    uint32_t *out = right ? mem_resize(NULL, (size_t)now, sizeof *out) : NULL;
    *count = right ? (uint64_t)now : 0;
    for (uint64_t g = 0; g <= groups && right; g++) {
        right = tensor_integer(t, (int64_t)g * t->stride[0], &now) && now >= before && (uint64_t)now <= *count &&
                (g || now == 0);
        for (; right && before < now; before++) out[before] = (uint32_t)(g - 1);
    }
    if (right) return out;
    tensor_fail(file, key, err,
                "compressed sparse pointers: expected %" PRIu64 " ascending whole numbers from 0 to at most %" PRIu64
                ", found %" PRIu64 " and among them %" PRId64,
                groups + 1, most, t->dims == 1 ? t->shape[0] : 0, now);
    free(out);
    return NULL;
}

/* ---- sparse matrices: putting them together --------------------------------------------------- */

/* Entries to the order of their rows, where they are not in it already. */
static void sort_by_row(tensor_sparse *s, uint64_t count, uint32_t *row, bool ascending) {
    s->start = mem_new((size_t)s->rows + 1, sizeof *s->start);
    for (uint64_t i = 0; i < count; i++) s->start[row[i] + 1]++;
    for (uint64_t r = 0; r < s->rows; r++) s->start[r + 1] += s->start[r];
    if (ascending) return;
    uint32_t *col = mem_resize(NULL, (size_t)count, sizeof *col);
    float *value = mem_resize(NULL, (size_t)count, sizeof *value);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t to = s->start[row[i]]++;
        col[to] = s->col[i];
        value[to] = s->value[i];
    }
    memmove(s->start + 1, s->start, (size_t)s->rows * sizeof *s->start);
    s->start[0] = 0;
    free(s->col);
    free(s->value);
    s->col = col;
    s->value = value;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void sort_numbers(uint64_t *number, uint64_t count) {
    if (count > 64) {
        qsort(number, (size_t)count, sizeof *number, by_number);
        return;
    }
    for (uint64_t i = 1; i < count; i++) {
        uint64_t moving = number[i], at = i;
        for (; at && number[at - 1] > moving; at--) number[at] = number[at - 1];
        number[at] = moving;
    }
}

/* Room for sorting one row. */
typedef struct row_scratch {
    uint64_t *order; /* column << 32 | place in the row */
    float *value;
    uint64_t room;
} row_scratch;

/* Sorts the n entries at `from` by column, adds duplicates up and writes them from `to` on (to is
 * not above from). Returns how many there are. */
static uint64_t merge_row(tensor_sparse *s, uint64_t from, uint64_t n, uint64_t to, row_scratch *scratch) {
    if (n > scratch->room) {
        scratch->room = n * 2;
        scratch->order = mem_resize(scratch->order, (size_t)scratch->room, sizeof *scratch->order);
        scratch->value = mem_resize(scratch->value, (size_t)scratch->room, sizeof *scratch->value);
    }
    for (uint64_t i = 0; i < n; i++) {
        scratch->order[i] = (uint64_t)s->col[from + i] << 32 | i;
        scratch->value[i] = s->value[from + i];
    }
    sort_numbers(scratch->order, n);
    uint64_t at = to;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t col = (uint32_t)(scratch->order[i] >> 32);
        float value = scratch->value[scratch->order[i] & UINT32_MAX];
        if (at > to && s->col[at - 1] == col) {
            s->value[at - 1] += value;
        } else {
            s->col[at] = col;
            s->value[at++] = value;
        }
    }
    for (uint64_t i = to; i < at; i++)
        if (!isfinite(s->value[i])) s->value[i] = 0, s->nonfinite++; /* a sum of duplicates */
    return at - to;
}

/* Columns ascending in each row, each once. */
static void tidy_rows(tensor_sparse *s) {
    row_scratch scratch = {0};
    uint64_t from = 0, to = 0;
    for (uint64_t r = 0; r < s->rows; r++) {
        uint64_t end = s->start[r + 1], n = end - from, i = 1;
        while (i < n && s->col[from + i - 1] < s->col[from + i]) i++;
        s->start[r] = to;
        if (i < n) {
            to += merge_row(s, from, n, to, &scratch);
        } else {
            if (to != from && n) {
                memmove(s->col + to, s->col + from, (size_t)n * sizeof *s->col);
                memmove(s->value + to, s->value + from, (size_t)n * sizeof *s->value);
            }
            to += n;
        }
        from = end;
    }
    s->start[s->rows] = to;
    free(scratch.order);
    free(scratch.value);
}

tensor_sparse *tensor_add_entries(tensor_file *file, const char *name, uint64_t rows, uint64_t cols, uint64_t count,
                                  uint32_t *row, uint32_t *col, float *value, const char *key, scry_error *err) {
    /* A stranger's file may state a huge shape and hold nothing; rows cost 8 bytes each. */
    uint64_t most = (1u << 24) + count * 64;
    if (rows > most || rows > UINT32_MAX || cols > (uint64_t)UINT32_MAX + 1) {
        tensor_fail(file, key, err,
                    "sparse tensor \"%.60s\": found shape [%" PRIu64 ", %" PRIu64 "] with %" PRIu64
                    " entries, expected at most %" PRIu64 " rows for so few and 2^32 of each",
                    name, rows, cols, count, most);
        free(row);
        free(col);
        free(value);
        return NULL;
    }
    tensor_sparse s = {.rows = rows, .cols = cols, .col = col, .value = value};
    bool ascending = true;
    for (uint64_t i = 1; i < count && ascending; i++) ascending = row[i - 1] <= row[i];
    sort_by_row(&s, count, row, ascending);
    free(row);
    tidy_rows(&s);
    s.name = mem_copy_string(name);
    file->sparse = mem_resize(file->sparse, file->sparse_count + 1, sizeof *file->sparse);
    file->sparse[file->sparse_count] = s;
    return &file->sparse[file->sparse_count++];
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
    tensor index = *b, number = *value;
    uint64_t count = b->shape[0], nonfinite = 0;
    uint32_t *first = NULL, *second = NULL;
    if (count > file->map.size + file->inflated)
        return tensor_fail(file, key, err, "sparse tensor \"%.60s\": %" PRIu64 " entries in a file too short for them",
                           name, count);
    if (layout != SPARSE_COO) first = expand(file, a, layout == SPARSE_CSR ? rows : cols, count, &count, key, err);
    else if (a->dims == 1 && a->shape[0] == count) first = tensor_indices(file, a, "sparse rows", rows, key, err);
    else tensor_fail(file, key, err, "sparse tensor \"%.60s\": rows and columns are not lists of one length", name);
    index.shape[0] = number.shape[0] = count;
    if (first) second = tensor_indices(file, &index, "sparse indices", layout == SPARSE_CSC ? rows : cols, key, err);
    if (!second) {
        free(first);
        return false;
    }
    bool swap = layout == SPARSE_CSC;
    float *numbers = tensor_values(&number, &nonfinite);
    tensor_sparse *s = tensor_add_entries(file, name, rows, cols, count, swap ? second : first, swap ? first : second,
                                          numbers, key, err);
    if (s) s->nonfinite += nonfinite;
    return s != NULL;
}

/* ---- top-k pairs ----------------------------------------------------------------------------- */

bool tensor_add_top_k(tensor_file *file, const char *key, scry_error *err) {
    static const char *const names[][2] = {{"indices", "values"}, {"top_indices", "top_acts"}};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const tensor *index = tensor_find(file, names[n][0]), *value = tensor_find(file, names[n][1]);
        if (!index || !value || index->dims != 2 || value->dims != 2 || !tensor_size(index->dtype) ||
            tensor_is_float(index->dtype) || !tensor_is_float(value->dtype) || tensor_find_sparse(file, "") ||
            index->shape[0] != value->shape[0] || index->shape[1] != value->shape[1])
            continue;
        uint64_t rows = index->shape[0], k = index->shape[1], count = rows * k, nonfinite = 0;
        if (count == 0) continue;
        uint32_t *col = tensor_indices(file, index, names[n][0], UINT32_MAX, key, err), widest = 0;
        if (!col) return false;
        uint32_t *row = mem_resize(NULL, (size_t)count, sizeof *row);
        for (uint64_t i = 0; i < count; i++) {
            row[i] = (uint32_t)(i / k);
            if (col[i] > widest) widest = col[i];
        }
        float *values = tensor_values(value, &nonfinite);
        tensor_sparse *s = tensor_add_entries(file, "", rows, (uint64_t)widest + 1, count, row, col, values, key, err);
        if (!s) return false;
        s->cols_inferred = true;
        s->nonfinite += nonfinite;
    }
    return true;
}
