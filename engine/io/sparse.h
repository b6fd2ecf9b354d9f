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

/* ---- sparse_check.c: lists of indices, checked a block at a time; for engine/io only ----------- */

enum { SPARSE_BLOCK = 512 };

/* Is t a list of integers that the file has bytes for? (An expanded tensor, of stride 0, can claim any
 * number of them.) list: its name in messages. */
bool sparse_check_list(const tensor_file *file, const tensor *t, const char *list, const char *key, scry_error *err);
/* Reads n (at most SPARSE_BLOCK) numbers from element `from` on, each below limit (at most 2^32); `at`:
 * number of the first for the message. */
bool sparse_indices(const tensor_file *file, const tensor *t, const char *list, uint64_t limit, int64_t from,
                    int64_t step, uint64_t n, uint64_t at, uint32_t *out, const char *key, scry_error *err);
/* Checks all n numbers from element `from` on as sparse_indices does; raises *largest to the largest. */
bool sparse_check_indices(const tensor_file *file, const tensor *t, const char *list, uint64_t limit, int64_t from,
                          int64_t step, uint64_t n, uint64_t before, uint32_t *largest, const char *key,
                          scry_error *err);
/* Checks where each of the groups (CSR's rows, CSC's columns) begins: groups + 1 numbers that ascend from 0
 * to *count, which is at most `most`. *widest: entries of the largest group. */
bool sparse_check_begin(const tensor_file *file, const tensor *t, uint64_t groups, uint64_t most, uint64_t *count,
                        uint64_t *widest, const char *key, scry_error *err);
/* Bounds resident memory: drops the file's pages each time the entries read pass a multiple of some thousands. */
void sparse_drop_pages(const tensor_file *file, uint64_t before, uint64_t after);

#endif
