/* index.h: an open index, for the engine's own files. Users see scry.h. */
#ifndef SCRY_INDEX_H
#define SCRY_INDEX_H

#include "index/build.h"
#include "index/container.h"
#include "index/layout.h"
#include "scry.h"

typedef struct index_text {
    uint64_t first_token, tokens, first_sample, samples;
} index_text;

/* A scores-only study: numbers in place of an index file. */
typedef struct index_given {
    struct scry_study *study; /* owns the names in info */
    scry_notes notes;
    double *sts[SCRY_SCORES]; /* [D] NaN where absent; NULL: no domain gives this score */
} index_given;
void index_given_free(index_given *given);

struct scry_index {
    index_given *given; /* NULL: a file, with all that follows */
    container file;
    scry_info info;
    void *meta; /* cJSON: owns the names in info */
    uint32_t F;
    size_t D;
    const double **shifts; /* [trains * SCRY_CONDITIONS] */
    const float *contribution[SCRY_SCORES];
    const uint32_t *fires;      /* [F][D] */
    const uint64_t *post_start; /* [F + 1] */
    const uint32_t *post_count; /* [F] */
    const uint8_t *post_data;
    uint64_t post_size;
    const uint32_t *key_pieces; /* [F][SCRY_KEY_PIECES] */
    const float *key_share;     /* [F] */
    const uint64_t *piece_at;
    const char *piece_bytes;
    uint64_t pieces, piece_size;
    const uint32_t *tokens;
    const layout_sample *samples;
    const char *strings;
    uint64_t strings_size, sample_total, token_total;
    index_text *texts;
    size_t text_count;
    int *capture_text; /* [captures] number in texts, -1 */
    const uint64_t *label_at;
    const char *label_text;
    uint64_t label_size;
    const double *raw; /* [captures][RAW_ARRAYS][d_model], NULL: no residuals (raw.h) */
};

/* A cursor over a latent's postings; empty when the file's offsets are damaged. */
posting_cursor index_postings(const scry_index *index, uint32_t latent);
/* Text of a piece, "" when there is no such. */
const char *index_piece(const scry_index *index, uint32_t piece);
/* To the next segment whose capture is in the index. */
bool index_segment(const scry_index *index, posting_cursor *cursor);
/* The next entry whose row is in the capture. */
bool index_next(const scry_index *index, posting_cursor *cursor);

#endif
