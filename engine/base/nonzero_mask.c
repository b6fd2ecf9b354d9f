/* nonzero_mask.c: which of many floats are nonzero.
 *
 * Compilers make such bits one by one, so processors that make many at once are told how. */
#include "base/nonzero_mask.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BYTES = NONZERO_GROUP * 4 };

static void mask_plain(const uint8_t *bytes, uint32_t groups, uint64_t *mask) {
    for (uint32_t k = 0; k < groups; k++, bytes += BYTES) {
        uint32_t bits[NONZERO_GROUP], any = 0;
        memcpy(bits, bytes, sizeof bits);
        for (int i = 0; i < NONZERO_GROUP; i++) any |= bits[i];
        mask[k] = 0;
        if (!(any & 0x7fffffff)) continue;
        for (int i = 0; i < NONZERO_GROUP; i++) mask[k] |= (uint64_t)((bits[i] & 0x7fffffff) != 0) << i;
    }
}

#ifdef __x86_64__
__attribute__((target("avx512f"))) static void mask_512(const uint8_t *bytes, uint32_t groups, uint64_t *mask) {
    const __m512i sign = _mm512_set1_epi32(0x7fffffff);
    for (uint32_t k = 0; k < groups; k++, bytes += BYTES) {
        mask[k] = 0;
        for (int i = 0; i < 4; i++)
            mask[k] |= (uint64_t)_mm512_test_epi32_mask(_mm512_loadu_si512(bytes + 64 * i), sign) << (16 * i);
    }
}

__attribute__((target("avx2"))) static void mask_256(const uint8_t *bytes, uint32_t groups, uint64_t *mask) {
    const __m256i sign = _mm256_set1_epi32(0x7fffffff), zero = _mm256_setzero_si256();
    for (uint32_t k = 0; k < groups; k++, bytes += BYTES) {
        mask[k] = 0;
        for (int i = 0; i < 8; i++) {
            __m256i x = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32 * i)), sign);
            int some = _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(x, zero)));
            mask[k] |= (uint64_t)(uint32_t)some << (8 * i);
        }
    }
}
#endif

void nonzero_mask(const void *bytes, uint32_t groups, uint64_t *mask) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) mask_512(bytes, groups, mask);
    else if (__builtin_cpu_supports("avx2")) mask_256(bytes, groups, mask);
    else
#endif
        mask_plain(bytes, groups, mask);
}
