/* sparse.h: sparse matrices out of the tensors of a file. Owner: the tensor_file. */
#ifndef SCRY_SPARSE_H
#define SCRY_SPARSE_H

#include "io/tensor.h"

/* A sparse matrix [rows, cols] as rows: entries start[r] .. start[r + 1] of col and value. Whatever
 * the file holds (CSR, CSC, COO, in any order), columns ascend within a row and duplicates were
 * added up when the file was opened. */
struct tensor_sparse {
    char *name;
    uint64_t rows, cols;
    bool cols_inferred; /* the format states no width: cols is the largest column seen plus one */
    bool split;         /* one of several files, each with the columns from first_col on (delphi) */
    uint64_t first_col;
    uint64_t *start;    /* [rows + 1], owned */
    uint32_t *col;      /* [nnz], owned */
    float *value;       /* [nnz], owned */
    uint64_t nonfinite; /* values that were NaN or infinite, kept as 0 */
};

typedef enum sparse_layout { SPARSE_COO, SPARSE_CSR, SPARSE_CSC } sparse_layout;

/* Appends a sparse matrix, after checking every index. COO: a and b are the row and the column of
 * each entry; CSR: a points into b, the columns; CSC: a points into b, the rows. */
bool tensor_add_sparse(tensor_file *file, const char *name, sparse_layout layout, uint64_t rows, uint64_t cols,
                       const tensor *a, const tensor *b, const tensor *value, const char *key, scry_error *err);

/* All numbers of an integer tensor of one or two dimensions, each checked to be below limit (at most
 * 2^32); the caller frees. NULL and err otherwise. what: its name, for the message. */
uint32_t *tensor_indices(const tensor_file *file, const tensor *t, const char *what, uint64_t limit, const char *key,
                         scry_error *err);
/* All numbers of a tensor of one or two dimensions as float, those that are not finite counted. */
float *tensor_values(const tensor *t, uint64_t *nonfinite);

/* Appends a sparse matrix made of entries in any order. Takes over row, col and value, also when it
 * fails. NULL and err when there are absurdly many rows for the entries. */
tensor_sparse *tensor_add_entries(tensor_file *file, const char *name, uint64_t rows, uint64_t cols, uint64_t count,
                                  uint32_t *row, uint32_t *col, float *value, const char *key, scry_error *err);

/* [N, k] indices and [N, k] values, as hand-made dumps and sparsify write them, under the name "";
 * true when there are none. */
bool tensor_add_top_k(tensor_file *file, const char *key, scry_error *err);

#endif
