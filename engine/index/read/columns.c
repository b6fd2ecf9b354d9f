/* columns.c: one statistic of many latents at once. */
#include "columns.h"
#include "index/format/metric_values.h"
#include "index/read/effects.h"
#include "index/read/index.h"

#include <math.h>
#include <string.h>

enum { AHEAD = 4 << 20 };

/* True when latent j has row j of the tables; otherwise each latent's row is looked up. */
static bool every_latent_has_row(const scry_index *x) {
    return x->rows.rows == x->F;
}

static void fill(double *out, uint32_t n, double value) {
    for (uint32_t i = 0; i < n; i++) out[i] = value;
}

/* As scry_mean_base and its kin: base alone has one mean and one rate. */
static bool lacks_side(scry_condition source, bool shifted) {
    return shifted && source == SCRY_BASE;
}

/* Inlined, so that the branch on the width is outside the loop. */
__attribute__((always_inline)) static inline void copy_packed(const void *table, unsigned width, size_t row, uint32_t n,
                                                              double over, double *out) {
    for (uint32_t i = 0; i < n; i++) out[i] = (double)packed_uint_get(table, width, row + i) / over;
}

static void read_packed(const scry_index *x, const void *table, unsigned width, size_t first, uint32_t from, uint32_t n,
                        double over, double *out) {
    if (every_latent_has_row(x)) {
        if (width == 1) copy_packed(table, 1, first + from, n, over, out);
        else if (width == 2) copy_packed(table, 2, first + from, n, over, out);
        else copy_packed(table, 4, first + from, n, over, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row = row_of(&x->rows, from + i);
        out[i] = row == NO_ROW ? 0 : (double)packed_uint_get(table, width, first + row) / over;
    }
}

static void read_doubles(const scry_index *x, const double *table, uint32_t from, uint32_t n, double over,
                         double *out) {
    bool direct = every_latent_has_row(x);
    for (uint32_t i = 0; i < n && direct; i++) out[i] = table[from + i] / over;
    for (uint32_t i = 0; i < n && !direct; i++) {
        uint32_t row = row_of(&x->rows, from + i);
        out[i] = row == NO_ROW ? 0 : table[row] / over;
    }
}

static void read_changes(const index_source *s, uint32_t from, uint32_t n, double *out) {
    const double *base = s->array[SHIFT_BASE] + from, *other = s->array[SHIFT_OTHER] + from;
    const metric_base pairs = {.pairs = s->pairs};
    for (uint32_t i = 0; i < n; i++) {
        const double of[SHIFT_ARRAYS] = {[SHIFT_BASE] = base[i], [SHIFT_OTHER] = other[i]}, none[2] = {0};
        out[i] = metric_value(&pairs, SCRY_MEAN, of, none);
    }
}

void scry_column_means(const scry_index *x, size_t train, scry_condition source, bool shifted, uint32_t from,
                       uint32_t n, double *out) {
    const index_source *s = index_source_of(x, train, source);
    if (!s || lacks_side(source, shifted)) fill(out, n, s ? (double)NAN : 0);
    else read_doubles(x, s->array[shifted || source == SCRY_BASE ? SHIFT_OTHER : SHIFT_BASE], from, n, s->pairs, out);
}

void scry_column_rates(const scry_index *x, size_t train, scry_condition source, bool shifted, uint32_t from,
                       uint32_t n, double *out) {
    const index_source *s = index_source_of(x, train, source);
    double tokens = s ? (shifted ? s->other_tokens : s->base_tokens) : 0;
    if (!s || lacks_side(source, shifted)) fill(out, n, s ? (double)NAN : 0);
    else read_packed(x, s->fires[shifted || source == SCRY_BASE], s->fires_width, 0, from, n, tokens, out);
}

void scry_column_shifts(const scry_index *x, size_t train, scry_condition source, scry_metric metric, uint32_t from,
                        uint32_t n, double *out) {
    const index_source *s = index_source_of(x, train, source);
    int array = metric_array(metric);
    if (s && array >= 0 && s->array[array]) read_doubles(x, s->array[array], from, n, 1, out);
    else if (s && metric == SCRY_MEAN && every_latent_has_row(x)) read_changes(s, from, n, out);
    else
        for (uint32_t i = 0; i < n; i++) out[i] = scry_shift_of(x, train, source, metric, from + i);
}

void scry_column_postings(const scry_index *x, uint32_t from, uint32_t n, double *out) {
    read_packed(x, x->counts, x->count_width, 0, from, n, 1, out);
}

/* 64 bits of the result. Without branches, which would be mispredicted as often as not; numbers past the last piece
 * mean none. */
__attribute__((always_inline)) static inline uint64_t pieces_word(const void *pieces, unsigned width, uint32_t most,
                                                                  const uint8_t *wanted, size_t row, uint32_t n) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t any = 0;
        for (size_t k = 0; k < SCRY_KEY_PIECES; k++) {
            uint32_t piece = packed_uint_get(pieces, width, (row + i) * SCRY_KEY_PIECES + k);
            any |= wanted[piece < most ? piece : most];
        }
        word |= (uint64_t)(any & 1) << i;
    }
    return word;
}

