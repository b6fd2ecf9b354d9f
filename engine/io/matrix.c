/* matrix.c: [rows, cols] numbers in one or several files. */
#include "io/matrix.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/tensor.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows are read as a whole: bounds what an untrusted file can make one need. */
static const uint64_t most_cols = 1u << 26, most_rows = (uint64_t)1 << 48;

/* Checks the columns against those of the pieces before. Inferred widths may differ. */
static bool agree(matrix *m, uint64_t cols, bool inferred) {
    if (m->pieces && !inferred && !m->cols_inferred) return cols == m->cols;
    if (m->pieces && !inferred && cols < m->cols) return false;
    if (m->pieces && inferred && cols <= m->cols) return true;
    if (m->pieces && inferred && !m->cols_inferred) return false;
    m->cols = cols;
    m->cols_inferred = inferred;
    return true;
}

static bool check_piece(matrix *m, const tensor_file *file, matrix_piece piece, const char *key, scry_error *err) {
    const tensor_sparse *s = piece.sparse ? piece.sparse[piece.parts - 1] : NULL;
    const tensor *d = piece.dense;
    uint64_t rows = s ? s->rows : d->shape[0], cols = s ? s->cols : d->shape[d->dims - 1];
    if (d && d->dims == 3) {
        if (d->shape[1] && rows > most_rows / d->shape[1]) rows = UINT64_MAX; /* refused below */
        else rows *= d->shape[1];
    }
    if (m->pieces && m->piece->dense && d && m->piece->dense->dims != d->dims)
        return tensor_fail(file, key, err, "found %d dimensions, expected %d as in the files before it", d->dims,
                           m->piece->dense->dims);
    if (m->pieces && m->sparse != (s != NULL))
        return tensor_fail(file, key, err, "found a %s matrix, expected a %s one as in the files before it",
                           s ? "sparse" : "dense", s ? "dense" : "sparse");
    if (cols == 0 || cols > most_cols || rows > most_rows - m->rows)
        return tensor_fail(file, key, err,
                           "found shape [%" PRIu64 ", %" PRIu64 "], expected [tokens, width] with a width of 1 to "
                           "%" PRIu64,
                           rows, cols, most_cols);
    if (!agree(m, cols, s && s->cols_inferred))
        return tensor_fail(file, key, err, "found %" PRIu64 " columns, expected %" PRIu64 " as in the shards before it",
                           cols, m->cols);
    m->sparse = s != NULL;
    m->rows += rows;
    return true;
}

/* Takes over piece.sparse. */
static bool add_piece(matrix *m, const tensor_file *file, matrix_piece piece, const char *key, scry_error *err) {
    uint64_t before = m->rows;
    if (!check_piece(m, file, piece, key, err)) {
        free(piece.sparse);
        return false;
    }
    m->piece = mem_resize(m->piece, m->pieces + 1, sizeof *m->piece);
    m->first = mem_resize(m->first, m->pieces + 2, sizeof *m->first);
    m->piece[m->pieces] = piece;
    m->first[m->pieces++] = before;
    m->first[m->pieces] = m->rows;
    return true;
}

/* The file of the tensor's bytes, NULL when they are scratch storage. */
static const mapped_file *map_of(const tensor_file *file, const tensor *t) {
    uintptr_t at = (uintptr_t)t->data;
    for (size_t i = 0; i <= file->map_count; i++) {
        const mapped_file *map = i ? &file->maps[i - 1] : &file->map;
        uintptr_t begin = (uintptr_t)map->data;
        if (map->data && at >= begin && at - begin < map->size) return map;
    }
    return NULL;
}

static bool add_dense(matrix *m, const tensor_file *file, const tensor *t, const char *key, scry_error *err) {
    char shape[160];
    if ((t->dims != 2 && t->dims != 3) || t->shape[t->dims - 1] == 0 || (t->dims == 3 && t->shape[1] == 0))
        return tensor_fail(file, key, err,
                           "tensor \"%.60s\": found shape %s, expected [tokens, width] or [samples, positions, width]",
                           t->name, tensor_shape_text(t, shape, sizeof shape));
    if (!tensor_is_float(t->dtype))
        return tensor_fail(file, key, err, "tensor \"%.60s\": found dtype %s, expected F16, BF16, F32 or F64", t->name,
                           t->dtype_name);
    return add_piece(m, file, (matrix_piece){.dense = t, .map = map_of(file, t)}, key, err);
}

