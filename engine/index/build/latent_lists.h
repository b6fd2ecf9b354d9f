/* latent_lists.h: the nonzero activations of a block of latents in a tile, by latent. */
#ifndef SCRY_INDEX_BUILD_LATENT_LISTS_H
#define SCRY_INDEX_BUILD_LATENT_LISTS_H

#include "index/build/inputs.h"
#include "index/build/nonzero_scan.h"

/* The nonzero activations of a block by latent: entries start[j] .. start[j + 1]. */
typedef struct tile_lists {
    uint32_t start[BLOCK_LATENTS + 1];
    uint16_t *at; /* place in the tile, ascending */
    float *value;
    uint32_t room;
} tile_lists;

/* From a block's activations H[latents][n]. */
void lists_of_block(tile_lists *lists, const float *H, uint32_t latents, uint32_t n);
/* From what the parts of a tile of n rows hold of a block. */
void lists_of_parts(tile_lists *lists, const tile_part *part, uint32_t n, size_t block, uint32_t latents);
void lists_free(tile_lists *lists);

#endif
