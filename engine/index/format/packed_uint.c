/* packed_uint.c: unsigned numbers in as few bytes as the largest needs. */
#include "index/format/packed_uint.h"

enum { PIECE = 1024 };

void packed_uint_write(container_writer *w, const uint32_t *number, size_t n, unsigned width) {
    uint8_t one[PIECE];
    uint16_t two[PIECE];
    for (size_t i = 0; i < n; i += PIECE) {
        size_t count = n - i < PIECE ? n - i : PIECE;
        for (size_t k = 0; k < count; k++) {
            one[k] = (uint8_t)number[i + k];
            two[k] = (uint16_t)number[i + k];
        }
        const void *bytes = width == 1 ? (const void *)one : width == 2 ? (const void *)two : number + i;
        container_write(w, bytes, count * width);
    }
}

void packed_uint_write_rows(container_writer *w, const active_rows *m, const uint32_t *table, size_t each,
                            unsigned width) {
    if (m->rows == m->latents) {
        packed_uint_write(w, table, m->latents * each, width);
        return;
    }
    for (uint32_t j = 0; j < m->latents; j++)
        if (active_rows_has(m, j)) packed_uint_write(w, table + j * each, each, width);
}
