/* sparse_list.c: sorts the entries of a sparse matrix by row.
 *
 * Sorting needs little memory: entries go to buckets of neighbouring rows, each a stretch of scratch storage
 * of known length; then each bucket is read, sorted and written back in less room, before those that are
 * still to be sorted. */
#include "base/mem.h"
#include "io/sparse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct list_block {
    uint64_t n;
    uint32_t row[SPARSE_BLOCK], col[SPARSE_BLOCK];
    float value[SPARSE_BLOCK];
} list_block;

typedef struct list_walk {
    const tensor_file *file;
    const sparse_list *list;
    uint64_t at, column, column_end;
} list_walk;

/* The column of each entry, from CSC's pointers; they were checked, but the file may have changed since. */
static void expand_columns(list_walk *w, uint32_t *col, uint64_t n) {
    const tensor *begin = &w->list->col;
    for (uint64_t i = 0; i < n; i++) {
        while (w->at + i >= w->column_end && w->column < w->list->cols) {
            int64_t end;
            bool there = tensor_integer(begin, (int64_t)++w->column * begin->stride[0], &end);
            w->column_end = there && end > 0 ? (uint64_t)end : 0;
        }
        col[i] = w->column ? (uint32_t)w->column - 1 : 0;
    }
}

/* The next block, n of 0 at the end; values only when asked for. */
static bool next_block(list_walk *w, list_block *block, bool values, const char *key, scry_error *err) {
    const sparse_list *list = w->list;
    uint64_t at = w->at, n = list->count - at < SPARSE_BLOCK ? list->count - at : SPARSE_BLOCK;
    uint32_t position[SPARSE_BLOCK];
    uint64_t limit = list->context ? list->rows / list->context : list->rows;
    int64_t step = list->row.stride[0];
    block->n = n;
    if (!sparse_indices(w->file, &list->row, list->row_name, limit, (int64_t)at * step, step, n, at, block->row, key,
                        err))
        return false;
    step = list->position.stride[0];
    if (list->context && !sparse_indices(w->file, &list->position, list->position_name, list->context,
                                         (int64_t)at * step, step, n, at, position, key, err))
        return false;
    for (uint64_t i = 0; i < n && list->context; i++)
        block->row[i] = (uint32_t)(block->row[i] * list->context + position[i]);
    step = list->col.stride[0];
    if (list->is_csc) expand_columns(w, block->col, n);
    else if (!sparse_indices(w->file, &list->col, list->col_name, list->cols, (int64_t)at * step, step, n, at,
                             block->col, key, err))
        return false;
    step = list->value.stride[0];
    if (values) tensor_raw_floats(&list->value, (uint64_t)((int64_t)at * step), step, n, block->value);
    w->at += n;
    sparse_drop_pages(w->file, at, w->at);
    return true;
}

typedef struct entry {
    uint32_t row, col;
    float value;
} entry;

typedef struct pair {
    uint32_t col;
    float value;
} pair;

enum {
    BUCKET = 1 << 18, /* entries of a bucket, unless there are very many, or one row has more */
    BUCKETS = 4096,
    WAITING = 256,   /* entries of a bucket that are written together */
    HINTS = 1 << 16, /* rows in the table from rows to buckets */
};

typedef struct sorting {
    const tensor_file *file;
    const char *key;
    const uint64_t *start;
    uint64_t buckets;
    uint64_t *first_row; /* [buckets + 1] */
    uint32_t *hint;      /* the bucket of every row that is a multiple of 2^shift */
    unsigned shift;
    uint64_t *filled;  /* [buckets] entries written */
    uint32_t *waiting; /* [buckets] */
    entry *wait;       /* [buckets][WAITING] */
    uint64_t largest;  /* entries of a bucket */
    scratch_file bytes;
} sorting;

static uint64_t bucket_size(uint64_t entries) {
    return entries / BUCKETS > BUCKET ? entries / BUCKETS : BUCKET;
}

uint64_t tensor_sparse_sort_room(const tensor_sparse *s) {
    if (!s->unsorted) return 0;
    uint64_t size = bucket_size(s->entries), largest = s->widest > size ? s->widest : size;
    /* two buckets that follow each other have more entries than fit in one */
    uint64_t buckets = 2 * (s->entries / size) + 1;
    return largest * (sizeof(entry) + sizeof(pair)) + buckets * (WAITING * sizeof(entry) + 32) + (HINTS + 1) * 4;
}

