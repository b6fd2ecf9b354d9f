/* train/data.h: the residuals that a run trains on, in random order, and those that it holds back.
 *
 * Rows are named by chunks: up to CHUNK_ROWS rows that follow each other in one capture. Whole chunks are held
 * out, at the same rows of every capture of one length, so that the same text under base, icl and sft is held
 * out as a whole and neighbouring tokens stay together. */
#ifndef SCRY_TRAIN_DATA_H
#define SCRY_TRAIN_DATA_H

#include "io/matrix.h"
#include "study/padding.h"
#include "train/parameters.h"

enum { CHUNK_ROWS = 64 };

typedef struct data_source {
    char *name;              /* for messages; of a difference, both files */
    matrix m;                /* the difference, where the input is one */
    capture_padding padding; /* m lacks it already */
    uint64_t first, rows;    /* of the matrix */
    uint8_t *kept;           /* [rows] ROW_EXCLUDED by skip_first or exclude, ROW_ORDINARY, ROW_OUTLIER; NULL: all
                                ordinary */
} data_source;

typedef struct data_chunk {
    uint64_t row; /* counted from the source's first */
    uint32_t source, length;
} data_chunk;

typedef struct data_chunks {
    data_chunk *chunk;
    size_t count, room;
    uint64_t rows;
} data_chunks;

/* Asked by loops over rows whether to go on, ten times a second, from the thread that calls. Once it is told to stop,
 * it stays so. */
typedef struct data_watch {
    bool (*goes_on)(void *context);
    void *context;
    double asked; /* when */
    bool stopped;
} data_watch;

typedef struct train_data {
    data_watch *watch; /* borrowed; NULL: all loops go to their end */
    uint32_t d;
    data_source *source;
    size_t sources;
    char **path; /* as given, made absolute */
    size_t paths;
    char **minus; /* [paths] what is subtracted, as given, made absolute: files, of studies conditions; NULL: nothing */
    bool difference;    /* the rows are differences, by `minus` or by the studies */
    char *model, *hook; /* as the studies say: NULL where none does, or two differ; owned */
    int condition;
    bool allow_nonfinite;
    scry_outliers outliers;
    double share; /* of the rows that are held out, and by which seed */
    uint64_t seed;
    data_chunks train, held; /* what is trained on, and what is held back from it */
} train_data;

/* Owner: data_close, also after a failure. */
bool data_open(train_data *data, const scry_train_input *input, scry_notes *notes, scry_error *err);
void data_close(train_data *data);
/* Find the outlier rows of every source, and note how many there are. progress may be NULL. False and err when it
 * cancels. */
bool data_judge(train_data *data, parallel *pool, bool (*progress)(void *context, uint64_t rows, uint64_t total),
                void *context, scry_notes *notes, scry_error *err);
/* False, and err (may be NULL), once data->watch was told to stop. */
bool data_goes_on(const train_data *data, scry_error *err);
/* Fill train and held, once outliers are known. share 0: nothing is held out. False and err when it is told to stop. */
bool data_split(train_data *data, double share, uint64_t seed, scry_error *err);
/* The chunks of one kind of rows on one side of the split; fewer when it is told to stop. The caller frees them. */
enum data_kind { DATA_USED, DATA_ORDINARY, DATA_OUTLIERS };
data_chunks data_select(const train_data *data, bool held, enum data_kind kind);

/* Read the rows of chunks[n], one after the other, into out[rows][d]. False and err when one holds NaN or infinity;
 * where those are allowed, they are read as 0. The same when it is told to stop. */
bool data_read(const train_data *data, parallel *threads, const data_chunk *chunks, size_t n, float *out,
               scry_error *err);

/* True when the chunk has no NaN or infinity, or these are allowed. bad: how many it has. */
bool data_finite(const train_data *data, const data_chunk *chunk, uint64_t bad, scry_error *err);

/* Drop the files' pages that were read so far from memory. */
void data_release(const train_data *data);

/* Hash of the shape and of a sample of rows, to check that a run resumes on the data that it began with. */
uint64_t data_fingerprint(const train_data *data);

/* Batches of training rows in random order, without end.
 *
 * All rows that fit into memory are one window. Where they do not, each epoch's chunks are drawn in random order into
 * windows of equal size, one in memory at a time, and the rows of a window in random order again. Three numbers are the
 * position in a stream, from which a resumed run continues. */
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
/* Copy the next n rows, times scale, to X[n][d]. Where that is told to stop, the position is that of before. */
bool stream_next(train_stream *s, real *X, uint32_t n, real scale, scry_error *err);

#endif
