/* aligned_text.c: a text whose bytes know where they come from. */
#include "model/tokenizer/aligned_text.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

void aligned_text_free(aligned_text *a) {
    free(a->text);
    free(a->from);
    free(a->pieces);
    *a = (aligned_text){0};
}

void aligned_text_clear(aligned_text *a, uint32_t origin) {
    a->length = a->count = 0;
    a->over = false;
    a->origin = origin;
}

/* Makes room; false past the limit. */
static bool reserve(aligned_text *a, size_t more) {
    if (a->limit && (more > a->limit || a->length > a->limit - more)) return a->over = true, false;
    if (a->length + more <= a->room) return true;
    a->room = 2 * (a->length + more) + 64;
    a->text = mem_resize(a->text, a->room, 1);
    a->from = mem_resize(a->from, a->room, sizeof *a->from);
    return true;
}

void aligned_text_add_original(aligned_text *a, const char *bytes, size_t length, uint32_t at) {
    if (!reserve(a, length)) return;
    memcpy(a->text + a->length, bytes, length);
    text_span *from = a->from + a->length;
    for (size_t i = 0; i < length;) {
        unsigned char lead = (unsigned char)bytes[i];
        unsigned size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        uint32_t begin = at + (uint32_t)i;
        for (unsigned k = 0; k < size && i < length; k++) from[i++] = (text_span){begin, begin + size};
    }
    a->length += length;
}

void aligned_text_add(aligned_text *a, const char *bytes, size_t length, text_span from) {
    if (!reserve(a, length)) return;
    memcpy(a->text + a->length, bytes, length);
    for (size_t i = 0; i < length; i++) a->from[a->length + i] = from;
    a->length += length;
}

void aligned_text_add_code(aligned_text *a, uint32_t code, text_span from) {
    char bytes[5];
    aligned_text_add(a, bytes, (size_t)utf8_encode(code, bytes), from);
}

void aligned_text_copy(aligned_text *a, const aligned_text *other, size_t at, size_t length) {
    if (!length || !reserve(a, length)) return;
    memcpy(a->text + a->length, other->text + at, length);
    memcpy(a->from + a->length, other->from + at, length * sizeof *a->from);
    a->length += length;
}

void aligned_text_piece(aligned_text *a, size_t at, size_t length, int64_t id) {
    if (!length) return;
    if (a->count == a->piece_room) {
        a->piece_room = 2 * a->piece_room + 64;
        a->pieces = mem_resize(a->pieces, a->piece_room, sizeof *a->pieces);
    }
    a->pieces[a->count++] = (text_piece){at, length, id};
}

text_span aligned_text_before(const aligned_text *a, size_t at) {
    return at ? a->from[at - 1] : (text_span){a->origin, a->origin};
}

void aligned_text_swap(aligned_text *a, aligned_text *b) {
    aligned_text both = *a;
    *a = *b;
    *b = both;
}
