/* sparse_row.c: reads one row of a sparse matrix of any dtypes. */
#include "base/mem.h"
#include "io/sparse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void reserve(sparse_row *out, uint64_t more) {
    if (out->room - out->count >= more) return;
    out->room = (out->count + more) * 2;
    out->col = mem_resize(out->col, (size_t)out->room, sizeof *out->col);
    out->value = mem_resize(out->value, (size_t)out->room, sizeof *out->value);
}

void sparse_row_free(sparse_row *row) {
    free(row->col);
    free(row->value);
    free(row->order);
    free(row->moved);
    *row = (sparse_row){0};
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

/* Sorts the n entries after out->count by column and adds up duplicates in their order; returns the number
 * left. */
static uint64_t merge(sparse_row *out, uint64_t n) {
    uint32_t *col = out->col + out->count;
    float *value = out->value + out->count;
    if (n > out->sort_room) {
        out->sort_room = n * 2;
        out->order = mem_resize(out->order, (size_t)out->sort_room, sizeof *out->order);
        out->moved = mem_resize(out->moved, (size_t)out->sort_room, sizeof *out->moved);
    }
    for (uint64_t i = 0; i < n; i++) out->order[i] = (uint64_t)col[i] << 32 | i;
    memcpy(out->moved, value, (size_t)n * sizeof *value);
    sort_numbers(out->order, n);
    uint64_t used = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t c = (uint32_t)(out->order[i] >> 32);
        float v = out->moved[out->order[i] & UINT32_MAX];
        if (used && col[used - 1] == c) {
            value[used - 1] += v;
        } else {
            col[used] = c;
            value[used++] = v;
        }
    }
    return used;
}

/* The number of a row's entries; *from: the first of them in lists of [entries]. The file was checked when it
 * was opened, but may have changed since: nothing outside it is read. */
static uint64_t span(const tensor_sparse *s, uint64_t row, uint64_t *from) {
    uint64_t end;
    *from = 0;
    if (s->unsorted) return 0;
    if (s->index.dims == 2) return s->index.shape[1];
    if (s->start) {
        *from = s->start[row];
        end = s->start[row + 1];
    } else {
        int64_t a, b, at = (int64_t)row * s->begin.stride[0];
        if (!tensor_integer(&s->begin, at, &a) || !tensor_integer(&s->begin, at + s->begin.stride[0], &b) || a < 0)
            return 0;
        *from = (uint64_t)a;
        end = b < 0 ? 0 : (uint64_t)b;
    }
    return *from <= end && end <= s->entries ? end - *from : 0;
}

/* The element of t at which the row begins; *step: to the row's next. */
static int64_t row_begin(const tensor *t, uint64_t row, uint64_t from, int64_t *step) {
    *step = t->stride[t->dims - 1];
    return (int64_t)(t->dims == 2 ? row : from) * t->stride[0];
}

/* Reads the columns of n entries; false when one is outside the matrix. *ascend: each is above the last. */
static bool read_columns(const tensor_sparse *s, uint64_t row, uint64_t from, uint64_t n, uint32_t *out, bool *ascend) {
    int64_t number[SPARSE_BLOCK], step, first = row_begin(&s->index, row, from, &step), before = -1;
    int64_t limit = (int64_t)(s->cols - s->first_col);
    *ascend = true;
    for (uint64_t at = 0; at < n; at += SPARSE_BLOCK) {
        uint64_t part = n - at < SPARSE_BLOCK ? n - at : SPARSE_BLOCK;
        if (!tensor_integers(&s->index, first + (int64_t)at * step, step, part, number)) return false;
        for (uint64_t i = 0; i < part; i++) {
            if (number[i] < 0 || number[i] >= limit) return false;
            *ascend = *ascend && number[i] > before;
            before = number[i];
            out[at + i] = (uint32_t)(s->first_col + (uint64_t)number[i]);
        }
    }
    return true;
}

uint64_t sparse_row_add(const tensor_sparse *s, uint64_t row, sparse_row *out) {
    uint64_t from, n = span(s, row, &from);
    if (!n) return 0;
    bool ascend;
    reserve(out, n);
    if (!read_columns(s, row, from, n, out->col + out->count, &ascend)) return 0;
    float *value = out->value + out->count;
    int64_t step, first = row_begin(&s->value, row, from, &step);
    uint64_t bad = tensor_floats(&s->value, (uint64_t)first, step, n, value);
    if (!ascend) {
        n = merge(out, n);
        for (uint64_t i = 0; i < n; i++)
            if (!isfinite(value[i])) value[i] = 0, bad++; /* a sum of duplicates */
    }
    out->count += n;
    return bad;
}
