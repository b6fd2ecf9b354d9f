/* posting_cursor.c: a latent's postings in an open index. */
#include "index/read/index.h"

#include <math.h>

/* A latent's stream: adds up the lengths of those before it in its group. NULL where the index is damaged. */
static const uint8_t *stream_of(const scry_index *x, uint32_t latent, uint64_t *size) {
    layout_group group = x->groups[latent / GROUP_LATENTS];
    *size = 0;
    if (group.length > x->lengths_size || group.data > x->post_size) return NULL;
    const uint8_t *at = x->lengths + group.length, *end = x->lengths + x->lengths_size;
    uint64_t data = group.data, length = 0;
    for (uint32_t k = 0; k <= latent % GROUP_LATENTS; k++) {
        data += length;
        if (!posting_codec_get(&at, end, &length) || data > x->post_size || length > x->post_size - data) return NULL;
    }
    *size = length;
    return x->post_data + data;
}

index_cursor index_postings(const scry_index *x, uint32_t latent) {
    index_cursor c;
    uint64_t size;
    const uint8_t *bytes = stream_of(x, latent, &size);
    c.reader = bytes ? posting_codec_read(bytes, size) : (posting_reader){0};
    c.capture = c.row = 0;
    c.activation = 0;
    c.first = c.end = 0;
    c.block.begin = c.block.end = 0;
    return c;
}

bool index_segment(const scry_index *x, index_cursor *c) {
    const uint64_t *first = x->first_token, from = c->end;
    posting_block *b = &c->block;
    while (b->begin < b->end && b->token[b->begin] < from) b->begin++;
    if (b->begin == b->end && !posting_codec_next(&c->reader, from, first[x->info.captures], b)) return false;
    uint64_t token = b->token[b->begin];
    while (token >= first[c->capture + 1]) c->capture++;
    c->first = first[c->capture];
    c->end = first[c->capture + 1];
    return true;
}

uint64_t scry_postings(const scry_index *x, uint32_t latent) {
    uint32_t row = row_of(&x->rows, latent);
    return row == NO_ROW ? 0 : packed_uint_get(x->counts, x->count_width, row);
}

uint32_t scry_active_latents(const scry_index *x, uint32_t *out) {
    uint32_t n = 0;
    for (uint64_t word = 0; word < active_rows_words(x->F); word++)
        for (uint64_t bits = x->rows.active[word]; bits; bits &= bits - 1)
            out[n++] = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
    return n;
}

double scry_domain_rate(const scry_index *x, uint32_t latent, size_t domain) {
    if (!scry_is_scored(x, latent)) return (double)NAN;
    for (uint32_t i = 0; i < x->info.captures; i++) {
        const scry_capture_info *capture = &x->info.capture[i];
        if (capture->group != (int)domain || capture->condition != SCRY_BASE) continue;
        uint64_t fires = 0;
        index_cursor c = index_postings(x, latent);
        index_seek(x, &c, i, 0);
        if (index_segment(x, &c) && c.capture == i)
            while (index_next(x, &c)) fires += c.activation > 0;
        return capture->kept ? (double)fires / (double)capture->kept : 0;
    }
    return 0;
}
