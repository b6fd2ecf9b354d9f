/* builder.h: what the parts of the indexer share. Not public.
 *
 * inputs.c      opens the captures, their tokens and the SAE
 * builder.c     walks the groups, tile by tile
 * tile_load.c      one tile: files to residuals, or to what is not zero of each part of its rows
 * nonzero_scan.c      the bytes of a row, or sparse entries, to that
 * latent_lists.c     that, and encoded residuals, to lists by latent
 * topk.c      residuals of a TopK SAE to what is kept of each part
 * tile_accumulate.c      one tile: those lists to statistics and postings
 * statistics.c    sums to statistics
 * score/scored.c  which latents the domains are encoded on
 * residual_sums.c       sums over the residual stream's own dimensions
 * write_sections.c     statistics to the file
 * write_postings.c  postings and key pieces to the file */
#ifndef SCRY_INDEX_BUILD_BUILDER_H
#define SCRY_INDEX_BUILD_BUILDER_H

#include "base/parallel.h"
#include "study/token_alignment.h"
#include "index/format/container.h"
#include "index/format/layout.h"
#include "index/format/metric_values.h"
#include "index/build/posting_buffer.h"
#include "index/format/active_rows.h"
#include "index/build/spill.h"
#include "io/matrix.h"
#include "io/tokenizer.h"
#include "sae/sae.h"
#include "study/study.h"

/* A tile is some partner rows by all latents. Where residuals are encoded it has RESIDUAL_ROWS, as the
 * multiplication's last digits depend on its shape. Features make larger ones, up to MOST_ROWS, as long as
 * what is not zero stays below MOST_ENTRIES or so: sums are carried on from row to row, so that nothing
 * depends on where a tile ends. PART_ROWS of them are loaded at a time by a thread; a block of
 * BLOCK_LATENTS is processed at a time. Postings go from the group's streams to the main ones, as a segment,
 * after every SEGMENT_ROWS. Neither the sums nor the bytes depend on the number of threads or on the memory. */
enum {
    RESIDUAL_ROWS = 512,
    MOST_ROWS = 2048,
    MOST_ENTRIES = 1 << 20,
    PART_ROWS = 32,
    PARTS = MOST_ROWS / PART_ROWS,
    BLOCK_LATENTS = 512,
    SEGMENT_ROWS = 8192
};

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
    matrix_cost cost; /* of m while it is open */
    bool resting;     /* m is closed; its shape is known */
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
    double *figure[PAIR_FIGURES];
    uint32_t *base_fires, *other_fires;
    uint64_t pairs;
} pair_sums;

typedef struct tile_entry {
    uint16_t row, latent; /* in the tile; in the block */
    float value;
} tile_entry;

/* What is not zero in PART_ROWS rows, by block of latents: start[block] .. start[block + 1]; within a
 * block the rows ascend. */
typedef struct tile_part {
    tile_entry *entry;
    uint32_t *start; /* [blocks + 1] */
    uint32_t room;
} tile_part;

typedef struct build_tile {
    uint32_t mask, n, most; /* most: rows at which it is full */
    bool sample_end;
    uint64_t row[SCRY_CONDITIONS][MOST_ROWS];
    float *X[SCRY_CONDITIONS];                   /* residuals: [RESIDUAL_ROWS][d] */
    double norm[SCRY_CONDITIONS][RESIDUAL_ROWS]; /* their |x|^2, before the SAE's own preparation */
    float *pre[SCRY_CONDITIONS];                 /* TopK: pre-activations [F][RESIDUAL_ROWS] */
    tile_part part[SCRY_CONDITIONS][PARTS];      /* features, and TopK's choice */
} build_tile;

/* The nonzero activations of a block by latent: entries start[j] .. start[j + 1]. */
typedef struct tile_lists {
    uint32_t start[BLOCK_LATENTS + 1];
    uint16_t *at; /* place in the tile, ascending */
    float *value;
    uint32_t room;
} tile_lists;

/* The nonzero values of a part, row by row, as they are found. */
typedef struct part_scan {
    uint32_t *col; /* of all latents */
    float *value;
    uint32_t used, room;
    uint32_t start[PART_ROWS + 1]; /* entries of each row */
} part_scan;

/* Bytes are copied from files into room that stays in a processor's own cache. */
enum { READ_BYTES = 256 << 10 };

