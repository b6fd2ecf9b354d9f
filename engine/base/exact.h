/* base/exact.h: sums of single-precision numbers without any rounding.
 *
 * A float is an integer times 2^-149, so a fixed-point number of 320 bits holds the sum of 2^40
 * of them exactly (U. Kulisch's long accumulator). Adding and subtracting are then associative and
 * reversible: a sum depends on the set that is in it, never on the order of the steps that led
 * there. That is what makes a toggle and its reverse give the same bits. */
#ifndef SCRY_BASE_EXACT_H
#define SCRY_BASE_EXACT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { EXACT_LIMBS = 5 };

/* Two's complement, least significant limb first; the unit is 2^-149. All zero is zero. */
typedef struct exact_sum {
    uint64_t limb[EXACT_LIMBS];
} exact_sum;

/* x must be finite. */
void exact_add(exact_sum *sum, float x);
void exact_subtract(exact_sum *sum, float x);

/* Many numbers on their way to a sum: whole numbers by exponent, so that each costs one addition. All zero is zero; at
 * most 2^39 numbers before exact_flush, which adds them to the sum and leaves the bins at zero. */
typedef struct exact_bins {
    int64_t bin[256];
} exact_bins;

static inline void exact_bin(exact_bins *bins, float x, bool subtract) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    int64_t value = exponent ? fraction | 0x800000 : fraction;
    bins->bin[exponent] += (bits >> 31) != (uint32_t)subtract ? -value : value;
}
void exact_flush(exact_bins *bins, exact_sum *sum);

/* The sum, rounded once, to nearest even. */
double exact_value(const exact_sum *sum);

#endif
