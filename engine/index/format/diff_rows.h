/* diff_rows.h: the file of an index in which each token has how two models differ after it: the KL of their
 * distributions of the next token, and the change of the log-likelihood of the token that follows (diff.h).
 *
 * A container (container.h) of its own next to the index. F latents, R rows of the index's tables, C captures:
 *
 *     meta               diff_meta
 *     model/base, model/tuned   the models' folders, each with its NUL
 *     capture/N/kl       F16 [rows of capture N]: NaN where no text was read, and on the last token of a sample
 *     capture/N/gain     F16 [the same]
 *     lift               float [R]: a latent's KL lift, NaN where it fires on no such token
 *     gain               float [R]: the mean gain where it fires
 *
 * Captures that were not read have no sections. */
#ifndef SCRY_INDEX_FORMAT_DIFF_ROWS_H
#define SCRY_INDEX_FORMAT_DIFF_ROWS_H

#include "index/format/container.h"

enum { DIFF_ROWS_VERSION = 1 };

typedef struct diff_meta {
    uint64_t index, base, tuned; /* fingerprints */
    uint64_t tokens;             /* that have a KL and count in the statistics of latents */
    double mean_kl, mean_gain;   /* over these */
    uint32_t train, captures, latents, rows;
} diff_meta;

typedef struct diff_rows {
    container file;
    diff_meta meta;
    const char *base, *tuned;
    const uint16_t **kl, **gain; /* [captures] owned lists; NULL: not read */
    const float *lift, *latent_gain;
} diff_rows;

extern const container_kind container_diff_rows;

/* Maps a file. rows [captures]: of the index. False and err for a file that is cut or damaged, or does not fit an index
 * of this fingerprint, so many latents, table rows and captures. */
bool diff_rows_open(diff_rows *d, const char *path, bool verify, uint64_t index, uint32_t latents, uint32_t table_rows,
                    const uint64_t *rows, uint32_t captures, scry_error *err);
void diff_rows_close(diff_rows *d);

/* What is written: meta, folders, and of each capture its numbers (NULL: it was not read). */
typedef struct diff_rows_source {
    diff_meta meta;
    const char *base, *tuned;
    const uint64_t *rows;            /* [captures] */
    float *const *kl, *const *gain;  /* [captures] */
    const float *lift, *latent_gain; /* [meta.rows] */
} diff_rows_source;
bool diff_rows_write(const char *path, const diff_rows_source *source, scry_error *err);

/* What of a number remains in the file: rounded to F16, sizes beyond it the largest one. */
float diff_rows_rounded(float x);

#endif
