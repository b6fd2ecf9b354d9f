/* product_kernel.c: the innermost loop of matrix products, for each kind of vector. */
#include "model/product_kernel.h"
#include "model/multiply_add.h"

#include <string.h>

/* ---- any processor ---- */

enum { ANY_ROWS = 4, ANY_COLUMNS = 16 };

static void any_row(size_t k, const float *A, const float *B, size_t ldb, float *C, bool add) {
    float sum[ANY_COLUMNS] = {0};
    for (size_t i = 0; i < k; i++, B += ldb)
        for (int j = 0; j < ANY_COLUMNS; j++) sum[j] = multiply_add(A[i], B[j], sum[j]);
    for (int j = 0; j < ANY_COLUMNS; j++) C[j] = add ? C[j] + sum[j] : sum[j];
}

static void any_run(uint32_t n, size_t k, const float *A, size_t lda, const float *B, size_t ldb, float *C, size_t ldc,
                    bool add) {
    if (n < ANY_ROWS) {
        for (uint32_t r = 0; r < n; r++) any_row(k, A + r * lda, B, ldb, C + r * ldc, add);
        return;
    }
    float sum[ANY_ROWS][ANY_COLUMNS] = {{0}};
    for (size_t i = 0; i < k; i++, B += ldb)
        for (int r = 0; r < ANY_ROWS; r++)
            for (int j = 0; j < ANY_COLUMNS; j++) sum[r][j] = multiply_add(A[(size_t)r * lda + i], B[j], sum[r][j]);
    for (int r = 0; r < ANY_ROWS; r++)
        for (int j = 0; j < ANY_COLUMNS; j++) {
            float *c = C + (size_t)r * ldc + (size_t)j;
            *c = add ? *c + sum[r][j] : sum[r][j];
        }
}

/* Columns first..depth, the rest of what squares have done. */
static void turn_from(size_t first, uint32_t columns, size_t depth, const float *rows, float *out) {
    for (size_t k = first; k < depth; k++)
        for (uint32_t c = 0; c < columns; c++) out[k * columns + c] = rows[c * depth + k];
}

static void turn_bf16_from(size_t first, uint32_t columns, size_t depth, const uint16_t *const *rows, float *out) {
    for (size_t k = first; k < depth; k++)
        for (uint32_t c = 0; c < columns; c++) {
            uint32_t bits = (uint32_t)rows[c][k] << 16;
            memcpy(&out[k * columns + c], &bits, sizeof bits);
        }
}

static void any_turn_bf16(uint32_t columns, size_t depth, const uint16_t *const *rows, float *out) {
    turn_bf16_from(0, columns, depth, rows, out);
}

static void any_turn(uint32_t columns, size_t depth, const float *rows, float *out) {
    turn_from(0, columns, depth, rows, out);
}

static const product_kernel any = {"portable", ANY_ROWS, ANY_COLUMNS, any_run, any_turn, any_turn_bf16};

/* ---- x86: two vectors of columns by as many rows as there are registers ---- */

#if defined(__x86_64__)
#include <immintrin.h>

#define ROWS_1(DO)  DO(0)
#define ROWS_2(DO)  ROWS_1(DO) DO(1)
#define ROWS_3(DO)  ROWS_2(DO) DO(2)
#define ROWS_4(DO)  ROWS_3(DO) DO(3)
#define ROWS_5(DO)  ROWS_4(DO) DO(4)
#define ROWS_6(DO)  ROWS_5(DO) DO(5)
#define ROWS_7(DO)  ROWS_6(DO) DO(6)
#define ROWS_8(DO)  ROWS_7(DO) DO(7)
#define ROWS_9(DO)  ROWS_8(DO) DO(8)
#define ROWS_10(DO) ROWS_9(DO) DO(9)
#define ROWS_11(DO) ROWS_10(DO) DO(10)
#define ROWS_12(DO) ROWS_11(DO) DO(11)

#define BEGIN_ROW(r)                                                                                                   \
    const float *a##r = A + (r)*lda;                                                                                   \
    float *c##r = C + (r)*ldc;                                                                                         \
    vector s##r = ZERO(), t##r = ZERO();
