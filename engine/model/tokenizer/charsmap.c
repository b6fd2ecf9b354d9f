/* charsmap.c: SentencePiece's table of replacements: a trie as double array (Darts), and the new texts, each closed
 * with NUL, to which its values point. */
#include "model/tokenizer/charsmap.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/tokenizer/rewrite.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

struct charsmap {
    uint32_t *unit;
    size_t units;
    char *texts;
    size_t length;
};

/* ---- reading ---- */

static int digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Returns the bytes, or NULL. */
static uint8_t *from_base64(const char *text, size_t *size) {
    size_t length = strlen(text), n = 0;
    while (length && text[length - 1] == '=') length--;
    uint8_t *bytes = mem_new(length + 1, 1);
    uint32_t group = 0;
    for (size_t i = 0; i < length; i++) {
        int d = digit(text[i]);
        if (d < 0) {
            free(bytes);
            return NULL;
        }
        group = group << 6 | (uint32_t)d;
        if (i % 4) bytes[n++] = (uint8_t)(group >> (6 - 2 * (i % 4)));
    }
    *size = n;
    return bytes;
}

static uint32_t little_endian(const uint8_t *b) {
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

charsmap *charsmap_new(const char *base64) {
    size_t size;
    uint8_t *bytes = from_base64(base64, &size);
    uint32_t trie = bytes && size >= 4 ? little_endian(bytes) : 0;
    charsmap *map = NULL;
    if (trie >= 4 && trie % 4 == 0 && trie <= size - 4) {
        size_t texts = size - 4 - trie;
        const char *text = (const char *)bytes + 4 + trie;
        if (utf8_valid_length(text, texts) == texts) {
            map = mem_new(1, sizeof *map);
            map->units = trie / 4;
            map->unit = mem_new(map->units, sizeof *map->unit);
            for (size_t i = 0; i < map->units; i++) map->unit[i] = little_endian(bytes + 4 + 4 * i);
            map->texts = mem_copy_bytes(text, texts);
            map->length = texts;
        }
    }
    free(bytes);
    return map;
}

void charsmap_free(charsmap *map) {
    if (!map) return;
    free(map->unit);
    free(map->texts);
    free(map);
}

/* ---- replacing ---- */

static size_t offset_of(uint32_t unit) {
    return (size_t)(unit >> 10) << ((unit & (1U << 9)) >> 6);
}

/* What the shortest beginning of the bytes that the table has becomes, or NULL. */
static const char *replacement(const charsmap *map, const char *bytes, size_t length) {
    size_t node = offset_of(map->unit[0]);
    for (size_t i = 0; i < length && bytes[i]; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        node ^= byte;
        if (node >= map->units) return NULL;
        uint32_t unit = map->unit[node];
        if ((unit & ((1U << 31) | 0xff)) != byte) return NULL;
        node ^= offset_of(unit);
        if (node >= map->units) return NULL;
        if (unit >> 8 & 1) {
            size_t at = map->unit[node] & ((1U << 31) - 1);
            bool begins = at < map->length && (at == 0 || !utf8_is_continuation(map->texts[at]));
            return begins ? map->texts + at : NULL;
        }
    }
    return NULL;
}

static size_t count_characters(const char *text, size_t length) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++) count += !utf8_is_continuation(text[i]);
    return count;
}

static void replace(new_characters *n, const char *old, size_t length, const char *by) {
    size_t size = strlen(by);
    int32_t more = (int32_t)count_characters(by, size) - (int32_t)count_characters(old, length);
    for (size_t at = 0; at < size;) {
        unsigned step;
        uint32_t code = utf8_decode_valid(by + at, &step);
        new_characters_add(n, code, 0);
        at += step;
    }
    for (int32_t i = 1; i <= more && (size_t)i <= n->count; i++) n->list[n->count - (size_t)i].change = 1;
    if (more < 0 && n->count) n->list[n->count - 1].change += more;
}

static size_t grapheme_length(const char *text, size_t length) {
    unsigned size, next;
    utf8proc_int32_t state = 0, code = (utf8proc_int32_t)utf8_decode_valid(text, &size);
    size_t at = size;
    while (at < length) {
        utf8proc_int32_t other = (utf8proc_int32_t)utf8_decode_valid(text + at, &next);
        if (utf8proc_grapheme_break_stateful(code, other, &state)) break;
        code = other;
        at += next;
    }
    return at;
}

void charsmap_run(const charsmap *map, const aligned_text *from, aligned_text *to) {
    enum { LONGEST = 6 }; /* bytes of a grapheme from which on its characters are looked up one by one */
    new_characters n = {0};
    for (size_t at = 0; at < from->length && !to->over;) {
        const char *text = from->text + at;
        size_t length = grapheme_length(text, from->length - at);
        const char *by = length < LONGEST ? replacement(map, text, length) : NULL;
        if (by) replace(&n, text, length, by);
        for (size_t i = 0; !by && i < length;) {
            unsigned size;
            uint32_t code = utf8_decode_valid(text + i, &size);
            const char *own = replacement(map, text + i, size);
            if (own) replace(&n, text + i, size, own);
            else new_characters_add(&n, code, 0);
            i += size;
        }
        at += length;
        to->over = to->limit && n.count > to->limit;
    }
    if (!to->over) rewrite_characters(from, 0, from->length, &n, to);
    new_characters_free(&n);
}
