/* train/stream.h: batches of training rows in random order, without end.
 *
 * All rows that fit into memory are one window. Where they do not, each epoch's chunks are drawn in random
 * order into windows of equal size, one in memory at a time, and the rows of a window in random order again.
 * Three numbers are the position in a stream, from which a resumed run continues. */
#ifndef SCRY_TRAIN_STREAM_H
#define SCRY_TRAIN_STREAM_H

#include "train/data.h"
#include "train/scalar.h"

typedef struct train_stream {
    const train_data *data;
    parallel *pool;
    uint64_t seed, windows;
    uint64_t epoch, window, at; /* the next row: its place in the window's order */
    data_chunk *order;          /* [chunks] of this epoch, in the order of the windows */
    uint64_t loaded;            /* number of the window that rows hold, counted over epochs; plus 1 */
    float *rows;                /* [count][d] */
    uint32_t *shuffled;         /* [count] */
    uint64_t count, room;
} train_stream;

/* window: rows in memory at a time. */
void stream_open(train_stream *s, const train_data *data, parallel *pool, uint64_t seed, uint64_t window);
void stream_close(train_stream *s);
/* Move to a position in the stream and load its window. */
bool stream_seek(train_stream *s, uint64_t epoch, uint64_t window, uint64_t at, scry_error *err);
/* Copy the next n rows, times scale, to X[n][d]. */
bool stream_next(train_stream *s, real *X, uint32_t n, real scale, scry_error *err);

#endif
