/* nonzero_scan.h: the nonzero values of some rows of a tile. */
#ifndef SCRY_INDEX_BUILD_NONZERO_SCAN_H
#define SCRY_INDEX_BUILD_NONZERO_SCAN_H

#include "io/tensor.h"

enum { PART_ROWS = 32 }; /* rows of a tile that a thread loads at a time */

/* The nonzero values of a part, row by row, as they are found. */
typedef struct part_scan {
    uint32_t *col; /* of all latents */
    float *value;
    uint32_t used, room;
    uint32_t start[PART_ROWS + 1]; /* entries of each row */
} part_scan;

typedef struct tile_entry {
    uint16_t row, latent; /* in the tile; in the block */
    float value;
} tile_entry;

/* The nonzero values of PART_ROWS rows, by block of latents: start[block] .. start[block + 1]; within a
 * block the rows ascend. */
typedef struct tile_part {
    tile_entry *entry;
    uint32_t *start; /* [blocks + 1] */
    uint32_t room;
} tile_part;

/* Append the nonzero values among count contiguous numbers of the tensor's dtype, the first in column col, without NaN
 * and infinite ones. Return how many of those there are. */
uint64_t scan_bytes(part_scan *s, const tensor *t, const uint8_t *bytes, uint32_t col, uint32_t count);
uint64_t scan_floats(part_scan *s, const float *x, uint32_t col, uint32_t count);
void scan_sparse(part_scan *s, const uint32_t *col, const float *value, uint64_t count);
/* Move the values found in `rows` rows, of which the first is row `row` of the tile, to part, sorted by block; only
 * those of the F latents from first_latent on. Empties the scan. */
void scan_close(part_scan *s, tile_part *part, uint32_t first_latent, uint32_t F, uint32_t row, uint32_t rows);

#endif
