/* base/nonzero_mask.h: which of many floats are nonzero. */
#ifndef SCRY_BASE_NONZERO_MASK_H
#define SCRY_BASE_NONZERO_MASK_H

#include <stdint.h>

enum { NONZERO_GROUP = 64 }; /* floats to a mask */

/* Set mask[0 .. groups): bit i of mask[k] is 1 where float 64 k + i is neither +0 nor -0 (NaN counts as nonzero).
 * bytes: 64 * groups floats at any alignment. Threads may call it together. */
void nonzero_mask(const void *bytes, uint32_t groups, uint64_t *mask);

#endif
