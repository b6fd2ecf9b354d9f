/* matrix.h: [rows, cols] numbers in one or several files, dense or sparse, read a row at a time as
 * float.
 *
 * Several files are one matrix: their rows follow each other. A file with a list of [tokens, width] tensors
 * (one a prompt) counts as that many files. Splits of one delphi cache, START_END.safetensors next to each
 * other in one folder and in the list of files, hold the same rows and different columns: they become one
 * matrix with the rows that "tokens" gives and with cols = the largest END + 1. Splits in another folder
 * begin new rows.
 *
 * A tensor [samples, positions, width] is taken as its samples * positions rows, one sample after another;
 * matrix_keep_spans leaves out those that are padding.
 *
 * A matrix may be a difference: matrix_subtract makes each of its rows less the same row of another. */
#ifndef SCRY_IO_MATRIX_H
#define SCRY_IO_MATRIX_H

#include "io/sparse.h"

/* The source of one part of the rows: dense or sparse. */
typedef struct matrix_piece {
    const tensor *dense;
    const tensor_sparse **sparse; /* [parts], owned: side by side, in the order of their columns */
    size_t parts;
    const mapped_file *map; /* dense: the file of its bytes; NULL: they were inflated */
} matrix_piece;

typedef struct matrix {
    uint64_t rows, cols;
    bool sparse;
    bool cols_inferred; /* no file states the width: cols is the largest column seen plus one */
    size_t shards;
    tensor_file *files; /* [shards], owned */
    size_t pieces;
    matrix_piece *piece;  /* [pieces], views */
    uint64_t *first;      /* [pieces + 1] row at which each piece begins */
    tensor *views;        /* owned: what pieces view after matrix_keep_spans; else NULL */
    struct matrix *minus; /* owned: what is subtracted, row by row; NULL: nothing */
} matrix;

/* Opens the shards in order, all with the same number of columns. tensor_name: see tensor_choose. key: the
 * manifest's key, for messages. Owner: the caller, by matrix_close; on failure nothing is left open. */
bool matrix_open(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *key,
                 scry_error *err);
/* The same, but no row can be read before matrix_sort_sparse; large scratch storage goes to unlinked files in the
 * folder (see tensor_file_open_in). */
bool matrix_open_in(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *folder,
                    const char *key, scry_error *err);
bool matrix_sort_sparse(matrix *m, const char *key, scry_error *err);
void matrix_close(matrix *m);

/* Subtracts from every row of m the row of `minus` with the same number, from here on: whoever reads m reads the
 * difference, a row at a time. Both are dense, of one shape and dtype, and no span was chosen of either yet. Takes over
 * *minus, also after a failure: false and err, which names both files (key: of minus in the manifest). Numbers are
 * subtracted as float; where either is NaN or infinite, or the difference is, the difference is counted as such. */
bool matrix_subtract(matrix *m, matrix *minus, const char *key, scry_error *err);
/* The files of a matrix, for messages: the first, and what is subtracted. Owner: the caller. */
char *matrix_files_text(const matrix *m);

/* True where the files hold [samples, positions, width], and no span was chosen yet. */
bool matrix_has_samples(const matrix *m);
/* Number of samples, over all files; 0 for other shapes. */
uint64_t matrix_samples(const matrix *m);
/* Positions from .. from + count of a sample. */
typedef struct matrix_span {
    uint64_t sample, from, count;
} matrix_span;
/* Make the spans, one after another, the rows of a matrix of shape [samples, positions, width]. They ascend by sample,
 * lie within it, and none is empty. */
void matrix_keep_spans(matrix *m, const matrix_span *span, size_t count);

/* Drops the resident pages of all its maps. */
void matrix_drop_pages(const matrix *m);

/* What a matrix needs in addition to the maps of its files. */
typedef struct matrix_cost {
    uint64_t memory;          /* bytes of it */
    uint64_t scratch;         /* bytes of scratch files, while it is open */
    bool has_scratch;         /* something was inflated or sorted */
    uint64_t sort_room;       /* bytes that matrix_sort_sparse will need while it works */
    uint64_t entries, widest; /* sparse: of all rows, and the most of one */
} matrix_cost;
matrix_cost matrix_costs(const matrix *m);

/* Reads a row, dense or sparse, into out[cols]. Returns how many values were NaN or infinite (written
 * as 0). Thread-safe. */
uint64_t matrix_row(const matrix *m, uint64_t row, float *out);

/* Where a row's numbers lie contiguously in a file, in the order of their columns. */
typedef struct matrix_place {
    const tensor *tensor; /* its dtype is theirs */
    const mapped_file *map;
    uint64_t at;   /* of the row's first byte; any alignment */
    uint64_t rows; /* number of rows from this one on that lie there without a gap, at least 1 */
} matrix_place;

/* False for a sparse matrix, a difference, another byte order or stride, and inflated bytes. */
bool matrix_place_of(const matrix *m, uint64_t row, matrix_place *place);
/* mapped_file_open_fd and mapped_file_close_fd for all its files. */
void matrix_open_fds(matrix *m);
void matrix_close_fds(matrix *m);

/* Reads a row of a sparse matrix into out, by ascending column, each once; values may be 0. Returns and
 * threads as matrix_row, with an `out` for each thread. */
uint64_t matrix_sparse_row(const matrix *m, uint64_t row, sparse_row *out);

#endif
