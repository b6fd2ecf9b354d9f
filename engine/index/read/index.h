/* index.h: an open index, for the engine's own files. The public interface is scry.h. */
#ifndef SCRY_INDEX_READ_INDEX_H
#define SCRY_INDEX_READ_INDEX_H

#include <pthread.h>

#include "index/format/container.h"
#include "index/format/decoder_codec.h"
#include "index/format/layout.h"
#include "index/format/posting_codec.h"
#include "index/format/table.h"
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

/* Statistics of one training set and source. */
typedef struct index_source {
    bool present;
    const double *array[SHIFT_ARRAYS]; /* [rows] each; NULL: not known */
    const void *fires[2];              /* packed [rows], of base and of the source */
    unsigned fires_width;
    double pairs, base_tokens, other_tokens; /* the last two: what `fires` are shares of */
} index_source;

/* Arrays over all latents that are derived from stored ones when first asked for; NULL before. */
typedef struct index_derived {
    pthread_mutex_t lock;
    double **shift; /* [trains * SCRY_CONDITIONS * SCRY_METRICS] -> [F] */
} index_derived;

/* Texts that info points to, made when the index is opened. */
typedef struct index_texts {
    char **text;
    size_t count;
} index_texts;

struct scry_index {
    index_given *given; /* NULL: a file, with all that follows */
    /* [SCRY_REFERENCES] owned by the one against base, which is the first of them; NULL: nothing to compare with. A
     * view shares all but info.train, info.domain, info.capture, source, derived and contribution. */
    struct scry_index *views[SCRY_REFERENCES];
    container file;
    scry_info info;
    index_texts made;
    void *meta; /* cJSON: owns most of the names in info */
    uint32_t F;
    size_t D;
    active_rows rows;
    index_source *source; /* [trains * SCRY_CONDITIONS] */
    index_derived *derived;
    const float *contribution[SCRY_SCORES]; /* [rows][D] */
    float *silent;                          /* [D] owned, zeros: the contributions of a latent without a row */
    double *zeros;                          /* [rows] owned: nothing, from which base alone moves */
    const layout_group *groups;             /* [ceil(F / GROUP_LATENTS) + 1] */
    const void *counts;                     /* packed [rows]: entries of each stream */
    unsigned count_width;
    const uint8_t *lengths, *post_data;
    uint64_t lengths_size, post_size; /* post_size without the spare bytes */
    uint64_t *first_token;            /* [captures + 1] rows of the captures before each */
    unsigned piece_width;
    const void *key_pieces; /* packed [rows][SCRY_KEY_PIECES]; NULL: no text */
    const uint64_t *piece_at;
    const char *piece_bytes;
    uint64_t pieces, piece_size;
    const void *tokens; /* packed */
    const layout_sample *samples;
    const char *strings;
    const uint32_t *responses; /* [samples of all texts] scry_sample.response; NULL: no sample has one */
    uint64_t strings_size, sample_total, token_total;
    index_text *texts;
    size_t text_count;
    int *capture_text; /* [captures] number in texts, -1 */
    int *capture_of;   /* [trains + D][SCRY_CONDITIONS] 1 + the group's capture under each, groups from -trains; 0 */
    const uint32_t *label_latent;
    const uint64_t *label_at;
    const char *label_text;
    uint64_t labels, label_size;
    const void *logit_token; /* packed [rows][2][SCRY_LOGITS_KEPT]; NULL: the index keeps no logits */
    const float *logit_value;
    const uint32_t *logit_id;
    const uint64_t *logit_at;
    const char *logit_text;
    uint64_t logit_texts, logit_text_size;
    uint32_t logit_ids;  /* stands for no token; all ids are below it */
    const void *decoder; /* [F][d_model] of decoder_codec; NULL: none */
    const float *decoder_bias;
    decoder_codec decoder_codec;
    const uint32_t *outliers;              /* rows left out because of their norm, capture after capture; NULL: none */
    const double *raw;                     /* [captures][RESIDUAL_SUMS][d_model], NULL: no residuals (layout.h) */
    const double *raw_control;             /* [captures][d_model], NULL: no residuals, or no control */
    struct index_effects *effects;         /* of index/read/effects.c: shared by views; NULL of a scores-only study */
    struct index_differences *differences; /* of index/read/differences.c: likewise */
    struct label_edits *edits; /* of store/label_store.c: labels written by hand; NULL in index_open's result */
};

/* scry_open without the labels written by hand. */
scry_index *index_open(const char *path, bool verify, scry_error *err);
/* Frees all but `edits`, views included. The index is the one against base. */
void index_close(scry_index *index);
/* sources.c: what depends on info.against. From the meta data, whose captures were read: the sources of training sets,
 * the domains that have icl, and pairs of the captures. */
