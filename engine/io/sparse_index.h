/* sparse_index.h: checks lists of indices of sparse matrices, a block at a time. For engine/io only. */
#ifndef SCRY_IO_SPARSE_INDEX_H
#define SCRY_IO_SPARSE_INDEX_H

#include "io/tensor.h"

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
