/* matrix.h: [rows, cols] numbers in one or several files, dense or sparse, read a row at a time as
 * float.
 *
 * Several files are one matrix: their rows follow each other. A file that holds a list of [tokens,
 * width] tensors (one a prompt) counts as so many files. Splits of one delphi cache, START_END.safetensors
 * beside each other in one folder and in the list of files, hold the same rows and different columns:
 * they become one matrix with the rows that "tokens" gives and with cols = the largest END + 1. Splits
 * in another folder begin new rows. */
#ifndef SCRY_IO_MATRIX_H
#define SCRY_IO_MATRIX_H

#include "io/sparse.h"

/* What one part of the rows is read from: one of the two. */
typedef struct matrix_piece {
    const tensor *dense;
    const tensor_sparse **sparse; /* [parts], owned: side by side, in the order of their columns */
    size_t parts;
    const mapped_file *map; /* dense: the file that holds its bytes; NULL: they were inflated */
} matrix_piece;

typedef struct matrix {
    uint64_t rows, cols;
    bool sparse;
    bool cols_inferred; /* no file states the width: cols is the largest column seen plus one */
    size_t shards;
    tensor_file *files; /* [shards], owned */
    size_t pieces;
    matrix_piece *piece; /* [pieces], views */
    uint64_t *first;     /* [pieces + 1] row at which each piece begins */
} matrix;

/* paths: shards in order, all with the same number of columns. tensor_name may be NULL. key names
 * the place in the manifest for messages. */
bool matrix_open(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *key,
                 scry_error *err);
/* The same, but no row can be read before matrix_sort_sparse; what has to be inflated or sorted, and is
 * large, goes to a file without a name in the folder (see tensor_file_open_in). */
bool matrix_open_in(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *folder,
                    const char *key, scry_error *err);
bool matrix_sort_sparse(matrix *m, const char *key, scry_error *err);
void matrix_close(matrix *m);
/* Gives back what was read of the files through maps. */
void matrix_drop_pages(const matrix *m);

/* What a matrix takes besides the maps of its files. */
typedef struct matrix_cost {
    uint64_t memory;          /* bytes of it */
    uint64_t aside;           /* bytes of files beside the index, while it is open */
    bool holds;               /* something was inflated or sorted */
    uint64_t sort_room;       /* bytes that matrix_sort_sparse needs while it works, where it was not called yet */
    uint64_t entries, widest; /* sparse: of all rows, and the most of one */
} matrix_cost;
matrix_cost matrix_costs(const matrix *m);

/* Row `row` into out[cols], dense or sparse. Returns how many values were NaN or infinite (written
 * as 0). */
uint64_t matrix_row(const matrix *m, uint64_t row, float *out);

/* Where a row's numbers lie in a file, side by side in the order of their columns. */
typedef struct matrix_place {
    const tensor *tensor; /* its dtype is theirs */
    const mapped_file *map;
    uint64_t at;   /* of the row's first byte; any alignment */
    uint64_t rows; /* so many rows from this one on follow each other there without a gap, at least 1 */
} matrix_place;

/* False when the row does not lie so: a sparse matrix, another byte order or stride, inflated bytes. */
bool matrix_place_of(const matrix *m, uint64_t row, matrix_place *place);
/* mapped_file_open_fd and mapped_file_close_fd of all its files. */
void matrix_open_fds(matrix *m);
void matrix_close_fds(matrix *m);

/* The entries of a row of a sparse matrix into out: columns ascend, each is there once; values may be
 * 0. Returns as matrix_row. */
uint64_t matrix_sparse_row(const matrix *m, uint64_t row, sparse_row *out);

#endif
