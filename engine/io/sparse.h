/* sparse.h: sparse matrices from the tensors of a file, read a row at a time.
 *
 * Lists in the order of their rows (CSR, top-k pairs, sorted COO) are read in place. Any other order (CSC,
 * shuffled COO) has to be sorted first: tensor_file_sort_sparse takes 12 bytes an entry of scratch
 * storage. */
#ifndef SCRY_IO_SPARSE_H
#define SCRY_IO_SPARSE_H

#include "io/tensor.h"

/* `count` entries of a matrix in any order, as lists of [count]. */
typedef struct sparse_list {
    uint64_t rows, cols, count;
    bool infer_cols;    /* cols is only a limit: the width is the largest column plus one */
    uint64_t first_col; /* added to every column; cols counts without it */
    tensor row, value;
    tensor col; /* CSC: [cols + 1], where each column begins */
    bool is_csc;
    uint64_t context; /* not 0 (delphi): the row is row * context + position */
    tensor position;
    const char *row_name, *position_name, *col_name; /* for messages */
} sparse_list;

/* Sorts the matrices that are not in the order of their rows; no row of them can be read before. */
bool tensor_file_sort_sparse(tensor_file *file, const char *key, scry_error *err);
/* Bytes of memory that sorting needs at most for this matrix in addition to s->start; 0 when it is sorted. */
uint64_t tensor_sparse_sort_room(const tensor_sparse *s);

/* ---- rows ------------------------------------------------------------------------------------ */

/* The entries of a row; {0} to begin with. Owner: the caller, by sparse_row_free. */
typedef struct sparse_row {
    uint32_t *col;
    float *value;
    uint64_t count, room;
    uint64_t *order; /* for sorting */
    float *moved;
    uint64_t sort_room;
} sparse_row;

/* Appends the entries of a row by ascending column, duplicates added up in the file's order; values may be
 * 0. Returns how many values were NaN or infinite (written as 0). */
uint64_t sparse_row_add(const tensor_sparse *s, uint64_t row, sparse_row *out);
void sparse_row_free(sparse_row *row);

/* ---- for the formats -------------------------------------------------------------------------- */

typedef enum sparse_layout { SPARSE_COO, SPARSE_CSR, SPARSE_CSC } sparse_layout;

/* Appends a sparse matrix after checking every index. COO: a and b are the row and the column of each
 * entry; CSR: a says where each row begins in b, the columns; CSC: where each column begins in b, the rows. */
bool tensor_add_sparse(tensor_file *file, const char *name, sparse_layout layout, uint64_t rows, uint64_t cols,
                       const tensor *a, const tensor *b, const tensor *value, const char *key, scry_error *err);

/* Appends [N, k] indices and [N, k] values, as hand-made dumps and sparsify write them, under the name "";
 * true also when the file has none. */
bool tensor_add_top_k(tensor_file *file, const char *key, scry_error *err);

/* Appends the matrix of a list; NULL and err when an index does not fit. */
tensor_sparse *tensor_add_list(tensor_file *file, const char *name, const sparse_list *list, const char *key,
                               scry_error *err);

#endif