/* What a thread works with. */
typedef struct tile_worker {
    uint8_t *bytes; /* [READ_BYTES] */
    part_scan scan;
    sparse_row row; /* as it is read */
    float *H;       /* [BLOCK_LATENTS][RESIDUAL_ROWS] */
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
    uint32_t *candidate; /* [candidate_count] latents that the domains are encoded on, ascending; NULL: all */
    uint32_t candidate_count;
    sae narrow; /* these of the SAE */
    tokenizer tokenizer;
    char *folder;         /* beside the index, for what does not fit in memory */
    uint64_t aside;       /* bytes there of captures that stay open until their group was walked */
    char content[20];     /* shards: hash of what they were made from, so that merge can tell */
    uint32_t all_latents; /* d_sae */
    uint32_t first, F;    /* this shard's: latents first .. first + F; all sums are [F] */
    size_t D;
    scry_pairing pairing;

    string_pool pieces;
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
    uint64_t mapped;                     /* bytes read through maps since those were last given back */
    uint64_t segment_rows;               /* since the last segment was closed */
    uint64_t stream_bytes, stream_limit; /* of streams; above the limit they are spilled */
    spill spill;

    double **shift;                   /* [trains * SCRY_CONDITIONS] -> [SHIFT_ARRAYS][F], NULL: no such source */
    uint32_t **shift_fires;           /* the same places -> [2][F] */
    uint64_t *pairs;                  /* the same places */
    float *contribution[SCRY_SCORES]; /* [F][D] */
    bool *domain_icl;                 /* [D] */
    uint64_t *active;                 /* a bit a latent, once all captures are read */
    active_rows rows;
    struct raw_sums *raw; /* residual_sums.c; NULL: no residuals so far */
} builder;

/* inputs.c */
bool open_study(builder *b);
void close_study(builder *b);
/* A capture that had to be inflated or sorted takes memory or disk while it is open: it is closed once its
 * group was walked, and where there are many, until then too. */
bool capture_reopen(builder *b, build_capture *c);
void capture_suspend(build_capture *c);
static inline study_group *group_at(const builder *b, size_t g) {
    return g < b->study->train_count ? &b->study->trains[g] : &b->study->domains[g - b->study->train_count];
}
static inline uint64_t build_memory(const builder *b) {
    return b->options->memory ? b->options->memory : SCRY_MEMORY;
}
static inline size_t group_count(const builder *b) {
    return b->study->train_count + b->study->domain_count;
}

static inline size_t blocks_of(uint32_t latents) {
    return ((size_t)latents + BLOCK_LATENTS - 1) / BLOCK_LATENTS;
}

/* tile_load.c: tile.row -> tile.X or tile.part. False and err when a file cannot be read. */
bool tile_load(builder *b);

/* nonzero_scan.c. Appends what is not zero among count numbers of the tensor's dtype that lie side by side, the
 * first in column col; NaN and infinite ones are left out. Returns how many those are. */
uint64_t scan_bytes(part_scan *s, const tensor *t, const uint8_t *bytes, uint32_t col, uint32_t count);
uint64_t scan_floats(part_scan *s, const float *x, uint32_t col, uint32_t count);
void scan_sparse(part_scan *s, const uint32_t *col, const float *value, uint64_t count);
/* The rows found, which are row `first` of the tile and those after it, to a part: this shard's
 * latents, by block. */
void scan_close(part_scan *s, builder *b, tile_part *part, uint32_t first, uint32_t rows);

/* latent_lists.c */
void tile_reserve(builder *b); /* for the group in work; tile_free gives it back */
void tile_free(builder *b);
/* From a block's activations H[latents][n]. */
void lists_of_block(tile_lists *lists, const float *H, uint32_t latents, uint32_t n);
/* From what the parts of condition c hold of a block. */
void lists_of_parts(tile_lists *lists, const build_tile *tile, int c, size_t block, uint32_t latents);

/* topk.c: tile.X -> tile.pre -> tile.part */
static inline bool is_topk(const builder *b) {
    return b->has_sae && b->sae.activation == SAE_TOPK;
}
void topk_choose(builder *b);

/* tile_accumulate.c: tile.X or tile.part -> sums and group_streams */
void tile_process(builder *b);
/* Moves the group's streams to the main ones, and those to the file when they are too large. */
bool tile_close_segment(builder *b);

/* score/scored.c: with options.candidates */
bool candidates_allowed(builder *b);
void candidates_choose(builder *b); /* after the training sets */
/* Is the group in work encoded on the candidates only? */
static inline bool is_narrow(const builder *b) {
    return b->candidate && b->group[SCRY_BASE]->group >= 0;
}
static inline uint32_t latents_in_work(const builder *b) {
    return is_narrow(b) ? b->candidate_count : b->F;
}

/* statistics.c */
void group_sums_new(builder *b);
void group_sums_free(builder *b);
bool finish_train(builder *b, size_t train);
bool finish_domain(builder *b, size_t domain);

/* write_sections.c */
bool write_index(builder *b, const char *path);

/* write_postings.c: the sections post/... and key/... */
bool write_postings(builder *b, container_writer *w);

#endif
