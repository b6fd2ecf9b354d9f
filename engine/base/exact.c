/* base/exact.c: sums of single-precision numbers without any rounding. */
#include "base/exact.h"

#include <math.h>

/* Adds +/- (mantissa << shift) to the accumulator. Twos-complement carries run to the top limb; a - b = ~(~a + b). */
static void accumulate(exact_sum *sum, uint64_t mantissa, unsigned shift, bool negative) {
    unsigned first = shift / 64, bit = shift % 64;
    const uint64_t part[2] = {mantissa << bit, bit ? mantissa >> (64 - bit) : 0}, flip = negative ? UINT64_MAX : 0;
    bool carry = false;
    for (unsigned i = 0; first + i < EXACT_LIMBS && (i < 2 || carry); i++) {
        uint64_t limb = sum->limb[first + i] ^ flip;
        bool one = __builtin_add_overflow(limb, (uint64_t)carry, &limb);
        bool two = __builtin_add_overflow(limb, i < 2 ? part[i] : 0, &limb);
        carry = one || two;
        sum->limb[first + i] = limb ^ flip;
    }
}

static void add_signed(exact_sum *sum, float x, bool flip) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    bool negative = (bits >> 31) != (uint32_t)flip;
    if (exponent == 0) {
        if (fraction) accumulate(sum, fraction, 0, negative);
    } else {
        accumulate(sum, fraction | 0x800000, exponent - 1, negative);
    }
}

void exact_add(exact_sum *sum, float x) {
    add_signed(sum, x, false);
}

void exact_subtract(exact_sum *sum, float x) {
    add_signed(sum, x, true);
}

void exact_flush(exact_bins *bins, exact_sum *sum) {
    for (unsigned e = 0; e < 256; e++) {
        int64_t value = bins->bin[e];
        if (!value) continue;
        accumulate(sum, value < 0 ? -(uint64_t)value : (uint64_t)value, e ? e - 1 : 0, value < 0);
        bins->bin[e] = 0;
    }
}

double exact_value(const exact_sum *sum) {
    uint64_t limb[EXACT_LIMBS];
    memcpy(limb, sum->limb, sizeof limb);
    bool negative = limb[EXACT_LIMBS - 1] >> 63;
    if (negative) {
        uint64_t carry = 1;
        for (int i = 0; i < EXACT_LIMBS; i++) {
            limb[i] = ~limb[i] + carry;
            carry = carry && limb[i] == 0;
        }
    }
    int top = EXACT_LIMBS - 1;
    while (top >= 0 && limb[top] == 0) top--;
    if (top < 0) return 0;
    /* Take the 64 leading bits; what is below them matters only as "not zero" for the rounding. */
    int lead = __builtin_clzll(limb[top]);
    uint64_t head = limb[top] << lead;
    bool rest = false;
    if (top > 0 && lead > 0) {
        head |= limb[top - 1] >> (64 - lead);
        rest = (limb[top - 1] << lead) != 0;
    } else if (top > 0) {
        rest = limb[top - 1] != 0;
    }
    for (int i = top - 2; i >= 0 && !rest; i--) rest = limb[i] != 0;
    if (rest) head |= 1; /* sticky bit: far below the 53 kept, decides ties only */
    double value = ldexp((double)head, top * 64 - lead - 149);
    return negative ? -value : value;
}
