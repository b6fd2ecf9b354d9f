/* packed_uint.h: whole numbers in as few bytes as the largest that can occur needs: 1, 2 or 4 each. */
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

/* Appends n numbers to the section in work. */
void packed_uint_write(container_writer *w, const uint32_t *number, size_t n, unsigned width);
/* Table [latents][each]: the rows that there are. */
void packed_uint_write_rows(container_writer *w, const active_rows *m, const uint32_t *table, size_t each,
                            unsigned width);

#endif
