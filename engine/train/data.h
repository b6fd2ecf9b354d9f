/* train/data.h: the residuals that a run trains on, and those that it holds back.
 *
 * Rows are named by chunks: up to CHUNK_ROWS rows that follow each other in one capture. Whole chunks are held
 * out, at the same rows of every capture of one length, so that the same text under base, icl and sft is held
 * out as a whole and neighbouring tokens stay together. */
#ifndef SCRY_TRAIN_DATA_H
#define SCRY_TRAIN_DATA_H

#include "base/parallel.h"
#include "io/matrix.h"
#include "train.h"

enum { CHUNK_ROWS = 64 };

typedef struct data_source {
    char *name; /* for messages */
    matrix m;
    uint64_t first, rows; /* of the matrix */
    uint8_t *kept;        /* [rows] 0: left out by skip_first or exclude; NULL: all kept */
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

typedef struct train_data {
    uint32_t d;
    data_source *source;
    size_t sources;
    char **path; /* as given, made absolute */
    size_t paths;
    char *model, *hook; /* as the studies say: NULL where none does, or two differ; owned */
    int condition;
    bool allow_nonfinite;
    data_chunks train, held;
} train_data;

/* Owner: data_close, also after a failure. */
bool data_open(train_data *data, const scry_train_input *input, scry_notes *notes, scry_error *err);
void data_close(train_data *data);
/* Fill train and held. share 0: nothing is held out. */
void data_split(train_data *data, double share, uint64_t seed);

/* Read the rows of chunks[n], one after the other, into out[rows][d]. False and err when one holds NaN or infinity;
 * where those are allowed, they are read as 0. */
bool data_read(const train_data *data, parallel *threads, const data_chunk *chunks, size_t n, float *out,
               scry_error *err);

/* True when the chunk has no NaN or infinity, or these are allowed. bad: how many it has. */
bool data_finite(const train_data *data, const data_chunk *chunk, uint64_t bad, scry_error *err);

/* Drop the files' pages that were read so far from memory. */
void data_release(const train_data *data);

/* Hash of the shape and of a sample of rows, to check that a run resumes on the data that it began with. */
uint64_t data_fingerprint(const train_data *data);

#endif
