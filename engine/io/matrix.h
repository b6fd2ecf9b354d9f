/* matrix.h: [rows, cols] numbers in one or several files, read a row at a time as float. */
#ifndef SCRY_MATRIX_H
#define SCRY_MATRIX_H

#include "io/tensor.h"

typedef struct matrix {
    uint64_t rows, cols;
    size_t shards;
    tensor_file *files;     /* [shards], owned */
    const tensor **tensors; /* [shards], views */
    uint64_t *first;        /* [shards + 1] row at which each shard begins */
} matrix;

/* paths: shards in order, all with the same number of columns. tensor_name may be NULL. key names
 * the place in the manifest for messages. */
bool matrix_open(matrix *m, char *const *paths, size_t count, const char *tensor_name, const char *key,
                 scry_error *err);
void matrix_close(matrix *m);

/* Row `row` into out[cols]. Returns how many values were NaN or infinite (written as 0). */
uint64_t matrix_row(const matrix *m, uint64_t row, float *out);

#endif
