/* fused_rows.c: see fused_rows.h. */
#include "model/fused_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define FUSED __attribute__((target("avx2,fma")))
enum { LANES = 8 };

/* exponential_below of eight numbers. */
FUSED __attribute__((always_inline)) static inline __m256 exp_8(__m256 x) {
    const __m256 whole = _mm256_set1_ps(12582912.0F);
    x = _mm256_max_ps(_mm256_set1_ps(-87.5F), x); /* in this order NaN stays */
    __m256 n = _mm256_fmadd_ps(x, _mm256_set1_ps(1.44269504088896341F), whole);
    const __m256i bits = _mm256_castps_si256(n);
    n = _mm256_sub_ps(n, whole);
    __m256 r = _mm256_fmadd_ps(n, _mm256_set1_ps(-0.693359375F), x);
    r = _mm256_fmadd_ps(n, _mm256_set1_ps(2.12194440e-4F), r);
    __m256 p = _mm256_set1_ps(1.9875691500e-4F);
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.3981999507e-3F));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.3334519073e-3F));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.1665795894e-2F));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.6666665459e-1F));
    p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.0000001201e-1F));
    p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1.0F));
    const __m256i half = _mm256_slli_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(126)), 23);
    return _mm256_mul_ps(_mm256_mul_ps(p, _mm256_castsi256_ps(half)), _mm256_set1_ps(2.0F));
}

FUSED float exp_row_fused(float *x, uint32_t n, float max) {
    const __m256 most = _mm256_set1_ps(max);
    __m256 low = _mm256_setzero_ps(), high = low;
    for (uint32_t i = 0; i + 2 * LANES <= n; i += 2 * LANES) {
        __m256 a = exp_8(_mm256_sub_ps(_mm256_loadu_ps(x + i), most));
        __m256 b = exp_8(_mm256_sub_ps(_mm256_loadu_ps(x + i + LANES), most));
        _mm256_storeu_ps(x + i, a);
        _mm256_storeu_ps(x + i + LANES, b);
        low = _mm256_add_ps(low, a);
        high = _mm256_add_ps(high, b);
    }
    float part[LANES], sum = 0;
    _mm256_storeu_ps(part, _mm256_add_ps(low, high));
    for (int l = 0; l < LANES; l++) sum += part[l];
    return sum;
}

FUSED __attribute__((always_inline)) static inline void silu_gate_8(const float *x, const float *up, float *out) {
    const __m256 v = _mm256_loadu_ps(x), minus = _mm256_xor_ps(v, _mm256_set1_ps(-0.0F));
    __m256 e = exp_8(_mm256_min_ps(_mm256_set1_ps(88.7F), minus));
    __m256 y = _mm256_div_ps(v, _mm256_add_ps(_mm256_set1_ps(1.0F), e));
    _mm256_storeu_ps(out, _mm256_mul_ps(y, _mm256_loadu_ps(up)));
}

FUSED void silu_gate_fused(const float *x, const float *up, uint32_t n, float *out) {
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES) silu_gate_8(x + i, up + i, out + i);
    if (i == n) return;
    float rest[3][LANES] = {{0}};
    memcpy(rest[0], x + i, (n - i) * sizeof *x);
    memcpy(rest[1], up + i, (n - i) * sizeof *up);
    silu_gate_8(rest[0], rest[1], rest[2]);
    memcpy(out + i, rest[2], (n - i) * sizeof *out);
}

FUSED __attribute__((always_inline)) static inline float add_up(const __m256 sum[4]) {
    float part[LANES];
    double all = 0;
    _mm256_storeu_ps(part, _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])));
    for (int l = 0; l < LANES; l++) all += (double)part[l];
    return (float)all;
}

FUSED __attribute__((always_inline)) static inline __m256 widen_8(const uint16_t *w) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)w));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

/* Four sums of eight, so that one does not wait for the other. */
#define DOT(name, type, LOAD, REST)                                                                                    \
    FUSED float name(const type *w, const float *x, uint32_t n) {                                                      \
        __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};          \
        uint32_t i = 0;                                                                                                \
        for (; i + 4 * LANES <= n; i += 4 * LANES) {                                                                   \
            sum[0] = _mm256_fmadd_ps(LOAD(w + i), _mm256_loadu_ps(x + i), sum[0]);                                     \
            sum[1] = _mm256_fmadd_ps(LOAD(w + i + LANES), _mm256_loadu_ps(x + i + LANES), sum[1]);                     \
            sum[2] = _mm256_fmadd_ps(LOAD(w + i + 2 * LANES), _mm256_loadu_ps(x + i + 2 * LANES), sum[2]);             \
            sum[3] = _mm256_fmadd_ps(LOAD(w + i + 3 * LANES), _mm256_loadu_ps(x + i + 3 * LANES), sum[3]);             \
        }                                                                                                              \
        float all = add_up(sum);                                                                                       \
        for (; i < n; i++) all += REST(w[i]) * x[i];                                                                   \
        return all;                                                                                                    \
    }
static inline float widen_1(uint16_t w) {
    const uint32_t bits = (uint32_t)w << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
DOT(dot_fused, float, _mm256_loadu_ps, )
DOT(dot_bf16_fused, uint16_t, widen_8, widen_1)
#endif
