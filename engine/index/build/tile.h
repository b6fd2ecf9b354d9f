/* tile.h: some rows of a group's captures, by all latents. */
#ifndef SCRY_INDEX_BUILD_TILE_H
#define SCRY_INDEX_BUILD_TILE_H

#include "index/build/inputs.h"
#include "index/build/latent_lists.h"
#include "index/build/nonzero_scan.h"

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

#endif
