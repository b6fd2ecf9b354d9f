/* postings.h: where a latent was active, and how strongly: an inverted index.
 *
 * One stream of bytes a latent. An entry is the distance from the entry before it (token numbers
 * run through all captures, base then icl then sft of each group; LEB128, modulo 2^32, so that a
 * step back costs five bytes instead of an error) and the activation as a little-endian float. */
#ifndef SCRY_POSTINGS_H
#define SCRY_POSTINGS_H

#include <stdint.h>
#include <string.h>

typedef struct posting_stream {
    uint8_t *bytes;
    uint32_t used, room;
    uint32_t last; /* token of the last entry */
    uint32_t count;
} posting_stream;

enum { POSTING_MOST = 9 }; /* bytes of the longest entry */

/* Owner of the bytes: whoever frees them. */
void postings_reserve(posting_stream *s, uint32_t more);

static inline void postings_add(posting_stream *s, uint32_t token, float activation) {
    if (s->room - s->used < POSTING_MOST) postings_reserve(s, POSTING_MOST);
    uint32_t step = token - s->last;
    while (step >= 0x80) {
        s->bytes[s->used++] = (uint8_t)(step | 0x80);
        step >>= 7;
    }
    s->bytes[s->used++] = (uint8_t)step;
    memcpy(s->bytes + s->used, &activation, 4);
    s->used += 4;
    s->last = token;
    s->count++;
}

/* Appends what `from` holds to `to` and empties `from`, keeping its room. */
void postings_append(posting_stream *to, posting_stream *from);

typedef struct posting_cursor {
    const uint8_t *at, *end;
    uint32_t token;
    float activation;
} posting_cursor;

static inline posting_cursor postings_read(const uint8_t *bytes, uint64_t size) {
    return (posting_cursor){.at = bytes, .end = bytes + size};
}

/* False at the end, and on a damaged entry: never reads past the end. */
static inline int postings_next(posting_cursor *c) {
    uint32_t step = 0;
    for (unsigned shift = 0; c->at < c->end && shift < 35; shift += 7) {
        uint8_t byte = *c->at++;
        step |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            if (c->end - c->at < 4) return 0;
            memcpy(&c->activation, c->at, 4);
            c->at += 4;
            c->token += step;
            return 1;
        }
    }
    return 0;
}

#endif