/* The number of tensors, from *begin on, that are items of the list called name (NULL: the file is the list). */
static size_t list_length(const tensor_file *file, const char *name, size_t *begin) {
    char item[300];
    const char *prefix = name ? name : "", *dot = *prefix ? "." : "";
    snprintf(item, sizeof item, "%.200s%s0", prefix, dot);
    const tensor *first = tensor_find(file, item);
    if (!first || tensor_find(file, prefix) || tensor_find_sparse(file, prefix)) return 0;
    *begin = (size_t)(first - file->tensors);
    size_t n = 0;
    while (*begin + n < file->count) {
        const tensor *t = &file->tensors[*begin + n];
        snprintf(item, sizeof item, "%.200s%s%zu", prefix, dot, n);
        if (strcmp(t->name, item) != 0 || (t->dims != 2 && t->dims != 3) || t->dims != first->dims ||
            !tensor_is_float(t->dtype))
            break;
        n++;
    }
    return name || n == file->count ? n : 0;
}

static bool same_folder(const char *a, const char *b) {
    size_t length = (size_t)(path_file_name(a) - a);
    return length == (size_t)(path_file_name(b) - b) && strncmp(a, b, length) == 0;
}

static int by_first_col(const void *a, const void *b) {
    const tensor_sparse *x = *(const tensor_sparse *const *)a, *y = *(const tensor_sparse *const *)b;
    return (x->first_col > y->first_col) - (x->first_col < y->first_col);
}

static const tensor_sparse *split_of(const tensor_file *file, const char *name) {
    const tensor_sparse *s = tensor_find_sparse(file, name ? name : "");
    return s && s->split ? s : NULL;
}

/* The splits from file `from` to before file `end`. */
static bool add_splits(matrix *m, size_t from, size_t end, const char *name, const char *key, scry_error *err) {
    size_t count = end - from;
    const tensor_sparse **part = mem_new(count, sizeof *part);
    for (size_t i = 0; i < count; i++) part[i] = split_of(&m->files[from + i], name);
    qsort(part, count, sizeof *part, by_first_col);
    bool ok = true;
    for (size_t i = 1; i < count && ok; i++) {
        if (part[i]->rows != part[0]->rows)
            ok = tensor_fail(&m->files[from], key, err,
                             "splits of a delphi cache: found %" PRIu64 " and %" PRIu64
                             " tokens, expected the same in each; they are of different runs",
                             part[0]->rows, part[i]->rows);
        else if (part[i]->first_col < part[i - 1]->cols)
            ok = tensor_fail(&m->files[from], key, err,
                             "splits of a delphi cache: latent %" PRIu64 " is in two of the files; name each once",
                             part[i]->first_col);
    }
    if (ok) return add_piece(m, &m->files[from], (matrix_piece){.sparse = part, .parts = count}, key, err);
    free(part);
    return false;
}

/* Adds the matrices of file *at, together with the splits that follow it; moves *at on. */
static bool add_files(matrix *m, size_t *at, const char *name, const char *key, scry_error *err) {
    const tensor_file *file = &m->files[*at];
    size_t end = *at + 1, begin = 0;
    if (split_of(file, name)) {
        while (end < m->shards && split_of(&m->files[end], name) && same_folder(file->map.path, m->files[end].map.path))
            end++;
        bool ok = add_splits(m, *at, end, name, key, err);
        *at = end;
        return ok;
    }
    *at = end;
    size_t items = list_length(file, name, &begin);
    for (size_t i = 0; i < items; i++)
        if (!add_dense(m, file, &file->tensors[begin + i], key, err)) return false;
    if (items) return true;
    const tensor *dense;
    const tensor_sparse *sparse;
    if (!tensor_choose(file, name, key, &dense, &sparse, err)) return false;
    if (dense) return add_dense(m, file, dense, key, err);
    const tensor_sparse **part = mem_new(1, sizeof *part);
    *part = sparse;
    return add_piece(m, file, (matrix_piece){.sparse = part, .parts = 1}, key, err);
}

bool matrix_open(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *key,
                 scry_error *err) {
    if (!matrix_open_in(m, paths, count, tensor_name, NULL, key, err)) return false;
    bool ok = matrix_sort_sparse(m, key, err);
    if (!ok) matrix_close(m);
    return ok;
}

bool matrix_sort_sparse(matrix *m, const char *key, scry_error *err) {
    bool ok = true;
    for (size_t i = 0; i < m->shards && ok; i++) ok = tensor_file_sort_sparse(&m->files[i], key, err);
    return ok;
}

