/* latent_lists.c: the nonzero activations of one block of a tile, by latent.
 *
 * Encoded residuals lie as [latent][token] and are mostly zero. Features and TopK's choice come by
 * row and are sorted by latent with a counting sort. */
#include "index/build/latent_lists.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void lists_reserve(tile_lists *lists, uint32_t most) {
    if (lists->room >= most) return;
    free(lists->at);
    free(lists->value);
    lists->room = most + most / 4;
    lists->at = mem_resize(NULL, lists->room, sizeof *lists->at);
    lists->value = mem_resize(NULL, lists->room, sizeof *lists->value);
}

void lists_of_block(tile_lists *lists, const float *H, uint32_t latents, uint32_t n) {
    uint32_t used = 0;
    lists_reserve(lists, latents * n);
    for (uint32_t j = 0; j < latents; j++) {
        const float *h = H + (size_t)j * n;
        lists->start[j] = used;
        uint32_t end = used + sae_nonzero_tokens(h, n, lists->at + used);
        for (; used < end; used++) lists->value[used] = h[lists->at[used]];
    }
    lists->start[latents] = used;
}

void lists_of_parts(tile_lists *lists, const tile_part *part, uint32_t n, size_t block, uint32_t latents) {
    const uint32_t parts = (n + PART_ROWS - 1) / PART_ROWS;
    uint32_t *start = lists->start, count = 0;
    memset(start, 0, sizeof lists->start);
    for (uint32_t p = 0; p < parts; p++) {
        for (uint32_t i = part[p].start[block]; i < part[p].start[block + 1]; i++) start[part[p].entry[i].latent + 1]++;
        count += part[p].start[block + 1] - part[p].start[block];
    }
    lists_reserve(lists, count);
    for (uint32_t j = 0; j < latents; j++) start[j + 1] += start[j];
    for (uint32_t p = 0; p < parts; p++)
        for (uint32_t i = part[p].start[block]; i < part[p].start[block + 1]; i++) {
            const tile_entry *e = &part[p].entry[i];
            uint32_t place = start[e->latent]++;
            lists->at[place] = e->row;
            lists->value[place] = e->value;
        }
    /* Each start has moved to the next latent's; move them back. */
    memmove(start + 1, start, latents * sizeof *start);
    start[0] = 0;
}

void lists_free(tile_lists *lists) {
    free(lists->at);
    free(lists->value);
}
