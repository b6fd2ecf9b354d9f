/* build.h: what the parts of the indexer share. Not public.
 *
 * build.c     opens the captures and walks the groups, tile by tile
 * tile.c      one tile: encode, threshold, accumulate, add postings
 * finish.c    sums to statistics
 * write.c     statistics to the file */
#ifndef SCRY_BUILD_H
#define SCRY_BUILD_H

#include "base/parallel.h"
#include "index/align.h"
#include "index/postings.h"
#include "io/matrix.h"
#include "sae/sae.h"
#include "study.h"

/* A tile is up to TILE_ROWS partner rows by all latents; a block of BLOCK_LATENTS of them is one
 * thread's piece. Both are fixed, so sums are made in one order whatever the number of threads. */
enum { TILE_ROWS = 512, BLOCK_LATENTS = 512 };

typedef struct build_text {
    token_text text;
    char *path;
    uint64_t from, to; /* the slice of the file that it holds; to 0: all */
} build_text;

typedef struct build_capture {
    const study_capture *spec;
    char *name;
    scry_condition condition;
    int group; /* as in scry_capture_info */
    matrix m;
    uint64_t row0, rows, kept_count;
    uint8_t *kept;
    int text;            /* number in builder.texts, -1: none */
    uint64_t token_base; /* number of its row 0 in the index */
    uint64_t nnz, fires, negative;
    uint64_t nonfinite, nonfinite_row;
} build_capture;

/* Sums of one capture, [F]. */
typedef struct capture_sums {
    double *sum, *square;
    uint32_t *fires; /* tokens with h > 0 */
    double *run;     /* pairing by sample: sum over the sample so far */
} capture_sums;

/* Sums over pairs of base and one other condition, [F]. */
typedef struct pair_sums {
    double *base, *base2, *other, *other2, *difference2, *absolute;
    uint32_t *base_fires, *other_fires;
    uint64_t pairs;
} pair_sums;

/* Statistics of one training set and source: SHIFT_ARRAYS arrays of F doubles, one after another. */
enum { SHIFT_MEAN_BASE = SCRY_METRICS, SHIFT_MEAN_SHIFTED, SHIFT_RATE_BASE, SHIFT_RATE_SHIFTED, SHIFT_ARRAYS };

typedef struct build_tile {
    uint32_t mask, n;
    bool sample_end;
    uint64_t row[SCRY_CONDITIONS][TILE_ROWS];
    float *X[SCRY_CONDITIONS]; /* [TILE_ROWS][width] */
} build_tile;

typedef struct builder {
    scry_study *study;
    const scry_build_options *options;
    scry_notes *notes;
    scry_error *err;
    parallel *pool;
    sae sae;
    bool has_sae;
    uint32_t F;
    size_t D;
    scry_pairing pairing;

    pool pieces;
    build_text *texts;
    size_t text_count;
    build_capture *captures;
    size_t capture_count;
    int *capture_of; /* [(trains + domains) * SCRY_CONDITIONS] -> captures, -1 */
    uint64_t tokens, tokens_done;

    posting_stream *streams;                        /* [F] */
    posting_stream *group_streams[SCRY_CONDITIONS]; /* [F] of the group in work */
    build_capture *group[SCRY_CONDITIONS];          /* captures of the group in work, NULL: absent */
    capture_sums sums[SCRY_CONDITIONS];
    pair_sums pair[SCRY_CONDITIONS];
    uint64_t run_rows[SCRY_CONDITIONS]; /* pairing by sample: rows in the sample so far */
    build_tile tile;
    float **H; /* [threads * SCRY_CONDITIONS] a block's activations, [BLOCK_LATENTS][TILE_ROWS] */

    double **shift;                   /* [trains * SCRY_CONDITIONS] -> [SHIFT_ARRAYS][F], NULL: no such source */
    uint64_t *pairs;                  /* the same places */
    float *contribution[SCRY_SCORES]; /* [F][D] */
    uint32_t *domain_fires;           /* [F][D] */
    bool *domain_icl;                 /* [D] */
} builder;

/* tile.c */
void tile_load(builder *b);    /* tile.row -> tile.X */
void tile_process(builder *b); /* tile.X -> sums and group_streams */

/* finish.c */
void group_sums_new(builder *b);
void group_sums_free(builder *b);
bool finish_train(builder *b, size_t train);
bool finish_domain(builder *b, size_t domain);

/* write.c */
bool write_index(builder *b, const char *path);

#endif
