/* exact.h: sums of single-precision numbers without any rounding.
 *
 * A float is an integer times 2^-149, so a fixed-point number of 320 bits holds the sum of 2^40
 * of them exactly (U. Kulisch's long accumulator). Adding and subtracting are then associative and
 * reversible: a sum depends on the set that is in it, never on the order of the steps that led
 * there. That is what makes a toggle and its reverse give the same bits. */
#ifndef SCRY_EXACT_H
#define SCRY_EXACT_H

#include <stdint.h>

enum { EXACT_LIMBS = 5 };

/* Two's complement, least significant limb first; the unit is 2^-149. All zero is zero. */
typedef struct exact_sum {
    uint64_t limb[EXACT_LIMBS];
} exact_sum;

/* x must be finite. */
void exact_add(exact_sum *sum, float x);
void exact_subtract(exact_sum *sum, float x);

/* The sum, rounded once, to nearest even. */
double exact_value(const exact_sum *sum);

#endif
