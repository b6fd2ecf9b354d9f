/* tile.h: some rows of a group's captures, by all latents, and the nonzero values among them. */
#ifndef SCRY_INDEX_BUILD_TILE_H
#define SCRY_INDEX_BUILD_TILE_H

#include "index/build/inputs.h"
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

/* A tile is some partner rows by all latents. Where residuals are encoded it has RESIDUAL_ROWS, as the
 * multiplication's rounding depends on its shape. Features make larger ones, up to MOST_ROWS, as long as there are
 * about MOST_ENTRIES nonzero values or fewer: sums go on from row to row, so that nothing depends on where a tile ends.
 * PART_ROWS of them are loaded at a time by a thread; a block of BLOCK_LATENTS is processed at a time. Postings go from
 * the group's streams to the main ones, as a segment, after every SEGMENT_ROWS. Neither the sums nor the bytes depend
 * on the number of threads or on the memory. */
enum {
    RESIDUAL_ROWS = 512,
    MOST_ROWS = 2048,
    MOST_ENTRIES = 1 << 20,
    PARTS = MOST_ROWS / PART_ROWS,
    SEGMENT_ROWS = 8192
};

/* Bytes are copied from files into a buffer that stays in a core's own cache. */
enum { READ_BYTES = 256 << 10 };

/* A thread's buffers. */
typedef struct tile_worker {
    uint8_t *bytes; /* [READ_BYTES] */
    part_scan scan;
    sparse_row row; /* as it is read */
    float *H;       /* [BLOCK_LATENTS][RESIDUAL_ROWS] */
    tile_lists lists[SCRY_CONDITIONS];
    float *column; /* TopK: [F] */
} tile_worker;

typedef struct build_tile {
    const build_inputs *in;
    build_capture *group[SCRY_CONDITIONS]; /* captures of the group that is walked, NULL: absent */
    const latent_subset *subset;           /* latents that the group is encoded on, NULL: all of this shard */
    tile_worker *workers;                  /* [threads] */
    uint64_t mapped;                       /* bytes read through maps since their pages were last dropped */
    uint32_t mask, n, most;                /* most: rows at which it is full */
    bool sample_end;
    uint64_t row[SCRY_CONDITIONS][MOST_ROWS];
    float *X[SCRY_CONDITIONS];                   /* residuals: [RESIDUAL_ROWS][d] */
    double norm[SCRY_CONDITIONS][RESIDUAL_ROWS]; /* their |x|^2, before the SAE's own preparation */
    float *pre[SCRY_CONDITIONS];                 /* TopK: pre-activations [F][RESIDUAL_ROWS] */
    tile_part part[SCRY_CONDITIONS][PARTS];      /* features, and TopK's choice */
} build_tile;

static inline bool is_topk(const build_inputs *in) {
    return in->has_sae && in->sae.activation == SAE_TOPK;
}
/* Latents that the group is encoded on. */
static inline uint32_t tile_latents(const build_tile *tile) {
    return tile->subset ? tile->subset->count : tile->in->F;
}

/* Make room for the group's captures. */
void tile_reserve(build_tile *tile);
void tile_free(build_tile *tile);

/* Read tile->row: residuals to tile->X and tile->norm, features to tile->part. False and err when a file cannot be
 * read. */
bool tile_load(build_tile *tile);

/* Encode the residuals tile->X to tile->pre, and put what the SAE keeps of them in tile->part. */
void topk_choose(build_tile *tile);

#endif