static void plan_buckets(sorting *s, uint64_t rows) {
    uint64_t most = bucket_size(s->start[rows]);
    s->first_row = mem_new(1, sizeof *s->first_row);
    for (uint64_t r = 0, first = 0; r < rows; r++) {
        if (r + 1 < rows && s->start[r + 2] - s->start[first] <= most) continue;
        if (s->start[r + 1] - s->start[first] > s->largest) s->largest = s->start[r + 1] - s->start[first];
        first = r + 1;
        s->first_row = mem_resize(s->first_row, (size_t)s->buckets + 2, sizeof *s->first_row);
        s->first_row[++s->buckets] = first;
    }
    while (rows >> s->shift > HINTS) s->shift++;
    s->hint = mem_new((size_t)(rows >> s->shift) + 1, sizeof *s->hint);
    for (uint64_t r = 0, b = 0; r < rows; r += (uint64_t)1 << s->shift) {
        while (r >= s->first_row[b + 1]) b++;
        s->hint[r >> s->shift] = (uint32_t)b;
    }
    s->filled = mem_new((size_t)s->buckets, sizeof *s->filled);
    s->waiting = mem_new((size_t)s->buckets, sizeof *s->waiting);
    s->wait = mem_resize(NULL, (size_t)s->buckets * WAITING, sizeof *s->wait);
}

static uint64_t bucket_of(const sorting *s, uint32_t row) {
    uint64_t b = s->hint[row >> s->shift];
    while (row >= s->first_row[b + 1]) b++;
    return b;
}

static bool changed(const sorting *s, scry_error *err) {
    return tensor_fail(s->file, s->key, err, "the file changed while it was read");
}

static bool write_waiting(sorting *s, uint64_t b, scry_error *err) {
    uint64_t at = s->start[s->first_row[b]] + s->filled[b];
    s->filled[b] += s->waiting[b];
    if (s->start[s->first_row[b]] + s->filled[b] > s->start[s->first_row[b + 1]]) return changed(s, err);
    bool ok =
        scratch_file_write(&s->bytes, at * sizeof(entry), s->wait + b * WAITING, s->waiting[b] * sizeof(entry), err);
    s->waiting[b] = 0;
    return ok;
}

static bool fill_buckets(sorting *s, const sparse_list *list, scry_error *err) {
    list_walk walk = {.file = s->file, .list = list};
    list_block *block = mem_new(1, sizeof *block);
    bool ok = true;
    while (ok && (ok = next_block(&walk, block, true, s->key, err)) && block->n)
        for (uint64_t i = 0; i < block->n && ok; i++) {
            uint64_t b = bucket_of(s, block->row[i]);
            s->wait[b * WAITING + s->waiting[b]++] = (entry){block->row[i], block->col[i], block->value[i]};
            if (s->waiting[b] == WAITING) ok = write_waiting(s, b, err);
        }
    for (uint64_t b = 0; b < s->buckets && ok; b++) ok = write_waiting(s, b, err);
    free(block);
    return ok;
}

/* Sorts one bucket by row and writes it as pairs to its place among all pairs. */
static bool sort_bucket(sorting *s, uint64_t b, uint64_t *start, entry *in, pair *out, scry_error *err) {
    uint64_t first = s->first_row[b], end = s->first_row[b + 1], from = start[first], n = start[end] - from;
    if (s->filled[b] != n) return changed(s, err);
    if (!scratch_file_read(&s->bytes, from * sizeof *in, in, n * sizeof *in, err)) return false;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t to = start[in[i].row]++ - from;
        if (to < n) out[to] = (pair){in[i].col, in[i].value};
    }
    /* Each start has moved to the next row's; move them back. */
    memmove(start + first + 1, start + first, (size_t)(end - first - 1) * sizeof *start);
    start[first] = from;
    return scratch_file_write(&s->bytes, from * sizeof *out, out, n * sizeof *out, err);
}