bool matrix_open_in(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *folder,
                    const char *key, scry_error *err) {
    *m = (matrix){0};
    m->files = mem_new(count, sizeof *m->files);
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        ok = tensor_file_open_in(&m->files[i], paths[i], folder, key, err);
        m->shards += ok; /* from here on matrix_close closes it */
    }
    for (size_t i = 0; i < count && ok;) ok = add_files(m, &i, tensor_name, key, err);
    if (!ok) matrix_close(m);
    return ok;
}

void matrix_close(matrix *m) {
    if (m->minus) matrix_close(m->minus);
    free(m->minus);
    for (size_t i = 0; i < m->shards; i++) tensor_file_close(&m->files[i]);
    for (size_t i = 0; i < m->pieces; i++) free(m->piece[i].sparse);
    free(m->files);
    free(m->piece);
    free(m->first);
    free(m->views);
    *m = (matrix){0};
}

bool matrix_has_samples(const matrix *m) {
    return m->pieces && m->piece->dense && m->piece->dense->dims == 3;
}

uint64_t matrix_samples(const matrix *m) {
    uint64_t samples = 0;
    for (size_t i = 0; i < m->pieces && matrix_has_samples(m); i++) samples += m->piece[i].dense->shape[0];
    return samples;
}

void matrix_keep_spans(matrix *m, const matrix_span *span, size_t count) {
    tensor *views = mem_new(count + 1, sizeof *views);
    matrix_piece *piece = mem_new(count + 1, sizeof *piece);
    uint64_t *first = mem_new(count + 1, sizeof *first), before = 0; /* samples of the pieces before */
    const matrix_piece *from = m->piece;
    m->rows = 0;
    for (size_t i = 0; i < count; i++) {
        while (span[i].sample - before >= from->dense->shape[0]) before += from++->dense->shape[0];
        views[i] = tensor_select(from->dense, 0, span[i].sample - before);
        views[i].data += (int64_t)span[i].from * views[i].stride[0] * (int64_t)tensor_size(views[i].dtype);
        views[i].shape[0] = span[i].count;
        piece[i] = (matrix_piece){.dense = &views[i], .map = from->map};
        first[i] = m->rows;
        m->rows += span[i].count;
    }
    first[count] = m->rows;
    free(m->piece);
    free(m->first);
    free(m->views);
    m->views = views;
    m->piece = piece;
    m->first = first;
    m->pieces = count;
    if (m->minus) matrix_keep_spans(m->minus, span, count);
}

void matrix_drop_pages(const matrix *m) {
    for (size_t i = 0; i < m->shards; i++) tensor_file_drop_pages(&m->files[i]);
    if (m->minus) matrix_drop_pages(m->minus);
}

matrix_cost matrix_costs(const matrix *m) {
    matrix_cost cost = {0};
    for (size_t i = 0; i < m->shards; i++) {
        const tensor_file *file = &m->files[i];
        for (size_t k = 0; k < file->scratch_count; k++)
            *(file->scratch[k].mapped ? &cost.scratch : &cost.memory) += file->scratch[k].size;
        cost.has_scratch = cost.has_scratch || file->scratch_count;
    }
    for (size_t i = 0; i < m->pieces; i++) {
        uint64_t widest = 0;
        for (size_t k = 0; k < m->piece[i].parts; k++) {
            const tensor_sparse *s = m->piece[i].sparse[k];
            if (s->start) cost.memory += (s->rows + 1) * sizeof *s->start;
            if (tensor_sparse_sort_room(s) > cost.sort_room) cost.sort_room = tensor_sparse_sort_room(s);
            cost.entries += s->entries;
            widest += s->widest;
        }
        if (widest > cost.widest) cost.widest = widest;
    }
    if (m->minus) {
        const matrix_cost other = matrix_costs(m->minus);
        cost.memory += other.memory;
        cost.scratch += other.scratch;
        cost.has_scratch = cost.has_scratch || other.has_scratch;
    }
    return cost;
}

/* The piece that holds a row. */
static size_t piece_of(const matrix *m, uint64_t row) {
    size_t low = 0, high = m->pieces - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (row < m->first[middle + 1]) high = middle;
        else low = middle + 1;
    }
    return low;
}

