/* sparse.h: sparse matrices out of the tensors of a file, read a row at a time where they lie.
 *
 * Lists whose rows follow each other (CSR, top-k pairs, and COO in the order of its rows) are read in
 * place. Any other order (CSC, shuffled COO) has to be sorted first: tensor_file_sort_sparse sets 12 bytes
 * an entry aside, in a file where they are many. */
#ifndef SCRY_IO_SPARSE_H
#define SCRY_IO_SPARSE_H

#include "io/tensor.h"

/* `count` entries in any order, as lists of [count]. */
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

/* Every index was compared with rows and cols when the file was opened. Owner: the tensor_file. */
struct tensor_sparse {
    char *name;
    uint64_t rows, cols;
    bool cols_inferred;       /* the format states no width: cols is the largest column seen plus one */
    bool split;               /* one of several files, each with the columns from first_col on (delphi) */
    uint64_t first_col;       /* what index counts from */
    uint64_t entries, widest; /* of all rows, and of the row that has most */
    tensor index, value;      /* column and number of each entry: [entries], or [rows, k] where all rows have k */
    tensor begin;             /* of [entries]: [rows + 1], where each row begins in them; unless */
    uint64_t *start;          /* the file has no such list: the same, owned */
    sparse_list *list;        /* owned: what is still to be sorted, so that no row can be read; else NULL */
};

void tensor_sparse_free(tensor_sparse *s);

/* Sorts what has to be before rows are read. */
bool tensor_file_sort_sparse(tensor_file *file, const char *key, scry_error *err);
/* Bytes of memory that this needs at most for one matrix, besides s->start; 0 when it is in order. */
uint64_t tensor_sparse_sort_room(const tensor_sparse *s);

/* ---- rows ------------------------------------------------------------------------------------ */

/* Room for the entries of a row; {0} to begin with. The caller's, to be freed by sparse_row_free. */
typedef struct sparse_row {
    uint32_t *col;
    float *value;
    uint64_t count, room;
    uint64_t *order; /* for sorting */
    float *moved;
    uint64_t sort_room;
} sparse_row;

/* Appends the entries of a row: columns ascend and each is there once, duplicates being added up in
 * the file's order; values may be 0. Returns how many values were NaN or infinite (written as 0). */
uint64_t sparse_row_add(const tensor_sparse *s, uint64_t row, sparse_row *out);
void sparse_row_free(sparse_row *row);

/* ---- for the formats -------------------------------------------------------------------------- */

typedef enum sparse_layout { SPARSE_COO, SPARSE_CSR, SPARSE_CSC } sparse_layout;

/* Appends a sparse matrix, after checking every index. COO: a and b are the row and the column of
 * each entry; CSR: a points into b, the columns; CSC: a points into b, the rows. */
bool tensor_add_sparse(tensor_file *file, const char *name, sparse_layout layout, uint64_t rows, uint64_t cols,
                       const tensor *a, const tensor *b, const tensor *value, const char *key, scry_error *err);

/* [N, k] indices and [N, k] values, as hand-made dumps and sparsify write them, under the name "";
 * true when there are none. */
bool tensor_add_top_k(tensor_file *file, const char *key, scry_error *err);

/* Appends the matrix of a list; NULL and err where an index does not fit. */
tensor_sparse *tensor_add_list(tensor_file *file, const char *name, const sparse_list *list, const char *key,
                               scry_error *err);

/* ---- between the files of this module ---------------------------------------------------------- */

enum { SPARSE_BLOCK = 512 };

/* Is t a list of whole numbers that the file has bytes for? (An expanded tensor, of stride 0, can
 * claim any number of them.) */
bool sparse_check_list(const tensor_file *file, const tensor *t, const char *what, const char *key, scry_error *err);
/* n (at most SPARSE_BLOCK) numbers from element `from` on, each below limit (at most 2^32); `at`:
 * number of the first for the message. */
bool sparse_indices(const tensor_file *file, const tensor *t, const char *what, uint64_t limit, int64_t from,
                    int64_t step, uint64_t n, uint64_t at, uint32_t *out, const char *key, scry_error *err);
/* What is read through maps counts as memory: gives it back now and then. */
void sparse_pace(const tensor_file *file, uint64_t before, uint64_t after);
/* The name and the place for a new matrix, filled in from s. */
tensor_sparse *sparse_append(tensor_file *file, const char *name, const tensor_sparse *s);
/* Entries of a list one block after another. */
typedef struct sparse_block {
    uint64_t n;
    uint32_t row[SPARSE_BLOCK], col[SPARSE_BLOCK];
    float value[SPARSE_BLOCK];
} sparse_block;

typedef struct sparse_walk {
    const tensor_file *file;
    const sparse_list *list;
    uint64_t at, column, column_end;
} sparse_walk;

/* The next block, n of 0 at the end; values only when asked for. */
bool sparse_next(sparse_walk *walk, sparse_block *block, bool values, const char *key, scry_error *err);

#endif
