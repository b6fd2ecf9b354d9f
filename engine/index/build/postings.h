/* postings.h: the postings of all latents while a study is indexed. */
#ifndef SCRY_INDEX_BUILD_POSTINGS_H
#define SCRY_INDEX_BUILD_POSTINGS_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* One stream of bytes a latent, made of segments: number of the capture and length in bytes (LEB128 each), then the
 * entries of a stretch of that capture: distance in rows from the previous entry (the first from row 0; LEB128, modulo
 * 2^32, so that a step back takes five bytes instead of being an error) and the activation as a little-endian float. A
 * capture's rows are cut into segments at fixed places, so that the bytes do not depend on how much memory the indexer
 * had. */
typedef struct posting_stream {
    uint8_t *bytes;
    uint32_t used, room;
    uint32_t last; /* row of the last entry */
    uint32_t count;
    bool full; /* an entry was lost: the stream would be larger than 4 GiB */
} posting_stream;

enum { POSTING_MOST = 9 }; /* bytes of the longest entry, and of the longest segment's head */

/* Make room for `more` bytes; false, and s->full, where the stream cannot hold them. The caller frees s->bytes. */
bool postings_reserve(posting_stream *s, uint32_t more);

static inline void postings_number(posting_stream *s, uint32_t number) {
    while (number >= 0x80) {
        s->bytes[s->used++] = (uint8_t)(number | 0x80);
        number >>= 7;
    }
    s->bytes[s->used++] = (uint8_t)number;
}

/* Append an entry to the segment; lost where the stream is full. */
static inline void postings_add(posting_stream *s, uint32_t row, float activation) {
    if (s->room - s->used < POSTING_MOST && !postings_reserve(s, POSTING_MOST)) return;
    postings_number(s, row - s->last);
    memcpy(s->bytes + s->used, &activation, 4);
    s->used += 4;
    s->last = row;
    s->count++;
}

/* Append the segment that `from` holds to `to`, and empty `from`, keeping its room. Where `to` cannot hold it, or
 * `from` is full, the segment is lost and `to` is full. */
void postings_append(posting_stream *to, uint32_t capture, posting_stream *from);

typedef struct posting_cursor {
    const uint8_t *at, *end, *segment_end;
    uint32_t capture, row;
    float activation;
} posting_cursor;

static inline posting_cursor postings_read(const uint8_t *bytes, uint64_t size) {
    return (posting_cursor){.at = bytes, .end = bytes + size, .segment_end = bytes};
}

/* Read a number; false when it is cut. */
static inline bool postings_get(const uint8_t **at, const uint8_t *end, uint32_t *number) {
    uint32_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 35; shift += 7) {
        uint8_t byte = *(*at)++;
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = value;
            return true;
        }
    }
    return false;
}

/* Go to the next segment, past what is left of this one. False at the end, and on damaged bytes. */
static inline bool postings_segment(posting_cursor *c) {
    uint32_t length;
    c->at = c->segment_end;
    if (!postings_get(&c->at, c->end, &c->capture) || !postings_get(&c->at, c->end, &length)) return false;
    if ((uint64_t)(c->end - c->at) < length) return false;
    c->segment_end = c->at + length;
    c->row = 0;
    return true;
}

/* Go to the next entry of the segment. False at its end, and on a damaged entry: never reads past it. */
static inline bool postings_next(posting_cursor *c) {
    uint32_t step;
    if (!postings_get(&c->at, c->segment_end, &step) || c->segment_end - c->at < 4) return false;
    memcpy(&c->activation, c->at, 4);
    c->at += 4;
    c->row += step;
    return true;
}

/* The streams of all latents: in memory, and past a limit in an unlinked file until the index is written. A latent's
 * stream is what was spilled of it, in order, then what is still in memory. */
typedef struct posting_store {
    uint32_t latents;
    posting_stream *streams; /* [latents] what is in memory */
    uint64_t limit;          /* bytes of streams above which they are spilled */
    char *folder;            /* of the file */
    int fd;                  /* -1: nothing was spilled */
    uint64_t size;
    size_t rounds;
    uint32_t **used; /* [rounds][latents] bytes of each latent */
    uint64_t *start; /* [rounds] place in the file */
} posting_store;

/* folder: where the file goes, copied. posting_store_free must follow. */
void posting_store_new(posting_store *s, const char *folder, uint32_t latents, uint64_t limit);
void posting_store_free(posting_store *s);
/* Move all streams to the file and free their bytes; counts stay. */
bool posting_store_spill(posting_store *s, scry_error *err);
/* Bytes of a latent's stream that are in the file. */
uint64_t posting_store_spilled(const posting_store *s, uint32_t latent);

/* Reads latents in ascending order. */
typedef struct spill_reader {
    posting_store *s;
    uint64_t *at; /* [rounds] place of the next latent */
} spill_reader;

void spill_begin(spill_reader *r, posting_store *s);
/* Put what was spilled of this latent before what is in memory. False and err when it cannot be read. */
bool spill_restore(spill_reader *r, uint32_t latent, scry_error *err);
void spill_end(spill_reader *r);

#endif
