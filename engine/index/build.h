/* build.h: what the parts of the indexer share. Not public.
 *
 * open.c      opens the captures, their tokens and the SAE
 * build.c     walks the groups, tile by tile
 * load.c      one tile: files to residuals, or to the nonzero latents of each row
 * tile.c      one tile: encode, threshold, accumulate, add postings
 * finish.c    sums to statistics
 * raw.c       sums over the residual stream's own dimensions
 * write.c     statistics to the file */
#ifndef SCRY_BUILD_H
#define SCRY_BUILD_H

#include "base/parallel.h"
#include "index/align.h"
#include "index/postings.h"
#include "index/spill.h"
#include "io/matrix.h"
#include "io/tokenizer.h"
#include "sae/sae.h"
#include "study.h"

/* A tile is up to TILE_ROWS partner rows by all latents; a block of BLOCK_LATENTS of them is one
 * thread's piece. Postings go from the group's streams to the main ones, as a segment, after every
 * SEGMENT_TILES tiles. All are fixed, so that neither the sums nor the bytes depend on the number of
 * threads or on the memory. LOAD_ROWS: rows a thread loads at a time. */
enum { TILE_ROWS = 512, BLOCK_LATENTS = 512, SEGMENT_TILES = 16, LOAD_ROWS = 64, LOAD_PARTS = TILE_ROWS / LOAD_ROWS };

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
    int text;         /* number in builder.texts, -1: none */
    uint64_t entries; /* of a sparse matrix: held in memory while it is open */
    uint64_t nnz, fires, negative;
    uint64_t nonfinite, nonfinite_row;
    double *piece_norm; /* residuals with tokens: [pieces] sum of |x|^2 over the rows of each piece */
    double norm;        /* sum of |x|^2 over all rows */
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

/* The nonzero latents of LOAD_ROWS rows, ascending in each: entries start[r] .. start[r + 1]. */
typedef struct tile_rows {
    uint32_t *col;
    float *value;
    uint32_t room;
    uint32_t start[LOAD_ROWS + 1];
} tile_rows;

typedef struct build_tile {
    uint32_t mask, n;
    bool sample_end;
    uint64_t row[SCRY_CONDITIONS][TILE_ROWS];
    float *X[SCRY_CONDITIONS];                   /* residuals: [TILE_ROWS][d] */
    double norm[SCRY_CONDITIONS][TILE_ROWS];     /* their |x|^2, before the SAE's own preparation */
    float *pre[SCRY_CONDITIONS];                 /* TopK: pre-activations [F][TILE_ROWS] */
    tile_rows rows[SCRY_CONDITIONS][LOAD_PARTS]; /* features, and TopK's choice */
} build_tile;

/* What a thread works with: a block's activations, and the nonzero ones as lists. */
typedef struct tile_lists {
    uint32_t start[BLOCK_LATENTS + 1]; /* entries of each latent of the block */
    uint16_t *at;                      /* place in the tile, ascending */
    float *value;
} tile_lists;

typedef struct tile_worker {
    float *H; /* [BLOCK_LATENTS][TILE_ROWS] */
    tile_lists lists[SCRY_CONDITIONS];
    float *column; /* TopK: [F] */
} tile_worker;

typedef struct builder {
    scry_study *study;
    const scry_build_options *options;
    scry_notes *notes;
    scry_error *err;
    parallel *pool;
    sae sae;
    bool has_sae;
    tokenizer tokenizer;
    char content[20];     /* shards: hash of what they were made from, so that merge can tell */
    uint32_t all_latents; /* d_sae */
    uint32_t first, F;    /* this shard's: latents first .. first + F; all sums are [F] */
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
    tile_worker *workers;                /* [threads] */
    uint64_t bytes_read;                 /* of mapped input since it was last given back */
    unsigned segment_tiles;              /* since the last segment was closed */
    uint64_t stream_bytes, stream_limit; /* of streams; above the limit they are spilled */
    spill spill;

    double **shift;                   /* [trains * SCRY_CONDITIONS] -> [SHIFT_ARRAYS][F], NULL: no such source */
    uint64_t *pairs;                  /* the same places */
    float *contribution[SCRY_SCORES]; /* [F][D] */
    uint32_t *domain_fires;           /* [F][D] */
    bool *domain_icl;                 /* [D] */
    struct raw_sums *raw;             /* raw.c; NULL: no residuals so far */
} builder;

/* open.c */
bool open_study(builder *b);
void close_study(builder *b);
/* A sparse capture is held in memory while it is open, so it is open only while its group is walked. */
bool reopen_sparse(builder *b, build_capture *c);
void rest_sparse(build_capture *c);
static inline study_group *group_at(const builder *b, size_t g) {
    return g < b->study->train_count ? &b->study->trains[g] : &b->study->domains[g - b->study->train_count];
}
static inline size_t group_count(const builder *b) {
    return b->study->train_count + b->study->domain_count;
}

/* load.c: tile.row -> tile.X or tile.rows */
void tile_load(builder *b);

/* tile.c: those -> sums and group_streams */
void tile_room(builder *b); /* for the group in work; tile_free gives it back */
void tile_free(builder *b);
void tile_process(builder *b);
/* Moves the group's streams to the main ones, and those to the file when they are too large. */
bool tile_close_segment(builder *b);

/* finish.c */
void group_sums_new(builder *b);
void group_sums_free(builder *b);
bool finish_train(builder *b, size_t train);
bool finish_domain(builder *b, size_t domain);

/* write.c */
bool write_index(builder *b, const char *path);

#endif
