/* decoder_codec.c: an SAE's decoder in the narrowest form that holds it exactly. */
#include "index/format/decoder_codec.h"

#include <string.h>

static const char *const names[DECODER_CODECS] = {"bfloat16", "float16", "float32"};

const char *decoder_codec_name(decoder_codec form) {
    return names[form];
}

int decoder_codec_find(const char *name) {
    for (int i = 0; i < DECODER_CODECS; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* IEEE 754 binary16 of a float that is one exactly; false where it is not. */
static bool to_half(uint32_t bits, uint16_t *half) {
    uint32_t sign = bits >> 16 & 0x8000, exponent = bits >> 23 & 0xff, mantissa = bits & 0x7fffff;
    *half = (uint16_t)sign;
    if (!(bits & 0x7fffffff)) return true;
    if (exponent >= 113 && exponent <= 142) { /* 2^-14 to below 2^16 */
        *half = (uint16_t)(sign | (exponent - 112) << 10 | mantissa >> 13);
        return !(mantissa & 0x1fff);
    }
    if (exponent < 103 || exponent > 112) return false;
    uint32_t down = 126 - exponent, whole = mantissa | 0x800000; /* subnormal: multiples of 2^-24 */
    *half = (uint16_t)(sign | whole >> down);
    return !(whole & (((uint32_t)1 << down) - 1));
}

static uint32_t from_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 0x3ff;
    if (exponent == 31) return sign | 0x7f800000 | mantissa << 13;
    if (exponent) return sign | (exponent + 112) << 23 | mantissa << 13;
    return sign | bits_of((float)mantissa * 0x1p-24F);
}

decoder_codec decoder_choose(const float *x, uint64_t n) {
    uint32_t any = 0;
    for (uint64_t i = 0; i < n; i++) any |= bits_of(x[i]);
    if (!(any & 0xffff)) return DECODER_BF16;
    uint16_t half;
    for (uint64_t i = 0; i < n; i++)
        if (!to_half(bits_of(x[i]), &half)) return DECODER_F32;
    return DECODER_F16;
}

void decoder_write(container_writer *w, decoder_codec form, const float *x, uint64_t n) {
    enum { PIECE = 1024 };
    uint16_t piece[PIECE];
    if (form == DECODER_F32) container_write(w, x, n * sizeof *x);
    for (uint64_t i = 0; i < n && form != DECODER_F32; i += PIECE) {
        uint64_t count = n - i < PIECE ? n - i : PIECE;
        for (uint64_t k = 0; k < count; k++) {
            if (form == DECODER_BF16) piece[k] = (uint16_t)(bits_of(x[i + k]) >> 16);
            else to_half(bits_of(x[i + k]), &piece[k]);
        }
        container_write(w, piece, count * sizeof *piece);
    }
}

void decoder_read(const void *section, decoder_codec form, uint64_t first, uint64_t n, float *out) {
    if (form == DECODER_F32) {
        memcpy(out, (const float *)section + first, n * sizeof *out);
        return;
    }
    const uint16_t *narrow = (const uint16_t *)section + first;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t bits = form == DECODER_BF16 ? (uint32_t)narrow[i] << 16 : from_half(narrow[i]);
        memcpy(&out[i], &bits, sizeof bits);
    }
}
