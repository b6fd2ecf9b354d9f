/* base/string_pool.h: distinct byte strings numbered 0, 1, 2, ... in order of first appearance. */
#ifndef SCRY_BASE_STRING_POOL_H
#define SCRY_BASE_STRING_POOL_H

#include <stddef.h>
#include <stdint.h>

typedef struct string_pool {
    char *bytes; /* all strings, each followed by NUL */
    size_t used, room;
    uint64_t *at; /* [count] where each begins in bytes */
    uint32_t count, at_room;
    uint32_t *slot; /* hash table of numbers + 1 */
    uint32_t slots;
} string_pool;

/* The string's number; adds it when new. */
uint32_t string_pool_add(string_pool *p, const char *text);
const char *string_pool_text(const string_pool *p, uint32_t number);
void string_pool_free(string_pool *p);

#endif
