/* rows.c: which latents have a row in the tables of an index. */
#include "index/rows.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void rows_new(row_map *m, const uint64_t *active, uint32_t latents) {
    *m = (row_map){.active = active, .latents = latents};
    m->before = mem_new(row_words(latents), sizeof *m->before);
    for (uint64_t i = 0; i < row_words(latents); i++) {
        m->before[i] = m->count;
        m->count += (uint32_t)__builtin_popcountll(active[i]);
    }
    m->rows = row_total(m->count, latents);
}

void rows_free(row_map *m) {
    free(m->before);
    *m = (row_map){0};
}

void rows_write(container_writer *w, const row_map *m, const void *table, size_t width) {
    if (m->rows == m->latents) {
        container_write(w, table, (uint64_t)m->latents * width);
        return;
    }
    for (uint32_t j = 0; j < m->latents; j++)
        if (row_active(m, j)) container_write(w, (const uint8_t *)table + (size_t)j * width, width);
}

void *rows_spread(const row_map *m, const void *table, size_t width) {
    uint8_t *out = mem_new((size_t)m->latents * width, 1);
    for (uint32_t j = 0; j < m->latents; j++) {
        uint32_t row = row_of(m, j);
        if (row != NO_ROW) memcpy(out + (size_t)j * width, (const uint8_t *)table + (size_t)row * width, width);
    }
    return out;
}
