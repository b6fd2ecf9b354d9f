/* posting_buffer.h: where a latent was active, and how strongly: an inverted index.
 *
 * One stream of bytes a latent, made of segments: number of the capture and length in bytes (LEB128
 * each), then the entries of a stretch of that capture: distance in rows from the entry before it
 * (the first from row 0; LEB128, modulo 2^32, so that a step back costs five bytes instead of an
 * error) and the activation as a little-endian float. A capture's rows are cut into segments at
 * fixed places, so that the bytes do not depend on how much memory the indexer had; a reader that
 * wants one capture steps over the others. */
#ifndef SCRY_INDEX_BUILD_POSTING_BUFFER_H
#define SCRY_INDEX_BUILD_POSTING_BUFFER_H

#include <stdint.h>
#include <string.h>

typedef struct posting_stream {
    uint8_t *bytes;
    uint32_t used, room;
    uint32_t last; /* row of the last entry */
    uint32_t count;
} posting_stream;

enum { POSTING_MOST = 9 }; /* bytes of the longest entry, and of the longest segment's head */

/* Owner of the bytes: whoever frees them. */
void postings_reserve(posting_stream *s, uint32_t more);

static inline void postings_number(posting_stream *s, uint32_t number) {
    while (number >= 0x80) {
        s->bytes[s->used++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    s->bytes[s->used++] = (uint8_t)number;
}

/* An entry of the segment in work. */
static inline void postings_add(posting_stream *s, uint32_t row, float activation) {
    if (s->room - s->used < POSTING_MOST) postings_reserve(s, POSTING_MOST);
    postings_number(s, row - s->last);
    memcpy(s->bytes + s->used, &activation, 4);
    s->used += 4;
    s->last = row;
    s->count++;
}

/* Appends the segment that `from` holds to `to`, and empties `from`, keeping its room. */
void postings_append(posting_stream *to, uint32_t capture, posting_stream *from);

typedef struct posting_cursor {
    const uint8_t *at, *end, *segment_end;
    uint32_t capture, row;
    float activation;
} posting_cursor;

static inline posting_cursor postings_read(const uint8_t *bytes, uint64_t size) {
    return (posting_cursor){.at = bytes, .end = bytes + size, .segment_end = bytes};
}

/* Reads a number; 0 when it is cut. */
static inline int postings_get(const uint8_t **at, const uint8_t *end, uint32_t *number) {
    uint32_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = value;
            return 1;
        }
    }
    return 0;
}

/* To the next segment (stepping over what is left of this one): its capture. False at the end, and
 * on damaged bytes. */
static inline int postings_segment(posting_cursor *c) {
    uint32_t length;
    c->at = c->segment_end;
    if (!postings_get(&c->at, c->end, &c->capture) || !postings_get(&c->at, c->end, &length)) return 0;
    if ((uint64_t)(c->end - c->at) < length) return 0;
    c->segment_end = c->at + length;
    c->row = 0;
    return 1;
}

/* The next entry of the segment. False at its end, and on a damaged entry: never reads past it. */
static inline int postings_next(posting_cursor *c) {
    uint32_t step;
    if (!postings_get(&c->at, c->segment_end, &step) || c->segment_end - c->at < 4) return 0;
    memcpy(&c->activation, c->at, 4);
    c->at += 4;
    c->row += step;
    return 1;
}

#endif
