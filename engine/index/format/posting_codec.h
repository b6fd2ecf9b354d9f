/* posting_codec.h: a latent's postings as they lie in an index: which tokens it was active on, and how strongly.
 *
 * The captures' rows are numbered through, one capture after another (in the order of the meta data);
 * a latent's entries lie ascending by that number. Nothing is rounded: each activation is read back as
 * the very float that was indexed.
 *
 *     stream     number of entries (LEB128), then blocks of POSTING_CODEC_BLOCK entries, the last with the rest
 *     block      form        uint16: Rice parameter k 0..31 | sign 0..1 << 5 | mantissa bits 0..23 << 6 |
 *                            exponent bits 0..8 << 11
 *                exponent    uint8: the least of the block
 *                first       LEB128: its first token, less the first token of the block before it
 *                length      LEB128: bytes of values and gaps; not in the last block
 *                values      one after another, without room between: sign, exponent above the least,
 *                            leading mantissa bits, in as many bits as the form says
 *                gaps        from each entry to the next, less 1: Rice code
 *
 * The form holds as many bits as the block's values need: a float32 of which only the leading 7 mantissa
 * bits are set, as bfloat16 has them, takes 7, and activations that are never negative take no sign.
 * Rice code: gap >> k in unary (ones, closed by a zero), then the k low bits; POSTING_CODEC_ESCAPE ones are
 * followed by the gap itself in 32 bits. Bits fill bytes from the lowest; values and gaps begin at a
 * byte. Behind all streams lie POSTING_CODEC_SPARE zero bytes, so that a reader may load 8 bytes anywhere.
 *
 * Golomb-Rice coding: R. F. Rice, "Some Practical Universal Noiseless Coding Techniques", JPL 1979. */
#ifndef SCRY_INDEX_FORMAT_POSTING_CODEC_H
#define SCRY_INDEX_FORMAT_POSTING_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POSTING_CODEC_BLOCK = 256, POSTING_CODEC_ESCAPE = 24, POSTING_CODEC_SPARE = 8 };

/* A number as LEB128: 7 bits a byte, the lowest first; returns the place behind it. */
uint8_t *posting_codec_number(uint8_t *at, uint64_t number);
/* Reads one, and moves *at behind it; false where it is cut. */
bool posting_codec_get(const uint8_t **at, const uint8_t *end, uint64_t *number);

/* Bytes that n entries take at most, POSTING_CODEC_SPARE among them. */
uint64_t posting_codec_max_bytes(uint64_t n);
/* Writes n > 0 entries, token[] ascending, to out; returns the bytes written. out has room for
 * posting_codec_max_bytes(n) bytes; what it writes behind those it returns is of no meaning. */
uint64_t posting_codec_write(const uint32_t *token, const float *value, uint64_t n, uint8_t *out);

/* Entries of one block, those with a token from `from` to before `to`: begin .. end - 1. */
typedef struct posting_block {
    uint32_t begin, end;
    uint32_t token[POSTING_CODEC_BLOCK];
    float value[POSTING_CODEC_BLOCK];
} posting_block;

typedef struct posting_reader {
    const uint8_t *at, *end;
    uint64_t left;  /* entries not read yet */
    uint32_t first; /* token that the block before began with */
} posting_reader;

/* size bytes of a stream, POSTING_CODEC_SPARE readable ones behind them. Bytes that are no stream give some
 * entries or none, and nothing outside is read. */
posting_reader posting_codec_read(const uint8_t *bytes, uint64_t size);
/* The next block with entries in from .. to - 1; blocks wholly before are stepped over without being
 * decoded. False when there are no more. */
bool posting_codec_next(posting_reader *r, uint64_t from, uint64_t to, posting_block *out);

#endif
