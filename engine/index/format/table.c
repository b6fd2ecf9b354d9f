/* table.c: the tables of an index. */
#include "index/format/table.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void active_rows_new(active_rows *m, const uint64_t *active, uint32_t latents) {
    *m = (active_rows){.active = active, .latents = latents};
    m->before = mem_new(active_rows_words(latents), sizeof *m->before);
    for (uint64_t i = 0; i < active_rows_words(latents); i++) {
        m->before[i] = m->count;
        m->count += (uint32_t)__builtin_popcountll(active[i]);
    }
    m->rows = active_rows_total(m->count, latents);
}

void active_rows_free(active_rows *m) {
    free(m->before);
    *m = (active_rows){0};
}

void active_rows_write(container_writer *w, const active_rows *m, const void *table, size_t width) {
    if (m->rows == m->latents) {
        container_write(w, table, (uint64_t)m->latents * width);
        return;
    }
    for (uint32_t j = 0; j < m->latents; j++)
        if (active_rows_has(m, j)) container_write(w, (const uint8_t *)table + (size_t)j * width, width);
}

void *active_rows_expand(const active_rows *m, const void *table, size_t width) {
    uint8_t *out = mem_new((size_t)m->latents * width, 1);
    for (uint32_t j = 0; j < m->latents; j++) {
        uint32_t row = row_of(m, j);
        if (row != NO_ROW) memcpy(out + (size_t)j * width, (const uint8_t *)table + (size_t)row * width, width);
    }
    return out;
}

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
