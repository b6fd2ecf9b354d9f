/* tile_accumulate.h: sums and postings of the group that is walked. */
#ifndef SCRY_INDEX_BUILD_TILE_ACCUMULATE_H
#define SCRY_INDEX_BUILD_TILE_ACCUMULATE_H

#include "index/build/spill.h"
#include "index/build/tile.h"
#include "index/format/metric_values.h"

/* Sums of one capture, [F]. */
typedef struct capture_sums {
    double *sum, *square;
    uint32_t *fires; /* tokens with h > 0 */
    double *run;     /* pairing by sample: sum over the sample so far */
} capture_sums;

/* Sums over pairs of base and one other condition, [F]. */
typedef struct pair_sums {
    double *figure[PAIR_FIGURES];
    uint32_t *base_fires, *other_fires;
    uint64_t pairs;
} pair_sums;

typedef struct accumulators {
    build_tile *tile;
    posting_store *store;
    capture_sums sums[SCRY_CONDITIONS];
    pair_sums pair[SCRY_CONDITIONS];
    posting_stream *group_streams[SCRY_CONDITIONS]; /* [F] of the segment that is filled */
    uint64_t run_rows[SCRY_CONDITIONS];             /* pairing by sample: rows in the sample so far */
    uint64_t segment_rows;                          /* since the last segment was closed */
    uint64_t tokens_done;
} accumulators;

/* Room for postings, once for all groups. tile and store stay the caller's. */
void accumulators_new(accumulators *a, build_tile *tile, posting_store *store);
void accumulators_free(accumulators *a);
/* Sums of 0 for the captures of tile->group. */
void accumulators_begin_group(accumulators *a);
void accumulators_end_group(accumulators *a);

/* Encode what tile_load read, and add it to sums and postings. */
void tile_accumulate(accumulators *a);
/* Move the segment's postings to the store. False and err when they cannot be spilled or a latent has too many. */
bool tile_close_segment(accumulators *a);

#endif
