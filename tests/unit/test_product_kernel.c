/* test_product_kernel.c: every kernel that this processor can run gives one sum over k in order with one rounding a
 * term (fmaf), or with two on a processor without such an instruction; panels are turned, BF16 too; the largest number
 * of a row and its exponentials are those of the C library. */
#include "check.h"
#include "model/elementwise.h"
#include "model/product_kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 83, LEAD = 96 };

static uint64_t state = 7;

static float number(void) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (float)((double)(state >> 40) / (1 << 23) - 1);
}

static bool fused(const product_kernel *kernel) {
#ifdef __FP_FAST_FMAF
    (void)kernel;
    return true;
#else
    return strcmp(kernel->name, "portable") != 0;
#endif
}

static void try_products(const product_kernel *kernel) {
    static float A[PRODUCT_ROWS_MAX * LEAD], B[MOST_DEPTH * LEAD], C[PRODUCT_ROWS_MAX * LEAD];
    size_t wrong = 0, compared = 0, beyond = 0;
    for (size_t k = 1; k <= MOST_DEPTH; k += 1 + k / 9)
        for (uint32_t n = 1; n <= kernel->rows; n++)
            for (int add = 0; add < 2; add++) {
                for (size_t i = 0; i < sizeof A / sizeof *A; i++) A[i] = number();
                for (size_t i = 0; i < sizeof B / sizeof *B; i++) B[i] = number();
                for (size_t i = 0; i < sizeof C / sizeof *C; i++) C[i] = 0.5F;
                kernel->run(n, k, A, LEAD, B, LEAD, C, LEAD, add != 0);
                for (uint32_t r = 0; r < PRODUCT_ROWS_MAX; r++)
                    for (uint32_t c = 0; c < LEAD; c++) {
                        float found = C[r * LEAD + c], sum = 0;
                        if (r >= n || c >= kernel->columns) {
                            beyond += found != 0.5F;
                            continue;
                        }
                        for (size_t i = 0; i < k; i++) {
                            float product = A[r * LEAD + i] * B[i * LEAD + c];
                            sum = fused(kernel) ? fmaf(A[r * LEAD + i], B[i * LEAD + c], sum) : sum + product;
                        }
                        if (add) sum = 0.5F + sum;
                        wrong += memcmp(&sum, &found, sizeof sum) != 0;
                        compared++;
                    }
            }
    check(wrong == 0, "%s: %zu products are sums in order: %zu differ", kernel->name, compared, wrong);
    check_is(beyond, 0, "%s: nothing is written outside the rows and columns", kernel->name);
}

static void try_turns(const product_kernel *kernel) {
    static float rows[PRODUCT_COLUMNS_MAX * MOST_DEPTH], found[PRODUCT_COLUMNS_MAX * MOST_DEPTH];
    static uint16_t half[PRODUCT_COLUMNS_MAX][MOST_DEPTH + 3];
    const uint16_t *row[PRODUCT_COLUMNS_MAX];
    size_t wrong = 0, wrong_half = 0;
    for (size_t depth = 1; depth <= MOST_DEPTH; depth++) {
        for (uint32_t c = 0; c < kernel->columns; c++) {
            row[c] = half[c] + c % 3; /* not aligned to vectors */
            for (size_t k = 0; k < depth; k++) {
                float x = number();
                uint32_t bits;
                memcpy(&bits, &x, sizeof bits);
                half[c][c % 3 + k] = (uint16_t)(bits >> 16);
                bits &= 0xFFFF0000U;
                memcpy(&rows[c * depth + k], &bits, sizeof bits);
            }
        }
        for (int bf16 = 0; bf16 < 2; bf16++) {
            memset(found, 0, sizeof found);
            if (bf16) kernel->turn_bf16(kernel->columns, depth, row, found);
            else kernel->turn(kernel->columns, depth, rows, found);
            for (uint32_t c = 0; c < kernel->columns; c++)
                for (size_t k = 0; k < depth; k++)
                    *(bf16 ? &wrong_half : &wrong) += found[k * kernel->columns + c] != rows[c * depth + k];
        }
    }
    check_is(wrong, 0, "%s: rows become columns", kernel->name);
    check_is(wrong_half, 0, "%s: BF16 rows become columns of floats", kernel->name);
}

static void try_softmax(void) {
    float x[5 * EXP_LANES], y[5 * EXP_LANES];
    worst w = {.tolerance = 3e-7}, sums = {.tolerance = 1e-6};
    size_t wrong = 0;
    for (int turn = 0; turn < 500; turn++) {
        uint32_t n = (uint32_t)(1 + turn % 5) * EXP_LANES;
        float scale = turn % 7 ? 20 : 200, most = -3e38F;
        for (uint32_t i = 0; i < n; i++) {
            x[i] = turn % 3 == 0 && i % 4 == 0 ? -INFINITY : number() * scale;
            most = x[i] > most ? x[i] : most;
        }
        wrong += max_row(x, n, -3e38F) != most;
        wrong += max_row(x, n, most + 1) != most + 1;
        memcpy(y, x, sizeof y);
        float sum = exp_row(y, n, most);
        double expected = 0;
        for (uint32_t i = 0; i < n; i++) {
            double e = exp((double)(x[i] - most));
            expected += e;
            worst_add(&w, (double)y[i], e < 1e-37 ? 0 : e, e < 1e-37 ? 1 : e, "x %g below %g", (double)x[i],
                      (double)most);
        }
        worst_add(&sums, (double)sum, expected, expected, "%u numbers", n);
    }
    check_is(wrong, 0, "the largest number of a row, or the one given");
    worst_line(&w, "exponentials");
    worst_line(&sums, "their sums");
}

static void try_gate(void) {
    float x[50], up[50], out[51];
    worst w = {.tolerance = 4e-7};
    size_t wrong = 0;
    for (uint32_t n = 1; n <= 50; n++) {
        for (uint32_t i = 0; i < n; i++) x[i] = number() * (i % 5 ? 8 : 90), up[i] = number();
        out[n] = 7;
        gate_row(ACTIVATION_SILU, x, up, n, out);
        wrong += out[n] != 7;
        for (uint32_t i = 0; i < n; i++) {
            double e = (double)x[i] / (1 + exp(-(double)x[i])) * (double)up[i];
            worst_add(&w, (double)out[i], e, fabs(e) < 1e-36 ? 1 : fabs(e), "x %g times %g", (double)x[i],
                      (double)up[i]);
        }
    }
    check_is(wrong, 0, "nothing is written behind a row");
    worst_line(&w, "silu times the other part");
    for (uint32_t i = 0; i < 11; i++) x[i] = 1, up[i] = 1;
    x[3] = x[9] = NAN, x[4] = INFINITY, x[5] = x[10] = -1e30F;
    gate_row(ACTIVATION_SILU, x, up, 11, out);
    check(isnan(out[3]) && isnan(out[9]) && isinf(out[4]) && fabsf(out[5]) < 1e-6F && fabsf(out[10]) < 1e-6F,
          "silu of NaN, infinity and a number far below: %g %g %g %g %g", (double)out[3], (double)out[9],
          (double)out[4], (double)out[5], (double)out[10]);
}

int main(void) {
    unsigned count = 0;
    for (const product_kernel *kernel; (kernel = product_kernel_number(count)); count++) {
        try_products(kernel);
        try_turns(kernel);
    }
    check(count > 0, "this processor runs %u kernels, the best is %s", count, product_kernel_best()->name);
    try_softmax();
    try_gate();
    return check_end();
}