#define STEP_ROW(r)                                                                                                    \
    x = SPREAD(a##r[i]);                                                                                               \
    s##r = FMA(x, b, s##r);                                                                                            \
    t##r = FMA(x, d, t##r);
#define END_ROW(r)                                                                                                     \
    STORE(c##r, s##r);                                                                                                 \
    STORE(c##r + LANES, t##r);
#define ADD_ROW(r)                                                                                                     \
    s##r = ADD(LOAD(c##r), s##r);                                                                                      \
    t##r = ADD(LOAD(c##r + LANES), t##r);

#define DEFINE_ROWS(name, number, TARGET)                                                                              \
    TARGET static void name##_##number(size_t k, const float *A, size_t lda, const float *B, size_t ldb, float *C,     \
                                       size_t ldc, bool add) {                                                         \
        ROWS_##number(BEGIN_ROW) for (size_t i = 0; i < k; i++, B += ldb) {                                            \
            vector b = LOAD(B), d = LOAD(B + LANES), x;                                                                \
            ROWS_##number(STEP_ROW)                                                                                    \
        }                                                                                                              \
        if (add) {                                                                                                     \
            ROWS_##number(ADD_ROW)                                                                                     \
        }                                                                                                              \
        ROWS_##number(END_ROW)                                                                                         \
    }

#define AVX2      __attribute__((target("avx2,fma")))
#define LANES     8
#define vector    __m256
#define LOAD      _mm256_loadu_ps
#define STORE     _mm256_storeu_ps
#define ZERO      _mm256_setzero_ps
#define SPREAD(x) _mm256_set1_ps(x)
#define FMA       _mm256_fmadd_ps
#define ADD       _mm256_add_ps
DEFINE_ROWS(avx2, 1, AVX2)
DEFINE_ROWS(avx2, 2, AVX2)
DEFINE_ROWS(avx2, 3, AVX2)
DEFINE_ROWS(avx2, 4, AVX2)
DEFINE_ROWS(avx2, 5, AVX2)
DEFINE_ROWS(avx2, 6, AVX2)
#undef LANES
#undef vector
#undef LOAD
#undef STORE
#undef ZERO
#undef SPREAD
#undef FMA
#undef ADD

#define AVX512    __attribute__((target("avx512f,fma")))
#define LANES     16
#define vector    __m512
#define LOAD      _mm512_loadu_ps
#define STORE     _mm512_storeu_ps
#define ZERO      _mm512_setzero_ps
#define SPREAD(x) _mm512_set1_ps(x)
#define FMA       _mm512_fmadd_ps
#define ADD       _mm512_add_ps
DEFINE_ROWS(avx512, 1, AVX512)
DEFINE_ROWS(avx512, 2, AVX512)
DEFINE_ROWS(avx512, 3, AVX512)
DEFINE_ROWS(avx512, 4, AVX512)
DEFINE_ROWS(avx512, 5, AVX512)
DEFINE_ROWS(avx512, 6, AVX512)
DEFINE_ROWS(avx512, 7, AVX512)
DEFINE_ROWS(avx512, 8, AVX512)
DEFINE_ROWS(avx512, 9, AVX512)
DEFINE_ROWS(avx512, 10, AVX512)
DEFINE_ROWS(avx512, 11, AVX512)
DEFINE_ROWS(avx512, 12, AVX512)

/* Turns a square of 8 rows into 8 columns. Written out, so that all of it stays in registers. */
#define PAIR(i)                                                                                                        \
    __m256 low##i = _mm256_unpacklo_ps(r[2 * (i)], r[2 * (i) + 1]),                                                    \
           high##i = _mm256_unpackhi_ps(r[2 * (i)], r[2 * (i) + 1]);
#define FOUR(i, a, b)                                                                                                  \
    __m256 first##i = _mm256_shuffle_ps(low##a, low##b, 0x44), second##i = _mm256_shuffle_ps(low##a, low##b, 0xEE),    \
           third##i = _mm256_shuffle_ps(high##a, high##b, 0x44),                                                       \
           fourth##i = _mm256_shuffle_ps(high##a, high##b, 0xEE);
#define HALF(k, column)                                                                                                \
    _mm256_storeu_ps(to + (size_t)(k)*columns, _mm256_permute2f128_ps(column##0, column##1, 0x20));                    \
    _mm256_storeu_ps(to + (size_t)((k) + 4) * columns, _mm256_permute2f128_ps(column##0, column##1, 0x31));
AVX2 __attribute__((always_inline)) static inline void turn_square(const __m256 r[8], uint32_t columns, float *to){
    PAIR(0) PAIR(1) PAIR(2) PAIR(3) FOUR(0, 0, 1) FOUR(1, 2, 3) HALF(0, first) HALF(1, second) HALF(2, third)
        HALF(3, fourth)}
#undef PAIR
#undef FOUR
#undef HALF

AVX2 static void avx2_turn(uint32_t columns, size_t depth, const float *rows, float *out) {
    size_t k = 0;
    for (; k + 8 <= depth; k += 8)
        for (uint32_t c = 0; c < columns; c += 8) {
            const float *at = rows + c * depth + k;
#define TAKE(i) _mm256_loadu_ps(at + (i)*depth)
            const __m256 r[8] = {TAKE(0), TAKE(1), TAKE(2), TAKE(3), TAKE(4), TAKE(5), TAKE(6), TAKE(7)};
#undef TAKE
            turn_square(r, columns, out + k * columns + c);
        }
    turn_from(k, columns, depth, rows, out);
}

AVX2 __attribute__((always_inline)) static inline __m256 widen_8(const uint16_t *at) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

/* A cache line of each of 8 rows after the other, with the next ones on their way. */
AVX2 static void avx2_turn_bf16(uint32_t columns, size_t depth, const uint16_t *const *rows, float *out) {
    enum { LINE = 32, AHEAD = 4 * LINE };
    size_t k = 0;
    for (; k + LINE <= depth; k += LINE)
        for (uint32_t c = 0; c < columns; c += 8) {
            for (uint32_t i = 0; i < 8; i++) __builtin_prefetch(rows[c + i] + k + AHEAD);
            for (size_t at = k; at < k + LINE; at += 8) {
#define TAKE(i) widen_8(rows[c + (i)] + at)
                const __m256 r[8] = {TAKE(0), TAKE(1), TAKE(2), TAKE(3), TAKE(4), TAKE(5), TAKE(6), TAKE(7)};
#undef TAKE
                turn_square(r, columns, out + at * columns + c);
            }
        }
    turn_bf16_from(k, columns, depth, rows, out);
}

static void avx2_run(uint32_t n, size_t k, const float *A, size_t lda, const float *B, size_t ldb, float *C, size_t ldc,
                     bool add) {
    static void (*const rows[])(size_t, const float *, size_t, const float *, size_t, float *, size_t,
                                bool) = {avx2_1, avx2_2, avx2_3, avx2_4, avx2_5, avx2_6};
    rows[n - 1](k, A, lda, B, ldb, C, ldc, add);
}

static void avx512_run(uint32_t n, size_t k, const float *A, size_t lda, const float *B, size_t ldb, float *C,
                       size_t ldc, bool add) {
    static void (*const rows[])(size_t, const float *, size_t, const float *, size_t, float *, size_t,
                                bool) = {avx512_1, avx512_2, avx512_3, avx512_4,  avx512_5,  avx512_6,
                                         avx512_7, avx512_8, avx512_9, avx512_10, avx512_11, avx512_12};
    rows[n - 1](k, A, lda, B, ldb, C, ldc, add);
}

static const product_kernel avx2 = {"AVX2", 6, 16, avx2_run, avx2_turn, avx2_turn_bf16};
static const product_kernel avx512 = {"AVX-512", 12, 32, avx512_run, avx2_turn, avx2_turn_bf16};
#endif

const product_kernel *product_kernel_number(unsigned number) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && number-- == 0) return &avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && number-- == 0) return &avx2;
#endif
    return number == 0 ? &any : NULL;
}

const product_kernel *product_kernel_best(void) {
    return product_kernel_number(0);
}
