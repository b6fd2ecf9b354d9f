/* base/radix.h: numbers sorted by their bits, in time linear in how many there are. */
#ifndef SCRY_BASE_RADIX_H
#define SCRY_BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* A number under a key: small, so that a million of them sort within a frame. */
typedef struct radix_item {
    uint32_t key, number;
} radix_item;

/* Sorts n items by key, ascending; stable. room: n more. The result is in items or in room: which is returned. */
radix_item *radix_sort(radix_item *items, radix_item *room, size_t n);

#endif
