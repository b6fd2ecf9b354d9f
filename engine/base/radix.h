/* base/radix.h: radix sort of numbered keys, in linear time. */
#ifndef SCRY_BASE_RADIX_H
#define SCRY_BASE_RADIX_H

#include <stddef.h>
#include <stdint.h>

/* A number and its sort key: 8 bytes, so that a million of them sort within a frame. */
typedef struct radix_item {
    uint32_t key, number;
} radix_item;

/* Sort n items by key, ascending and stable. room: scratch for n items. Returns items or room, where the result is. */
radix_item *radix_sort(radix_item *items, radix_item *room, size_t n);

#endif
