/* effect_columns.h: the file of an index's effect columns: for every latent the samples in which it fires, and what
 * removing it there does to the sample's log-likelihood, to first order.
 *
 * Of sample s let g_0(t) be the gradient of its log-likelihood by the residual at token t, and g_1 .. g_M the same of
 * labels drawn from the model's own predictions. Then
 *
 *     a_m[s][j] = sum over the tokens t of s of (g_m(t) . W_dec_j / input_scale) h_j(t)
 *
 * A set D of latents has S_m[s] = sum over j in D of a_m[s][j], and the rise of a domain's mean loss without D is
 * estimated as (sum over s of S_0[s] + (S_1[s]^2 + .. + S_M[s]^2) / 2M) / tokens: the squares of the draws estimate the
 * Fisher information.
 *
 * A container (container.h) of its own next to the index. D domains, F latents, R rows of the index's tables, N
 * samples, domain after domain, E entries, latent after latent:
 *
 *     meta            effect_meta
 *     model/path      the model's folder, with its NUL
 *     domain/first    uint32 [D + 1]: samples of each domain
 *     domain/tokens   uint64 [D]: tokens that the mean loss is over
 *     sample/tokens   uint32 [N]: those of each sample
 *     sample/number   uint32 [N]: the sample's number in the domain's base capture
 *     column/at       uint64 [R + 1]: entries of each row
 *     column/sample   packed [E], as wide as N needs: ascending in each row
 *     column/value    float [E][draws + 1]: a_0 .. a_M
 *     alone           float [R][D]: the estimate of removing the latent alone
 *
 * Values count as multiples of 2^-exponent, to which each is rounded (to nearest, ties to even) as it is read: sums of
 * them are whole numbers, so that a set has the same sums whatever steps led to it. The exponent is chosen so that no
 * set of latents overflows 63 bits for a sample, or 126 for a domain's squares. */
#ifndef SCRY_INDEX_FORMAT_EFFECT_COLUMNS_H
#define SCRY_INDEX_FORMAT_EFFECT_COLUMNS_H

#include "index/format/container.h"
#include "index/format/table.h"

#include <math.h>

enum { EFFECT_VERSION = 1, EFFECT_MOST_DRAWS = 64 };

typedef struct effect_meta {
    uint64_t index, model; /* fingerprints */
    uint64_t seed, most;   /* of the draws and the choice of samples; samples of a domain at most, 0: all */
    uint64_t entries;
    uint32_t draws, domains, latents, rows, samples;
    int32_t exponent;
} effect_meta;

typedef struct effect_columns {
    container file;
    effect_meta meta;
    const char *model_path;
    const uint32_t *first;  /* [D + 1] */
    const uint64_t *tokens; /* [D] */
    const uint32_t *sample_tokens, *sample_number;
    const uint64_t *at;
    const void *sample;
    unsigned width; /* of `sample` */
    const float *value;
    const float *alone;
} effect_columns;

extern const container_kind container_effects;

/* Maps a file of columns. False and err for a file that is cut or damaged, or does not fit an index of this
 * fingerprint, so many latents, rows and domains. */
bool effect_columns_open(effect_columns *c, const char *path, bool verify, uint64_t index, uint32_t latents,
                         uint32_t rows, size_t domains, scry_error *err);
void effect_columns_close(effect_columns *c);

/* The entries of a row, from *begin to the end that is returned; none where damaged bytes name entries that are not
 * there. */
static inline uint64_t effect_column(const effect_columns *c, uint32_t row, uint64_t *begin) {
    *begin = 0;
    if (row >= c->meta.rows) return 0;
    uint64_t from = c->at[row], end = c->at[row + 1];
    if (from > end || end > c->meta.entries) return 0;
    *begin = from;
    return end;
}

/* An entry's sample. Damaged bytes name one that is there. */
static inline uint32_t effect_sample(const effect_columns *c, uint64_t entry) {
    uint32_t s = packed_uint_get(c->sample, c->width, entry);
    return s < c->meta.samples ? s : 0;
}

__extension__ typedef __int128 effect_wide;

/* The multiple of 2^-exponent that is nearest to a value; scale is 2^exponent. 0 for what no writer writes. */
static inline int64_t effect_whole(float value, double scale) {
    double x = (double)value * scale;
    return fabs(x) < 0x1p61 ? llrint(x) : 0;
}

/* A domain's estimate, in nats a token: linear is the sum of S_0, square that of the draws' squares. */
static inline double effect_estimate(const effect_meta *meta, effect_wide linear, effect_wide square, uint64_t tokens) {
    double first = ldexp((double)linear, -meta->exponent), second = ldexp((double)square, -2 * meta->exponent);
    return (first + second / (2.0 * meta->draws)) / (double)tokens;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Entries of some samples, by row, then by sample, and their values [count][draws + 1]. */
typedef struct effect_entry {
    uint32_t row, sample;
} effect_entry;
typedef struct effect_part {
    const effect_entry *entry;
    const float *value;
    uint64_t count;
} effect_part;

/* All that is written: meta (entries and exponent are filled in), the tables of domains and samples as the file has
 * them, and parts whose samples follow each other. */
typedef struct effect_source {
    effect_meta meta;
    const char *model_path;
    const uint32_t *first;
    const uint64_t *tokens;
    const uint32_t *sample_tokens, *sample_number;
    const uint8_t *known; /* [R] 0: a latent that was not encoded, whose `alone` is NaN; NULL: all are known */
    const effect_part *parts;
    size_t count;
} effect_source;

/* Writes the file. False and err when it cannot be written; path then holds what it held before. */
bool effect_columns_write(const char *path, effect_source *source, scry_error *err);

#endif
