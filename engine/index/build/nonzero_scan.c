/* nonzero_scan.c: find the nonzero values of rows.
 *
 * Nearly all of a features dump is zero: it is tested in the file's own dtype, many values at a time, and only nonzero
 * values are converted or copied. */
#include "base/cpu_dispatch.h"
#include "base/mem.h"
#include "base/nonzero_mask.h"
#include "index/build/inputs.h"
#include "index/build/tile.h"

#include <stdlib.h>
#include <string.h>

enum { STRETCH = NONZERO_GROUP * 4 }; /* bytes tested together */

static void reserve(part_scan *s, uint64_t more) {
    if (s->room - s->used >= more) return;
    s->room = (uint32_t)(((uint64_t)s->used + more) * 3 / 2);
    s->col = mem_resize(s->col, s->room, sizeof *s->col);
    s->value = mem_resize(s->value, s->room, sizeof *s->value);
}

/* Is any number among the bytes of a stretch other than +0 and -0? mask: all bits but the signs. */
static inline bool any_nonzero(const uint8_t *bytes, uint64_t mask) {
    uint64_t any = 0;
    for (uint32_t i = 0; i < STRETCH / 8; i++) {
        uint64_t eight;
        memcpy(&eight, bytes + (size_t)8 * i, sizeof eight);
        any |= eight;
    }
    return (any & mask) != 0;
}

/* Appends a nonzero float, unless it is NaN or infinite; room for it must be reserved. */
static inline uint32_t add(part_scan *s, const uint8_t *bytes, uint32_t col) {
    uint32_t bits;
    memcpy(&bits, bytes, sizeof bits);
    s->col[s->used] = col;
    memcpy(&s->value[s->used], &bits, sizeof bits);
    uint32_t bad = (bits & 0x7f800000) == 0x7f800000;
    s->used += !bad;
    return bad;
}

static uint64_t scan_f32(part_scan *s, const uint8_t *bytes, uint32_t col, uint32_t count) {
    enum { EACH = NONZERO_GROUP, MASKS = 64 };
    uint64_t mask[MASKS], bad = 0;
    uint32_t at = 0;
    while (count - at >= EACH) {
        uint32_t n = (count - at) / EACH < MASKS ? (count - at) / EACH : MASKS;
        nonzero_mask(bytes + (size_t)at * 4, n, mask);
        for (uint32_t k = 0; k < n; k++, at += EACH) {
            if (!mask[k]) continue;
            reserve(s, EACH);
            for (uint64_t left = mask[k]; left; left &= left - 1) {
                uint32_t i = at + (uint32_t)__builtin_ctzll(left);
                bad += add(s, bytes + (size_t)i * 4, col + i);
            }
        }
    }
    reserve(s, EACH);
    for (; at < count; at++) {
        uint32_t bits;
        memcpy(&bits, bytes + (size_t)at * 4, sizeof bits);
        if (bits & 0x7fffffff) bad += add(s, bytes + (size_t)at * 4, col + at);
    }
    return bad;
}

uint64_t scan_floats(part_scan *s, const float *x, uint32_t col, uint32_t count) {
    return scan_f32(s, (const uint8_t *)x, col, count);
}

/* Other dtypes: a stretch that is not all zero becomes floats first. */
CPU_DISPATCH static uint64_t scan_other(part_scan *s, const tensor *t, const uint8_t *bytes, uint32_t col,
                                        uint32_t count) {
    const unsigned each = tensor_size(t->dtype);
    const uint64_t mask = each == 2 ? 0x7fff7fff7fff7fffu : 0x7fffffffffffffffu;
    float x[STRETCH / 2];
    uint64_t bad = 0;
    for (uint32_t i = 0, n; i < count; i += n) {
        n = count - i < STRETCH / each ? count - i : STRETCH / each;
        tensor part = *t;
        part.data = bytes + (size_t)i * each;
        if (n == STRETCH / each && !any_nonzero(part.data, mask)) continue;
        bad += tensor_floats(&part, 0, 1, n, x);
        scan_f32(s, (const uint8_t *)x, col + i, n);
    }
    return bad;
}

uint64_t scan_bytes(part_scan *s, const tensor *t, const uint8_t *bytes, uint32_t col, uint32_t count) {
    return t->dtype == TENSOR_F32 ? scan_f32(s, bytes, col, count) : scan_other(s, t, bytes, col, count);
}

void scan_sparse(part_scan *s, const uint32_t *col, const float *value, uint64_t count) {
    reserve(s, count);
    for (uint64_t i = 0; i < count; i++) {
        if (value[i] == 0) continue;
        s->col[s->used] = col[i];
        s->value[s->used++] = value[i];
    }
}

void scan_close(part_scan *s, tile_part *part, uint32_t first_latent, uint32_t F, uint32_t row, uint32_t rows) {
    const size_t blocks = blocks_of(F);
    if (!part->start) part->start = mem_new(blocks + 1, sizeof *part->start);
    if (part->room < s->used) {
        free(part->entry);
        part->room = s->used + s->used / 4;
        part->entry = mem_resize(NULL, part->room, sizeof *part->entry);
    }
    uint32_t *start = part->start;
    memset(start, 0, (blocks + 1) * sizeof *start);
    for (uint32_t i = 0; i < s->used; i++) {
        uint32_t latent = s->col[i] - first_latent;
        if (latent < F) start[latent / BLOCK_LATENTS + 1]++;
    }
    for (size_t k = 0; k < blocks; k++) start[k + 1] += start[k];
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t i = s->start[r]; i < s->start[r + 1]; i++) {
            uint32_t latent = s->col[i] - first_latent;
            if (latent >= F) continue;
            part->entry[start[latent / BLOCK_LATENTS]++] =
                (tile_entry){(uint16_t)(row + r), (uint16_t)(latent % BLOCK_LATENTS), s->value[i]};
        }
    /* Each start has moved to the next block's; move them back. */
    memmove(start + 1, start, blocks * sizeof *start);
    start[0] = 0;
    s->used = 0;
}
