/* vocabulary.c: tokens by their spelling. */
#include "model/tokenizer/vocabulary.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(const char *bytes, size_t length) {
    return XXH3_64bits(bytes, length);
}

/* The slot of the token, or the free one where it belongs. */
static size_t slot_of(const vocabulary *v, const char *token, size_t length) {
    size_t mask = v->slots - 1, at = hash_bytes(token, length) & mask;
    while (v->slot[at]) {
        const vocabulary_entry *e = &v->entry[v->slot[at] - 1];
        if (e->length == length && memcmp(v->bytes + e->at, token, length) == 0) break;
        at = (at + 1) & mask;
    }
    return at;
}

static void grow(vocabulary *v) {
    v->slots = v->slots ? 2 * v->slots : 1024;
    free(v->slot);
    v->slot = mem_new(v->slots, sizeof *v->slot);
    for (size_t i = 0; i < v->count; i++)
        v->slot[slot_of(v, v->bytes + v->entry[i].at, v->entry[i].length)] = (uint32_t)i + 1;
}

bool vocabulary_add(vocabulary *v, const char *token, size_t length, uint32_t id, double score) {
    if (length > UINT32_MAX - v->used) return false;
    if (2 * (v->count + 1) > v->slots) grow(v);
    size_t at = slot_of(v, token, length);
    if (v->slot[at]) {
        v->entry[v->slot[at] - 1].id = id;
        v->entry[v->slot[at] - 1].score = score;
        return true;
    }
    if (v->used + length > v->room) {
        v->room = 2 * (v->used + length) + 4096;
        v->bytes = mem_resize(v->bytes, v->room, 1);
    }
    if (v->count == v->entry_room) {
        v->entry_room = 2 * v->entry_room + 1024;
        v->entry = mem_resize(v->entry, v->entry_room, sizeof *v->entry);
    }
    if (length) memcpy(v->bytes + v->used, token, length);
    v->entry[v->count] = (vocabulary_entry){(uint32_t)v->used, (uint32_t)length, id, score};
    v->used += length;
    v->slot[at] = (uint32_t)++v->count;
    return true;
}

uint32_t vocabulary_find(const vocabulary *v, const char *token, size_t length) {
    if (!v->slots) return NO_TOKEN;
    uint32_t found = v->slot[slot_of(v, token, length)];
    return found ? v->entry[found - 1].id : NO_TOKEN;
}

uint32_t vocabulary_byte(const vocabulary *v, unsigned char byte) {
    char name[8];
    snprintf(name, sizeof name, "<0x%02X>", byte);
    return vocabulary_find(v, name, 6);
}

void vocabulary_free(vocabulary *v) {
    free(v->bytes);
    free(v->entry);
    free(v->slot);
    *v = (vocabulary){0};
}

static void put_byte(json_bytes *out, char byte) {
    out->bytes[out->length++] = byte;
}

bool json_string(json_part value, json_bytes *out) {
    out->length = 0;
    if (!value.at || value.length < 2 || *value.at != '"') return false;
    if (value.length + 8 > out->room) { /* an escape is never shorter than what it stands for */
        out->room = 2 * value.length + 64;
        out->bytes = mem_resize(out->bytes, out->room, 1);
    }
    const char *at = value.at + 1, *end = value.at + value.length - 1;
    static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    while (at < end) {
        if (*at != '\\') {
            put_byte(out, *at++);
            continue;
        }
        if (++at == end) return false;
        const char *which = *at ? strchr(plain, *at) : NULL;
        if (which) {
            put_byte(out, meant[which - plain]);
            at++;
            continue;
        }
        long unit = *at == 'u' ? json_hex4(at + 1, end) : -1;
        if (unit < 0) return false;
        at += 5;
        uint32_t code = (uint32_t)unit;
        if (code >= 0xd800 && code < 0xe000) {
            long second = code < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? json_hex4(at + 2, end) : -1;
            bool pair = second >= 0xdc00 && second < 0xe000;
            code = pair ? 0x10000 + ((code - 0xd800) << 10) + ((uint32_t)second - 0xdc00) : UTF8_REPLACEMENT;
            if (pair) at += 6;
        }
        char bytes[5];
        int size = utf8_encode(code, bytes);
        memcpy(out->bytes + out->length, bytes, (size_t)size);
        out->length += (size_t)size;
    }
    return true;
}

bool json_id(json_part value, uint32_t *id) {
    uint64_t number = 0;
    if (!value.at || value.length == 0 || value.length > 10) return false;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') return false;
        number = number * 10 + (uint64_t)(value.at[i] - '0');
    }
    *id = (uint32_t)number;
    return number < UINT32_MAX;
}