void index_sources_read(scry_index *x);
/* Then their sections, with those of scores. False and err where one is damaged. */
bool index_sources_open(scry_index *x, scry_error *err);
void index_sources_close(scry_index *x);
/* effects.c: make the place of effect columns, which views share, and free it with them. */
void index_effects_new(scry_index *x);
void index_effects_free(scry_index *x);
/* differences.c: the same of two models' differences. */
void index_differences_new(scry_index *x);
void index_differences_free(scry_index *x);
/* views.c: make and free x->views, where all else of x was read. */
bool index_views_open(scry_index *x, scry_error *err);
void index_views_close(scry_index *x);

/* kept_logits.c: opens what the index keeps of logits; ids: "logit_ids" in meta, 0: nothing. */
bool index_logits_open(scry_index *x, uint32_t ids, scry_error *err);

/* The rows of a capture that were left out because of their norm, ascending, *count of them; NULL: none. */
static inline const uint32_t *index_outliers(const scry_index *x, size_t capture, uint64_t *count) {
    const uint32_t *row = x->outliers;
    for (size_t i = 0; row && i < capture; i++) row += x->info.capture[i].outliers;
    *count = row ? x->info.capture[capture].outliers : 0;
    return row;
}
/* A latent's contributions [D]; the index must have the score, which is a sum or mean of them. */
static inline const float *index_column(const scry_index *x, scry_score score, uint32_t latent) {
    uint32_t row = row_of(&x->rows, latent);
    return row == NO_ROW ? x->silent : x->contribution[score] + (size_t)row * x->D;
}
/* A file or folder that the manifest names: where the study was when the index was made; else, where it was moved along
 * with the study, from where the index is. It need not exist. The caller frees it. */
char *index_find_path(const scry_index *index, const char *path);
/* Fill in what info says of models: folders, settings and measured figures, once its training sets and domains are
 * read. index_models_free: also of an index that was not read to its end. */
void index_read_models(scry_index *index);
void index_models_free(scry_index *index);
/* base_source.c: open base as a source of its own, which moves latents from 0; of each training set whose sections are
 * there. False and err where they are damaged. */
bool index_base_open(scry_index *index, scry_error *err);
/* NULL when there is no such source. */
const index_source *index_source_of(const scry_index *index, size_t train, scry_condition source);
/* What may have gone wrong where a capture under the condition is equal to its reference: "were the demonstrations in
 * the prompts", a question without its mark. */
const char *index_identical_cause(scry_condition condition);
/* The label in the file, which one written by hand overrides; NULL: none. */
const char *index_file_label(const scry_index *index, uint32_t latent);
/* The first latent from `from` on that has a label in the file; F when there is none. */
uint32_t index_next_file_label(const scry_index *index, uint32_t from);
/* Text of a piece; "" when the number is too large. */
const char *index_piece(const scry_index *index, uint32_t piece);
/* Piece number of a row of a text. */
static inline uint32_t index_token(const scry_index *x, size_t text, uint64_t row) {
    return packed_uint_get(x->tokens, x->piece_width, x->texts[text].first_token + row);
}
/* The nth key piece's number; the number of pieces where there are fewer. */
uint32_t index_key_piece(const scry_index *index, uint32_t latent, int nth);

/* A latent's postings, capture after capture, rows ascending in each:
 *
 *     index_cursor c = index_postings(x, latent);
 *     while (index_segment(x, &c))      c.capture
 *         while (index_next(x, &c))     c.row, c.activation
 *
 * Damaged bytes give fewer entries, never a capture or row that is not there. */
typedef struct index_cursor {
    uint32_t capture, row;
    float activation;
    uint64_t first, end; /* tokens of the capture: first .. end - 1 */
    posting_reader reader;
    posting_block block; /* entries from block.begin on are unread */
} index_cursor;

index_cursor index_postings(const scry_index *index, uint32_t latent);
/* Make the next index_segment begin at this row, or at the first entry past it. Earlier entries are skipped, mostly
 * without being decoded. */
static inline void index_seek(const scry_index *x, index_cursor *c, uint32_t capture, uint64_t row) {
    c->end = x->first_token[capture] + row;
}
/* Go to the next capture on which the latent is active; false when there is none. */
bool index_segment(const scry_index *index, index_cursor *cursor);
/* Go to the next entry in the capture; false at its end. */
static inline bool index_next(const scry_index *x, index_cursor *c) {
    posting_block *b = &c->block;
    if (b->begin == b->end && !posting_codec_next(&c->reader, c->first, x->first_token[x->info.captures], b))
        return false;
    if (b->token[b->begin] >= c->end) return false;
    c->row = (uint32_t)(b->token[b->begin] - c->first);
    c->activation = b->value[b->begin++];
    return true;
}

#endif
