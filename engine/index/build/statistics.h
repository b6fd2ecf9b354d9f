/* statistics.h: sums and postings of the group that is walked, and the statistics of all groups, as an index stores
 * them. */
#ifndef SCRY_INDEX_BUILD_STATISTICS_H
#define SCRY_INDEX_BUILD_STATISTICS_H

#include "index/build/postings.h"
#include "index/build/tile.h"
#include "index/format/container.h"
#include "index/format/metric_values.h"

/* Sums of one capture, [F]. */
typedef struct capture_sums {
    double *sum, *square;
    uint32_t *fires; /* tokens with h > 0 */
    double *size;    /* sum of |h|; only of a training set's base */
    double *run;     /* pairing by sample: sum over the sample so far */
} capture_sums;

/* Sums over pairs of a reference and one other condition, [F]. */
typedef struct pair_sums {
    double *figure[PAIR_FIGURES];
    uint32_t *base_fires, *other_fires;
    uint64_t pairs;
} pair_sums;

typedef struct accumulators {
    build_tile *tile;
    posting_store *store;
    capture_sums sums[SCRY_CONDITIONS];
    pair_sums pair[SCRY_REFERENCES][SCRY_CONDITIONS];
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

/* Per-latent statistics of every group that was walked. */
typedef struct statistics {
    /* [SCRY_REFERENCES * trains * SCRY_CONDITIONS], by source_slot */
    double **shift;         /* [SHIFT_ARRAYS][F]; NULL: no such source */
    uint32_t **shift_fires; /* [2][F] */
    uint64_t *pairs;

    /* [trains] */
    double **base;         /* [BASE_ARRAYS][F] */
    uint32_t **base_fires; /* [F] */

    float *contribution[SCRY_REFERENCES][SCRY_SCORES]; /* [F][D]; against control only of scores of a difference, and
                                                          only where control is captured; else NULL */
    bool *domain_icl[SCRY_REFERENCES];                 /* [D] icl was compared with the reference */
} statistics;

static inline size_t source_slot(const build_inputs *in, int reference, size_t train, int condition) {
    return ((size_t)reference * in->study->train_count + train) * SCRY_CONDITIONS + (size_t)condition;
}
static inline size_t source_slots(const build_inputs *in) {
    return source_slot(in, SCRY_REFERENCES, 0, 0);
}

/* True when the score's contributions are computed against the reference. */
bool has_contributions(const build_inputs *in, int reference, scry_score score);

void statistics_new(statistics *s, const build_inputs *in);
void statistics_free(statistics *s, const build_inputs *in);
/* From the sums of the group that was walked, which is training set or domain number n. False and err when it holds no
 * pair, or a number that single precision cannot. */
bool statistics_finish_train(statistics *s, const accumulators *a, size_t n);
bool statistics_finish_domain(statistics *s, const accumulators *a, size_t n);

/* False and err when the study cannot be encoded on some latents only. */
bool candidates_allowed(const build_inputs *in);
/* Fill in->candidates from the statistics of all training sets. */
void candidates_choose(build_inputs *in, const statistics *s);

/* Sums over the residual stream's own dimensions, for the section raw/sums (format/layout.h), so that the SAE can be
 * compared with them. Taken while a tile is loaded, over all kept tokens. */
typedef struct residual_sums residual_sums;

/* Add the residuals that tile_load read, then prepare them for the encoder. *sums is made at the first
 * residuals; NULL before. */
void residual_sums_add_tile(residual_sums **sums, const build_tile *tile);
/* Memory that the sums take. */
uint64_t residual_sums_bytes(const build_inputs *in);
/* Write the section; nothing for NULL. */
void residual_sums_write(const residual_sums *sums, container_writer *w);
void residual_sums_free(residual_sums *sums);

#endif
