/* base/string_pool.c: distinct byte strings, numbered. */
#include "base/string_pool.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static void grow_slots(string_pool *p) {
    uint32_t slots = p->slots ? p->slots * 2 : 1024;
    uint32_t *slot = mem_new(slots, sizeof *slot);
    for (uint32_t i = 0; i < p->count; i++) {
        const char *text = p->bytes + p->at[i];
        uint32_t h = (uint32_t)XXH3_64bits(text, strlen(text)) & (slots - 1);
        while (slot[h]) h = (h + 1) & (slots - 1);
        slot[h] = i + 1;
    }
    free(p->slot);
    p->slot = slot;
    p->slots = slots;
}

uint32_t string_pool_add(string_pool *p, const char *text) {
    if ((uint64_t)p->count * 2 >= p->slots) grow_slots(p);
    size_t length = strlen(text);
    uint32_t h = (uint32_t)XXH3_64bits(text, length) & (p->slots - 1);
    for (; p->slot[h]; h = (h + 1) & (p->slots - 1))
        if (strcmp(p->bytes + p->at[p->slot[h] - 1], text) == 0) return p->slot[h] - 1;
    if (p->used + length + 1 > p->room) {
        p->room = (p->used + length + 1) * 2;
        p->bytes = mem_resize(p->bytes, p->room, 1);
    }
    if (p->count == p->at_room) {
        p->at_room = p->at_room ? p->at_room * 2 : 256;
        p->at = mem_resize(p->at, p->at_room, sizeof *p->at);
    }
    memcpy(p->bytes + p->used, text, length + 1);
    p->at[p->count] = p->used;
    p->used += length + 1;
    p->slot[h] = ++p->count;
    return p->count - 1;
}

const char *string_pool_text(const string_pool *p, uint32_t number) {
    return p->bytes + p->at[number];
}

void string_pool_free(string_pool *p) {
    free(p->bytes);
    free(p->at);
    free(p->slot);
    *p = (string_pool){0};
}
