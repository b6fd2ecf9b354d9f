/* packed_uint.h: unsigned numbers in as few bytes as the largest possible one needs: 1, 2 or 4 each. */
#ifndef SCRY_INDEX_FORMAT_PACKED_UINT_H
#define SCRY_INDEX_FORMAT_PACKED_UINT_H

#include <stddef.h>
#include <stdint.h>

#include "index/format/active_rows.h"

/* Bytes for numbers up to `most`. */
static inline unsigned packed_uint_width(uint64_t most) {
    return most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : 4;
}

static inline uint32_t packed_uint_get(const void *array, unsigned width, size_t i) {
    switch (width) {
    case 1:
        return ((const uint8_t *)array)[i];
    case 2:
        return ((const uint16_t *)array)[i];
    default:
        return ((const uint32_t *)array)[i];
    }
}

/* Append n numbers to the open section. */
void packed_uint_write(container_writer *w, const uint32_t *number, size_t n, unsigned width);
/* Append the rows of table [latents][each] that an index holds. */
void packed_uint_write_rows(container_writer *w, const active_rows *m, const uint32_t *table, size_t each,
                            unsigned width);

#endif