static uint64_t dense_word(const scry_index *x, const uint8_t *wanted, uint32_t from, uint32_t n) {
    uint32_t most = (uint32_t)x->pieces;
    if (x->piece_width == 1) return pieces_word(x->key_pieces, 1, most, wanted, from, n);
    if (x->piece_width == 2) return pieces_word(x->key_pieces, 2, most, wanted, from, n);
    return pieces_word(x->key_pieces, 4, most, wanted, from, n);
}

/* Looks each latent's row up; silent latents have no key pieces, whatever their row holds. */
static uint64_t sparse_word(const scry_index *x, const uint8_t *wanted, uint32_t from, uint32_t n) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!active_rows_has(&x->rows, from + i)) continue;
        uint32_t row = row_of(&x->rows, from + i);
        word |= pieces_word(x->key_pieces, x->piece_width, (uint32_t)x->pieces, wanted, row, 1) << i;
    }
    return word;
}

void scry_latents_with_piece(const scry_index *x, const uint8_t *wanted, uint32_t from, uint32_t n, uint64_t *out) {
    memset(out, 0, ((size_t)n + 63) / 64 * sizeof *out);
    for (uint32_t i = 0; i < n && x->key_pieces; i += 64) {
        uint32_t some = n - i < 64 ? n - i : 64, at = from + i;
        if (!every_latent_has_row(x) || at % 64) out[i / 64] = sparse_word(x, wanted, at, some);
        else out[i / 64] = dense_word(x, wanted, at, some) & x->rows.active[at / 64];
    }
}

/* True for tables with a row a latent; postings and decoder are read a latent at a time. */
static bool is_table(const char *name) {
    static const char *const tables[] = {"score/", "shift/",  "fires/",      "base/",     "base-fires/",
                                         "key/",   "post/at", "post/length", "post/count"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strncmp(name, tables[i], strlen(tables[i])) == 0) return true;
    return false;
}

uint64_t scry_prefetch(const scry_index *x, uint64_t from) {
    const container *c = &x->file;
    for (uint32_t i = 0; i < c->sections; i++) {
        const container_section *s = &c->section[i];
        uint64_t end = s->offset + s->size, at = from > s->offset ? from : s->offset;
        if (!is_table(s->name) || at >= end) continue;
        uint64_t size = end - at < AHEAD ? end - at : AHEAD;
        container_prefetch(c, c->map.data + at, size);
        return at + size;
    }
    return 0;
}

static void prefetch_row(const scry_index *x, const void *table, size_t row, size_t width) {
    if (table) container_prefetch(&x->file, (const uint8_t *)table + row * width, width);
}

static void prefetch_effects(const scry_index *x, uint32_t row) {
    const effect_columns *c = index_effect_columns(x);
    uint64_t at, end = c ? effect_column(c, row, &at) : 0;
    if (!end) return;
    container_prefetch(&c->file, c->value + at * (c->meta.draws + 1), (end - at) * (c->meta.draws + 1) * sizeof(float));
    container_prefetch(&c->file, c->alone + (size_t)row * x->D, x->D * sizeof(float));
}

void scry_prefetch_latents(const scry_index *x, size_t train, scry_condition source, scry_score score,
                           const uint32_t *latents, size_t n) {
    const index_source *s = index_source_of(x, train, source);
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = row_of(&x->rows, latents[i]);
        if (row == NO_ROW) continue;
        for (int a = 0; s && a < SHIFT_ARRAYS; a++)
            if (s->array[a] != x->zeros) prefetch_row(x, s->array[a], row, sizeof(double));
        for (int side = 0; s && side < 2; side++)
            if (s->fires[side] != x->zeros) prefetch_row(x, s->fires[side], row, s->fires_width);
        prefetch_row(x, x->key_pieces, row, (size_t)SCRY_KEY_PIECES * x->piece_width);
        if (scry_scores[score].is_effect) prefetch_effects(x, row);
        else prefetch_row(x, x->contribution[score], row, x->info.domains * sizeof(float));
    }
}

void scry_drop_pages(const scry_index *x) {
    container_drop_pages(&x->file, x->file.map.data, x->file.map.size);
}
