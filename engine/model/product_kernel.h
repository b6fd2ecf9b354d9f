/* product_kernel.h: the innermost loop of every matrix product of the forward pass.
 *
 * A number of the result is one sum over k in order, each term added with one rounding where the processor can (fused
 * multiply and add), so that it does not depend on the other rows, on how a product is divided, or on the width of the
 * vectors: the same bits on every processor that has such an instruction. */
#ifndef SCRY_MODEL_PRODUCT_KERNEL_H
#define SCRY_MODEL_PRODUCT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRODUCT_COLUMNS_MAX = 32, PRODUCT_ROWS_MAX = 12 };

typedef struct product_kernel {
    const char *name;
    uint32_t rows, columns; /* of the result that it holds in registers */
    /* C [n][columns] = A [n][k] B [k][columns], or C += the product with add; n from 1 to rows. lda, ldb, ldc: floats
     * from one row to the next. */
    void (*run)(uint32_t n, size_t k, const float *A, size_t lda, const float *B, size_t ldb, float *C, size_t ldc,
                bool add);
    /* out [depth][columns] = rows [columns][depth]. */
    void (*turn)(uint32_t columns, size_t depth, const float *rows, float *out);
    /* The same of BF16 numbers, row c from rows[c] on. */
    void (*turn_bf16)(uint32_t columns, size_t depth, const uint16_t *const *rows, float *out);
} product_kernel;

/* The fastest one of this processor. Static. */
const product_kernel *product_kernel_best(void);
/* All that this processor can run, the best first; NULL behind the last. */
const product_kernel *product_kernel_number(unsigned number);

/* How many of `left` rows to run next: as many as the kernel holds, but the last two groups are about equal, since a
 * group of a few rows keeps the processor waiting for each sum. */
static inline uint32_t product_group(const product_kernel *kernel, uint32_t left) {
    if (left >= 2 * kernel->rows) return kernel->rows;
    return left > kernel->rows ? (left + 1) / 2 : left;
}

/* C [rows][columns] = A B, or C +=, for any number of rows. */
static inline void product_rows(const product_kernel *kernel, uint32_t rows, size_t k, const float *A, size_t lda,
                                const float *B, size_t ldb, float *C, size_t ldc, bool add) {
    for (uint32_t r = 0, n; r < rows; r += n) {
        n = product_group(kernel, rows - r);
        kernel->run(n, k, A + r * lda, lda, B, ldb, C + r * ldc, ldc, add);
    }
}

#endif
