/* prefix_index.h: spellings in bytewise order, to find those that a text begins with. */
#ifndef SCRY_MODEL_TOKENIZER_PREFIX_INDEX_H
#define SCRY_MODEL_TOKENIZER_PREFIX_INDEX_H

#include <stddef.h>
#include <stdint.h>

typedef struct spelling {
    const char *bytes; /* borrowed */
    uint32_t length;
    uint32_t value;
} spelling;

typedef struct prefix_index {
    spelling *list;
    size_t count, room;
    size_t begin[257]; /* of the spellings with each first byte */
} prefix_index;

/* Adds a spelling, which is not empty, before prefix_index_sort. */
void prefix_index_add(prefix_index *index, const char *bytes, size_t length, uint32_t value);
/* Sorts; of equal spellings the one with the largest value remains. */
void prefix_index_sort(prefix_index *index);
void prefix_index_free(prefix_index *index);

/* A walk along a text: the spellings low..high share its first `depth` bytes. */
typedef struct prefix_walk {
    size_t low, high, depth;
} prefix_walk;

/* Begins with the text's first byte; low == high where there are none. */
static inline prefix_walk prefix_begin(const prefix_index *index, char byte) {
    unsigned char b = (unsigned char)byte;
    return (prefix_walk){index->begin[b], index->begin[b + 1], 1};
}
/* Goes on with the next byte. */
void prefix_next(const prefix_index *index, prefix_walk *walk, char byte);
/* The spelling that is the text up to here, or NULL. */
static inline const spelling *prefix_found(const prefix_index *index, const prefix_walk *walk) {
    const spelling *first = &index->list[walk->low];
    return walk->low < walk->high && first->length == walk->depth ? first : NULL;
}

#endif
