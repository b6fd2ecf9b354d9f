/* table.h: the tables of an index, a row a latent: which latents have one, and unsigned numbers in as few bytes as the
 * largest possible one needs, 1, 2 or 4 each.
 *
 * Every number of a latent that is silent in all captures is 0; where more than half of the latents are silent (a wide
 * SAE, a small study), the tables hold rows of the active ones only, in order. */
#ifndef SCRY_INDEX_FORMAT_TABLE_H
#define SCRY_INDEX_FORMAT_TABLE_H

#include "index/format/container.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NO_ROW UINT32_MAX

typedef struct active_rows {
    const uint64_t *active;        /* a bit a latent; not owned */
    uint32_t *before;              /* owned: active latents before each 64 */
    uint32_t latents, count, rows; /* count: active latents; rows: of the tables */
} active_rows;

/* 64-bit words that hold a bit a latent. */
static inline uint64_t active_rows_words(uint64_t latents) {
    return (latents + 63) / 64;
}
/* Rows of the tables, from the number of active latents. */
static inline uint32_t active_rows_total(uint32_t active, uint32_t latents) {
    return active < latents - active ? active : latents;
}
/* Count the active latents. active must outlive m; active_rows_free must follow. */
void active_rows_new(active_rows *m, const uint64_t *active, uint32_t latents);
void active_rows_free(active_rows *m);

static inline bool active_rows_has(const active_rows *m, uint32_t latent) {
    return m->active[latent / 64] >> (latent % 64) & 1;
}
/* The latent's row; NO_ROW when it has none. */
static inline uint32_t row_of(const active_rows *m, uint32_t latent) {
    if (m->rows == m->latents) return latent;
    uint64_t word = m->active[latent / 64], bit = (uint64_t)1 << (latent % 64);
    return word & bit ? m->before[latent / 64] + (uint32_t)__builtin_popcountll(word & (bit - 1)) : NO_ROW;
}

/* Append the rows of table [latents][width bytes] that an index holds to the open section. */
void active_rows_write(container_writer *w, const active_rows *m, const void *table, size_t width);
/* Table [rows][width bytes] as a new one [latents][width], 0 where there is no row. The caller frees it. */
void *active_rows_expand(const active_rows *m, const void *table, size_t width);

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
