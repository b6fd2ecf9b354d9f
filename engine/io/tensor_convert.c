/* tensor_convert.c: converts the elements of a tensor of any dtype, byte order and strides to float or
 * int64_t. */
#include "io/tensor.h"
#include "base/cpu_dispatch.h"
#include "io/half_float.h"

#include <string.h>

CPU_DISPATCH static void from_f16(const uint8_t *data, float *out, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, data + 2 * i, 2);
        out[i] = half_to_float(half);
    }
}

CPU_DISPATCH static void from_bf16(const uint8_t *data, float *out, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        uint16_t brain;
        memcpy(&brain, data + 2 * i, 2);
        uint32_t bits = (uint32_t)brain << 16;
        memcpy(&out[i], &bits, 4);
    }
}

CPU_DISPATCH static void from_f64(const uint8_t *data, float *out, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, data + 8 * i, 8);
        out[i] = (float)value;
    }
}

CPU_DISPATCH static uint64_t clear_nonfinite(float *out, uint64_t count) {
    uint64_t bad = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &out[i], 4);
        bool wrong = (bits & 0x7f800000u) == 0x7f800000u;
        bad += wrong;
        bits = wrong ? 0 : bits;
        memcpy(&out[i], &bits, 4);
    }
    return bad;
}

/* The cases of a switch over dtypes for integers: out[i] = (to)value for each of `count` contiguous native elements. */
#define INTEGER_CASE(dtype, type, to)                                                                                  \
    case dtype:                                                                                                        \
        for (uint64_t i = 0; i < count; i++) {                                                                         \
            type value;                                                                                                \
            memcpy(&value, data + i * sizeof value, sizeof value);                                                     \
            out[i] = (to)value;                                                                                        \
        }                                                                                                              \
        break;
#define INTEGER_CASES(to)                                                                                              \
    INTEGER_CASE(TENSOR_I8, int8_t, to)                                                                                \
    INTEGER_CASE(TENSOR_U8, uint8_t, to)                                                                               \
    INTEGER_CASE(TENSOR_I16, int16_t, to)                                                                              \
    INTEGER_CASE(TENSOR_U16, uint16_t, to)                                                                             \
    INTEGER_CASE(TENSOR_I32, int32_t, to)                                                                              \
    INTEGER_CASE(TENSOR_U32, uint32_t, to)                                                                             \
    INTEGER_CASE(TENSOR_I64, int64_t, to)                                                                              \
    INTEGER_CASE(TENSOR_U64, uint64_t, to)

static void to_float(tensor_dtype dtype, const uint8_t *data, float *out, uint64_t count) {
    switch (dtype) {
        INTEGER_CASES(float)
    case TENSOR_F16:
        from_f16(data, out, count);
        break;
    case TENSOR_BF16:
        from_bf16(data, out, count);
        break;
    case TENSOR_F32:
        if (count) memcpy(out, data, count * 4);
        break;
    case TENSOR_F64:
        from_f64(data, out, count);
        break;
    case TENSOR_OTHER:
        memset(out, 0, count * sizeof *out);
        break;
    }
}

/* False for dtypes that are no integers, and where a number does not fit. */
static bool to_integer(tensor_dtype dtype, const uint8_t *data, int64_t *out, uint64_t count) {
    bool fits = true;
    switch (dtype) {
        INTEGER_CASES(int64_t)
    default:
        return false;
    }
    for (uint64_t i = 0; i < count && dtype == TENSOR_U64; i++) fits = fits && out[i] >= 0;
    return fits;
}

/* Inlined below with constant widths, so that no element costs a call. */
static inline void gather_width(const uint8_t *from, unsigned each, int64_t jump, bool swap, uint64_t count,
                                uint8_t *out) {
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *element = from + (int64_t)i * jump;
        if (swap)
            for (unsigned b = 0; b < each; b++) out[i * each + b] = element[each - 1 - b];
        else memcpy(out + i * each, element, each);
    }
}

/* Copies count elements of `each` bytes, `step` elements apart, to a contiguous block in native byte order. */
static void gather(const uint8_t *from, unsigned each, int64_t step, bool swap, uint64_t count, uint8_t *out) {
    int64_t jump = step * (int64_t)each;
    if (each == 1) gather_width(from, 1, jump, swap, count, out);
    else if (each == 2) gather_width(from, 2, jump, swap, count, out);
    else if (each == 4) gather_width(from, 4, jump, swap, count, out);
    else gather_width(from, 8, jump, swap, count, out);
}

enum { BLOCK = 512 };

void tensor_raw_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out) {
    unsigned each = tensor_size(t->dtype);
    const uint8_t *data = t->data + (int64_t)first * (int64_t)each;
    if ((step == 1 && !t->big_endian) || !each) {
        to_float(t->dtype, data, out, count);
    } else {
        uint8_t block[BLOCK * 8];
        for (uint64_t at = 0; at < count; at += BLOCK) {
            uint64_t n = count - at < BLOCK ? count - at : BLOCK;
            gather(data + (int64_t)at * step * (int64_t)each, each, step, t->big_endian, n, block);
            to_float(t->dtype, block, out + at, n);
        }
    }
}

uint64_t tensor_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out) {
    tensor_raw_floats(t, first, step, count, out);
    return clear_nonfinite(out, count);
}

bool tensor_integers(const tensor *t, int64_t first, int64_t step, uint64_t count, int64_t *out) {
    unsigned each = tensor_size(t->dtype);
    if (!each || tensor_is_float(t->dtype)) return false;
    const uint8_t *data = t->data + first * (int64_t)each;
    if (step == 1 && !t->big_endian) return to_integer(t->dtype, data, out, count);
    bool fits = true;
    uint8_t block[BLOCK * 8];
    for (uint64_t at = 0; at < count && fits; at += BLOCK) {
        uint64_t n = count - at < BLOCK ? count - at : BLOCK;
        gather(data + (int64_t)at * step * (int64_t)each, each, step, t->big_endian, n, block);
        fits = to_integer(t->dtype, block, out + at, n);
    }
    return fits;
}

bool tensor_integer(const tensor *t, int64_t at, int64_t *out) {
    return tensor_integers(t, at, 1, 1, out);
}
