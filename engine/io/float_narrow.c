/* float_narrow.c: see float_narrow.h. */
#include "io/float_narrow.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

size_t float_narrow_f16(const float *in, size_t n, uint16_t *out) {
    size_t wrong = n;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(in[i]), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff, half;
        if (size >= 0x477ff000) { /* 65520 */
            if (wrong == n) wrong = i;
            half = 0x7c00;
        } else if (size < 0x38800000)
            half = (uint32_t)rintf(fabsf(in[i]) * 0x1p24F); /* below 2^-14: in units of 2^-24 */
        else half = (size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13;
        out[i] = (uint16_t)(sign | half);
    }
    return wrong;
}

size_t float_narrow_bf16(const float *in, size_t n, uint16_t *out) {
    size_t wrong = n;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = bits_of(in[i]);
        bits = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
        if (wrong == n && (!isfinite(in[i]) || (bits & 0x7f80) == 0x7f80)) wrong = i;
        out[i] = (uint16_t)bits;
    }
    return wrong;
}
