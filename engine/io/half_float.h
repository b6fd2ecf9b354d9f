/* half_float.h: IEEE half precision widened. */
#ifndef SCRY_IO_HALF_FLOAT_H
#define SCRY_IO_HALF_FLOAT_H

#include <stdint.h>
#include <string.h>

static inline float half_to_float(uint16_t half) {
    /* Shift the bits into place and correct the exponent's bias with one multiplication, which is right for
     * subnormals too. */
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    bits |= (half & 0x7c00) == 0x7c00 ? 0x7f800000u : 0; /* infinity and NaN */
    bits |= (uint32_t)(half & 0x8000) << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
