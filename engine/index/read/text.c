/* text.c: the token text, samples and labels of an open index. */
#include "base/escape.h"
#include "base/mem.h"
#include "index/read/index.h"
#include "latent.h"

#include <stdio.h>

/* By bisection. Samples without tokens share their first row with the next one: the last of them holds it. */
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
        return (scry_sample){.id = "", .metadata = "", .count = (uint32_t)rows, .response = SCRY_NO_RESPONSE};
    const layout_sample *s = &x->samples[x->texts[number].first_sample + sample];
    scry_sample out = {.id = string_at(x, s->id),
                       .metadata = string_at(x, s->about),
                       .first = s->first,
                       .count = s->count,
                       .cut = s->cut,
                       .response =
                           x->responses ? x->responses[x->texts[number].first_sample + sample] : SCRY_NO_RESPONSE};
    if (out.first > rows) out.first = rows;
    if (out.count > rows - out.first) out.count = (uint32_t)(rows - out.first);
    if (out.response != SCRY_NO_RESPONSE && out.response > out.count) out.response = out.count;
    return out;
}

/* The number of the first label that belongs to latent `from` or a later one; x->labels: none does. */
static uint64_t label_from(const scry_index *x, uint32_t from) {
    uint64_t low = 0, high = x->labels;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (x->label_latent[middle] < from) low = middle + 1;
        else high = middle;
    }
    return low;
}

const char *index_file_label(const scry_index *x, uint32_t latent) {
    uint64_t i = label_from(x, latent);
    bool has = i < x->labels && x->label_latent[i] == latent && x->label_at[i] < x->label_size;
    return has ? x->label_text + x->label_at[i] : NULL;
}

uint32_t index_next_file_label(const scry_index *x, uint32_t from) {
    uint64_t i = label_from(x, from);
    return i < x->labels && x->label_latent[i] < x->F ? x->label_latent[i] : x->F;
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

char *scry_key_tokens(const scry_index *x, uint32_t latent) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        const char *piece = scry_key_piece(x, latent, k);
        if (!piece) break;
        if (k) fputc(' ', f);
        quote_text(f, piece);
    }
    mem_stream_end(f);
    return text;
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
