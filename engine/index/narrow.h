/* narrow.h: whole numbers in as few bytes as the largest that can occur needs: 1, 2 or 4 each. */
#ifndef SCRY_NARROW_H
#define SCRY_NARROW_H

#include <stddef.h>
#include <stdint.h>

#include "index/rows.h"

/* Bytes for numbers up to `most`. */
static inline unsigned narrow_width(uint64_t most) {
    return most <= UINT8_MAX ? 1 : most <= UINT16_MAX ? 2 : 4;
}

static inline uint32_t narrow_get(const void *array, unsigned width, size_t i) {
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
void narrow_write(container_writer *w, const uint32_t *number, size_t n, unsigned width);
/* Table [latents][each]: the rows that there are. */
void narrow_rows(container_writer *w, const row_map *m, const uint32_t *table, size_t each, unsigned width);

#endif
