/* float_narrow.h: floats rounded to 16 bits, to nearest even. */
#ifndef SCRY_IO_FLOAT_NARROW_H
#define SCRY_IO_FLOAT_NARROW_H

#include <stddef.h>
#include <stdint.h>

/* Writes in[n] as IEEE half precision, or as bfloat16. Returns the place of the first value that is NaN or that would
 * become infinite (it is, or its size rounds to 65520 or more; to 2^128 or more), n where there is none. */
size_t float_narrow_f16(const float *in, size_t n, uint16_t *out);
size_t float_narrow_bf16(const float *in, size_t n, uint16_t *out);

#endif