uint64_t matrix_sparse_row(const matrix *m, uint64_t row, sparse_row *out) {
    const matrix_piece *piece = &m->piece[piece_of(m, row)];
    uint64_t bad = 0, local = row - m->first[piece - m->piece];
    out->count = 0;
    for (size_t i = 0; i < piece->parts; i++) bad += sparse_row_add(piece->sparse[i], local, out);
    return bad;
}

/* Where a piece's row begins, in elements. */
static int64_t row_offset(const tensor *t, uint64_t row) {
    if (t->dims == 2) return (int64_t)row * t->stride[0];
    return (int64_t)(row / t->shape[1]) * t->stride[0] + (int64_t)(row % t->shape[1]) * t->stride[1];
}

/* How many rows from this one on lie without a gap. */
static uint64_t rows_in_line(const tensor *t, uint64_t row, uint64_t rows) {
    const int64_t cols = (int64_t)t->shape[t->dims - 1];
    if (t->stride[t->dims - 2] != cols) return 1;
    if (t->dims == 2 || t->stride[0] == cols * (int64_t)t->shape[1]) return rows - row;
    return t->shape[1] - row % t->shape[1];
}

/* Columns col..col + count of a row of a dense matrix. */
static uint64_t dense_part(const matrix *m, uint64_t row, uint64_t col, uint64_t count, float *out) {
    const size_t piece = piece_of(m, row);
    const tensor *t = m->piece[piece].dense;
    const int64_t stride = t->stride[t->dims - 1];
    return tensor_floats(t, (uint64_t)(row_offset(t, row - m->first[piece]) + (int64_t)col * stride), stride, count,
                         out);
}

/* A row less that of m->minus. A number that is not finite in one of the two says nothing of the difference. */
static uint64_t subtracted_row(const matrix *m, uint64_t row, float *out) {
    enum { PART = 256 };
    float minus[PART];
    uint64_t bad = 0;
    for (uint64_t col = 0; col < m->cols; col += PART) {
        const uint64_t count = m->cols - col < PART ? m->cols - col : PART;
        const bool doubt = dense_part(m->minus, row, col, count, minus) + dense_part(m, row, col, count, out + col) > 0;
        for (uint64_t i = 0; i < count; i++) {
            const float difference = out[col + i] - minus[i];
            float own;
            const bool known =
                isfinite(difference) &&
                (!doubt || (!dense_part(m, row, col + i, 1, &own) && !dense_part(m->minus, row, col + i, 1, &own)));
            out[col + i] = known ? difference : 0;
            bad += !known;
        }
    }
    return bad;
}

uint64_t matrix_row(const matrix *m, uint64_t row, float *out) {
    if (m->sparse) {
        sparse_row entries = {0};
        uint64_t bad = matrix_sparse_row(m, row, &entries);
        memset(out, 0, (size_t)m->cols * sizeof *out);
        for (uint64_t i = 0; i < entries.count; i++) out[entries.col[i]] = entries.value[i];
        sparse_row_free(&entries);
        return bad;
    }
    return m->minus ? subtracted_row(m, row, out) : dense_part(m, row, 0, m->cols, out);
}

bool matrix_place_of(const matrix *m, uint64_t row, matrix_place *place) {
    if (m->sparse || m->minus) return false;
    size_t number = piece_of(m, row);
    const matrix_piece *piece = &m->piece[number];
    const tensor *t = piece->dense;
    if (!piece->map || t->big_endian || (t->stride[t->dims - 1] != 1 && m->cols > 1)) return false;
    const uint64_t local = row - m->first[number];
    *place = (matrix_place){.tensor = t, .map = piece->map};
    place->at = (uint64_t)((t->data - piece->map->data) + row_offset(t, local) * (int64_t)tensor_size(t->dtype));
    place->rows = rows_in_line(t, local, m->first[number + 1] - m->first[number]);
    return true;
}

void matrix_open_fds(matrix *m) {
    if (m->minus) matrix_open_fds(m->minus);
    for (size_t i = 0; i < m->shards; i++) {
        mapped_file_open_fd(&m->files[i].map);
        for (size_t k = 0; k < m->files[i].map_count; k++) mapped_file_open_fd(&m->files[i].maps[k]);
    }
}

void matrix_close_fds(matrix *m) {
    if (m->minus) matrix_close_fds(m->minus);
    for (size_t i = 0; i < m->shards; i++) {
        mapped_file_close_fd(&m->files[i].map);
        for (size_t k = 0; k < m->files[i].map_count; k++) mapped_file_close_fd(&m->files[i].maps[k]);
    }
}
