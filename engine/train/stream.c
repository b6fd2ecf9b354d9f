/* train/stream.c: batches of training rows in random order. */
#include "train/data.h"
#include "base/mem.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

void stream_open(train_stream *s, const train_data *data, parallel *pool, uint64_t seed, uint64_t window) {
    *s = (train_stream){.data = data, .pool = pool, .seed = seed};
    s->windows = (data->train.rows + window - 1) / window;
    if (s->windows > data->train.count) s->windows = data->train.count;
    s->order = mem_new(data->train.count, sizeof *s->order);
}

void stream_close(train_stream *s) {
    free(s->order);
    free(s->rows);
    free(s->shuffled);
    *s = (train_stream){0};
}

/* One window holds all, so its chunks may stay as they are. */
static void order_chunks(train_stream *s) {
    size_t n = s->data->train.count;
    memcpy(s->order, s->data->train.chunk, n * sizeof *s->order);
    if (s->windows == 1) return;
    uint64_t state = s->seed ^ s->epoch << 32 ^ 0x6f72646572;
    for (size_t i = n; i > 1; i--) {
        size_t k = random_below(&state, (uint32_t)i);
        data_chunk swap = s->order[i - 1];
        s->order[i - 1] = s->order[k];
        s->order[k] = swap;
    }
}

static void shuffle_rows(train_stream *s) {
    uint64_t state = s->seed ^ s->epoch << 32 ^ s->window ^ 0x726f7773;
    random_next(&state);
    for (uint64_t i = 0; i < s->count; i++) s->shuffled[i] = (uint32_t)i;
    for (uint64_t i = s->count; i > 1; i--) {
        uint32_t k = random_below(&state, (uint32_t)i);
        uint32_t swap = s->shuffled[i - 1];
        s->shuffled[i - 1] = s->shuffled[k];
        s->shuffled[k] = swap;
    }
}

static int by_place(const void *a, const void *b) {
    const data_chunk *x = a, *y = b;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static bool load_window(train_stream *s, scry_error *err) {
    size_t chunks = s->data->train.count;
    size_t from = (size_t)(s->window * chunks / s->windows), end = (size_t)((s->window + 1) * chunks / s->windows);
    uint64_t number = s->windows == 1 ? 1 : s->epoch * s->windows + s->window + 1;
    if (s->loaded != number) {
        order_chunks(s);
        s->count = 0;
        for (size_t i = from; i < end; i++) s->count += s->order[i].length;
        if (s->count > s->room) {
            s->room = s->count;
            s->rows = mem_resize(s->rows, s->room * s->data->d, sizeof *s->rows);
            s->shuffled = mem_resize(s->shuffled, s->room, sizeof *s->shuffled);
        }
        /* in the order of the files, which disks like; rows are shuffled below */
        if (s->windows > 1) qsort(s->order + from, end - from, sizeof *s->order, by_place);
        if (!data_read(s->data, s->pool, s->order + from, end - from, s->rows, err)) return false;
        s->loaded = number;
    }
    shuffle_rows(s);
    return true;
}

bool stream_seek(train_stream *s, uint64_t epoch, uint64_t window, uint64_t at, scry_error *err) {
    s->epoch = epoch;
    s->window = window;
    s->at = at;
    return load_window(s, err);
}

static bool next_window(train_stream *s, scry_error *err) {
    bool last = s->window + 1 == s->windows;
    return stream_seek(s, s->epoch + last, last ? 0 : s->window + 1, 0, err);
}

typedef struct copy_job {
    const train_stream *s;
    real *X, scale;
    uint64_t count;
} copy_job;

static void copy_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const copy_job *job = context;
    const uint32_t d = job->s->data->d;
    uint64_t from = piece * CHUNK_ROWS, end = from + CHUNK_ROWS < job->count ? from + CHUNK_ROWS : job->count;
    for (uint64_t i = from; i < end; i++) {
        const float *row = job->s->rows + (size_t)job->s->shuffled[job->s->at + i] * d;
        for (uint32_t k = 0; k < d; k++) job->X[i * d + k] = (real)row[k] * job->scale;
    }
}

bool stream_next(train_stream *s, real *X, uint32_t n, real scale, scry_error *err) {
    const uint64_t epoch = s->epoch, window = s->window, at = s->at;
    while (n) {
        if (s->at == s->count && !next_window(s, err)) {
            s->epoch = epoch;
            s->window = window;
            s->at = at;
            return false;
        }
        uint64_t left = s->count - s->at, take = left < n ? left : n;
        copy_job job = {s, X, scale, take};
        parallel_for(s->pool, (take + CHUNK_ROWS - 1) / CHUNK_ROWS, copy_rows, &job);
        s->at += take;
        n -= (uint32_t)take;
        X += take * s->data->d;
    }
    return true;
}