/* Sorts by row; entries of a row keep the file's order. */
static bool sort(tensor_file *file, tensor_sparse *sparse, const char *key, scry_error *err) {
    sorting s = {.file = file, .key = key, .start = sparse->start};
    uint64_t count = sparse->entries;
    plan_buckets(&s, sparse->rows);
    entry *in = mem_resize(NULL, (size_t)s.largest, sizeof *in);
    pair *out = mem_new((size_t)s.largest, sizeof *out);
    bool ok =
        scratch_file_new(&s.bytes, file->folder, count * sizeof *in, err) && fill_buckets(&s, sparse->unsorted, err);
    for (uint64_t b = 0; b < s.buckets && ok; b++) ok = sort_bucket(&s, b, sparse->start, in, out, err);
    ok = ok && scratch_file_finish(&s.bytes, count * sizeof *out, err);
    void *owned[] = {in, out, s.hint, s.first_row, s.filled, s.waiting, s.wait};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    if (!ok) {
        scratch_file_close(&s.bytes);
        return false;
    }
    tensor_append_scratch(file, &s.bytes);
    tensor part = {.dtype = TENSOR_U32, .dtype_name = "uint32", .dims = 1, .shape = {count}, .stride = {2}};
    part.data = s.bytes.data;
    sparse->index = part;
    part.dtype = TENSOR_F32;
    part.data = s.bytes.data + sizeof out->col;
    sparse->value = part;
    free(sparse->unsorted);
    sparse->unsorted = NULL;
    return true;
}

bool tensor_file_sort_sparse(tensor_file *file, const char *key, scry_error *err) {
    bool ok = true;
    for (size_t i = 0; i < file->sparse_count && ok; i++)
        if (file->sparse[i].unsorted) ok = sort(file, &file->sparse[i], key, err);
    return ok;
}

/* Counts where rows begin, the widest one and the largest column; *ordered: rows ascend already. */
static bool count_rows(const tensor_file *file, const sparse_list *list, tensor_sparse *s, bool *ordered,
                       const char *key, scry_error *err) {
    list_walk walk = {.file = file, .list = list};
    list_block *block = mem_new(1, sizeof *block);
    uint32_t before = 0, largest = 0;
    bool ok = true;
    *ordered = !list->is_csc || !list->count;
    while (ok && (ok = next_block(&walk, block, false, key, err)) && block->n)
        for (uint64_t i = 0; i < block->n; i++) {
            s->start[block->row[i] + 1]++;
            if (block->row[i] < before) *ordered = false;
            before = block->row[i];
            if (block->col[i] > largest) largest = block->col[i];
        }
    free(block);
    for (uint64_t r = 0; r < s->rows && ok; r++) {
        if (s->start[r + 1] > s->widest) s->widest = s->start[r + 1];
        s->start[r + 1] += s->start[r];
    }
    s->cols = list->first_col + (list->infer_cols ? (uint64_t)largest + 1 : list->cols);
    return ok;
}

tensor_sparse *tensor_add_list(tensor_file *file, const char *name, const sparse_list *list, const char *key,
                               scry_error *err) {
    /* An untrusted file may state a huge shape and hold nothing; rows cost 8 bytes each. */
    uint64_t most = (1u << 24) + list->count * 64;
    if (list->rows > most || list->rows > UINT32_MAX) {
        tensor_fail(file, key, err,
                    "sparse tensor \"%.60s\": found %" PRIu64 " rows with %" PRIu64
                    " entries, expected at most %" PRIu64 " rows for that few and fewer than 2^32",
                    name, list->rows, list->count, most);
        return NULL;
    }
    if (!sparse_check_list(file, &list->row, list->row_name, key, err) ||
        (!list->is_csc && !sparse_check_list(file, &list->col, list->col_name, key, err)) ||
        (list->context && !sparse_check_list(file, &list->position, list->position_name, key, err)))
        return NULL;
    tensor_sparse s = {.rows = list->rows, .first_col = list->first_col, .entries = list->count};
    s.cols_inferred = list->infer_cols;
    s.start = mem_new((size_t)s.rows + 1, sizeof *s.start);
    s.index = list->col;
    s.value = list->value;
    bool ordered;
    if (!count_rows(file, list, &s, &ordered, key, err)) {
        free(s.start);
        return NULL;
    }
    if (!ordered) {
        s.unsorted = mem_new(1, sizeof *s.unsorted);
        *s.unsorted = *list;
    }
    return tensor_append_sparse(file, &s, name);
}
