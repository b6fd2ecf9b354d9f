/* latent/top_tokens.c: where a latent fires, and the text around it. */
#include "scry.h"
#include "base/mem.h"
#include "index/read/index.h"
#include "base/top_n.h"
#include "labels.h"
#include "latent.h"
#include "latent/top_tokens.h"

#include <stdlib.h>
#include <string.h>

/* By halving. Samples without tokens share their first row with the next one: the last of them holds it. */
uint32_t scry_sample_of(const scry_index *x, size_t capture, uint64_t row) {
    if (x->capture_text[capture] < 0) return 0;
    const index_text *text = &x->texts[x->capture_text[capture]];
    const layout_sample *s = x->samples + text->first_sample;
    uint64_t low = 0, high = text->samples;
    while (high - low > 1) {
        uint64_t middle = (low + high) / 2;
        if (s[middle].first <= row) low = middle;
        else high = middle;
    }
    return (uint32_t)low;
}

static scry_example example_at(const scry_index *x, uint32_t capture, uint32_t row, float activation) {
    scry_example e = {.capture = capture, .token = row, .activation = activation};
    if (x->capture_text[capture] >= 0 && x->texts[x->capture_text[capture]].samples) {
        e.sample = scry_sample_of(x, capture, e.token);
        scry_sample sample = scry_sample_at(x, capture, e.sample);
        e.position = (uint32_t)(e.token - sample.first) + sample.cut;
    } else {
        e.position = (uint32_t)e.token;
    }
    return e;
}

static bool stronger(const scry_example *a, const scry_example *b, int order) {
    (void)order;
    if (a->activation != b->activation) return a->activation > b->activation;
    if (a->capture != b->capture) return a->capture < b->capture;
    return a->token < b->token;
}

/* Same text, same sample: base, icl and sft of one question count once. */
static bool same_sample(const scry_index *x, const scry_example *a, const scry_example *b) {
    int ta = x->capture_text[a->capture], tb = x->capture_text[b->capture];
    return ta >= 0 && ta == tb && a->sample == b->sample;
}

TOP_N_INSERT(insert, scry_example, stronger)

size_t top_tokens_insert(const scry_index *x, scry_example *list, size_t n, size_t top, const scry_example *e,
                         bool distinct) {
    size_t at = distinct ? 0 : n;
    while (at < n && !same_sample(x, &list[at], e)) at++;
    return insert(list, n, top, at, e, 0);
}

size_t scry_top_tokens(const scry_index *x, uint32_t latent, int capture, bool distinct, size_t top,
                       scry_example *out) {
    size_t n = 0;
    index_cursor c = index_postings(x, latent);
    if (capture >= 0) index_seek(x, &c, (uint32_t)capture, 0);
    while (top && index_segment(x, &c)) {
        if (capture >= 0 && c.capture != (uint32_t)capture) break;
        while (index_next(x, &c)) {
            if (!(c.activation > 0) || (n == top && c.activation < out[n - 1].activation)) continue;
            scry_example e = example_at(x, c.capture, c.row, c.activation);
            if (n == top && !stronger(&e, &out[n - 1], 0)) continue;
            n = top_tokens_insert(x, out, n, top, &e, distinct);
        }
    }
    return n;
}

void scry_activations(const scry_index *x, uint32_t latent, size_t capture, uint64_t from, size_t count, float *out) {
    memset(out, 0, count * sizeof *out);
    if (from >= x->info.capture[capture].rows) return;
    index_cursor c = index_postings(x, latent);
    index_seek(x, &c, (uint32_t)capture, from);
    if (!index_segment(x, &c) || c.capture != capture) return;
    while (index_next(x, &c) && c.row >= from && c.row - from < count) out[c.row - from] = c.activation;
}

const char *index_piece(const scry_index *x, uint32_t piece) {
    if (piece >= x->pieces || x->piece_at[piece] >= x->piece_size) return "";
    return x->piece_bytes + x->piece_at[piece];
}

const char *scry_token(const scry_index *x, size_t capture, uint64_t row) {
    int text = x->capture_text[capture];
    if (text < 0 || row >= x->texts[text].tokens) return "";
    return index_piece(x, index_token(x, (size_t)text, row));
}

static const char *string_at(const scry_index *x, uint64_t at) {
    return at < x->strings_size ? x->strings + at : "";
}

scry_sample scry_sample_at(const scry_index *x, size_t capture, uint32_t sample) {
    int number = x->capture_text[capture];
    uint64_t rows = x->info.capture[capture].rows;
    if (number < 0 || sample >= x->texts[number].samples)
        return (scry_sample){.id = "", .metadata = "", .count = (uint32_t)rows};
    const layout_sample *s = &x->samples[x->texts[number].first_sample + sample];
    scry_sample out = {.id = string_at(x, s->id),
                       .metadata = string_at(x, s->about),
                       .first = s->first,
                       .count = s->count,
                       .cut = s->cut};
    if (out.first > rows) out.first = rows;
    if (out.count > rows - out.first) out.count = (uint32_t)(rows - out.first);
    return out;
}

const char *scry_label(const scry_index *x, uint32_t latent) {
    const char *edited = label_edits_find(x->edits, latent);
    if (edited) return *edited ? edited : NULL;
    return index_file_label(x, latent);
}

const char *index_file_label(const scry_index *x, uint32_t latent) {
    uint64_t low = 0, high = x->labels;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (x->label_latent[middle] < latent) low = middle + 1;
        else high = middle;
    }
    bool has = low < x->labels && x->label_latent[low] == latent && x->label_at[low] < x->label_size;
    return has ? x->label_text + x->label_at[low] : NULL;
}

uint32_t index_key_piece(const scry_index *x, uint32_t latent, int nth) {
    if (!x->key_pieces || !active_rows_has(&x->rows, latent)) return (uint32_t)x->pieces;
    return packed_uint_get(x->key_pieces, x->piece_width,
                           (size_t)row_of(&x->rows, latent) * SCRY_KEY_PIECES + (size_t)nth);
}

const char *scry_key_piece(const scry_index *x, uint32_t latent, int nth) {
    if (nth < 0 || nth >= SCRY_KEY_PIECES) return NULL;
    uint32_t piece = index_key_piece(x, latent, nth);
    return piece < x->pieces ? index_piece(x, piece) : NULL;
}

void scry_key_pieces(const scry_index *x, uint32_t latent, uint32_t out[SCRY_KEY_PIECES]) {
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        uint32_t piece = index_key_piece(x, latent, k);
        out[k] = piece < x->pieces ? piece : SCRY_NO_PIECE;
    }
}

uint32_t scry_pieces(const scry_index *x) {
    return (uint32_t)x->pieces;
}

const char *scry_piece(const scry_index *x, uint32_t piece) {
    return index_piece(x, piece);
}
