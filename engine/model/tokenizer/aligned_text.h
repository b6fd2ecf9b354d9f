/* aligned_text.h: a text on its way to the model, changed by normalizers and pre-tokenizers, in which every byte knows
 * the bytes of the original that it comes from; and its pieces, which the model takes one by one.
 *
 * Whole characters are mapped, as in the tokenizers library: all bytes of a character have the same span. */
#ifndef SCRY_MODEL_TOKENIZER_ALIGNED_TEXT_H
#define SCRY_MODEL_TOKENIZER_ALIGNED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct text_span {
    uint32_t begin, end; /* bytes of the original text */
} text_span;

typedef struct text_piece {
    size_t at, length; /* in the aligned text */
    int64_t id;        /* of an added token; -1: for the model */
} text_piece;

typedef struct aligned_text {
    char *text; /* valid UTF-8; not closed */
    text_span *from;
    size_t length, room;
    text_piece *pieces; /* in order; they cover the text but for what was removed */
    size_t count, piece_room;
    uint32_t origin; /* where the text begins in the original */
    size_t limit;    /* bytes; 0: none. A file may ask for texts that grow without end */
    bool over;       /* the limit was met: what was to be appended then is missing */
} aligned_text;

enum { ALIGNED_GROWTH = 64 }; /* more times than any of Unicode's forms */
/* The limit for a text of this length. */
static inline size_t aligned_text_limit(size_t length) {
    return ALIGNED_GROWTH * length + (1 << 20);
}

void aligned_text_free(aligned_text *a);
void aligned_text_clear(aligned_text *a, uint32_t origin); /* keeps its memory */
/* Appends bytes of the original that begin at `at` there. */
void aligned_text_add_original(aligned_text *a, const char *bytes, size_t length, uint32_t at);
/* Appends bytes that all come from one span. */
void aligned_text_add(aligned_text *a, const char *bytes, size_t length, text_span from);
void aligned_text_add_code(aligned_text *a, uint32_t code, text_span from);
/* Appends bytes [at, at + length) of another. */
void aligned_text_copy(aligned_text *a, const aligned_text *other, size_t at, size_t length);
/* Appends a piece, unless it is empty. */
void aligned_text_piece(aligned_text *a, size_t at, size_t length, int64_t id);
/* The span of what is inserted behind the first `at` bytes: that of the byte before, or the empty one at the origin. */
text_span aligned_text_before(const aligned_text *a, size_t at);
void aligned_text_swap(aligned_text *a, aligned_text *b);

#endif
