/* prefix_index.c: spellings in bytewise order. */
#include "model/tokenizer/prefix_index.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void prefix_index_add(prefix_index *index, const char *bytes, size_t length, uint32_t value) {
    if (index->count == index->room) {
        index->room = 2 * index->room + 16;
        index->list = mem_resize(index->list, index->room, sizeof *index->list);
    }
    index->list[index->count++] = (spelling){bytes, (uint32_t)length, value};
}

static int by_bytes(const void *a, const void *b) {
    const spelling *x = a, *y = b;
    int order = memcmp(x->bytes, y->bytes, x->length < y->length ? x->length : y->length);
    if (order) return order;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

void prefix_index_sort(prefix_index *index) {
    if (index->count) qsort(index->list, index->count, sizeof *index->list, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < index->count; i++) {
        const spelling *s = &index->list[i], *last = kept ? &index->list[kept - 1] : NULL;
        if (last && last->length == s->length && memcmp(last->bytes, s->bytes, s->length) == 0) kept--;
        index->list[kept++] = *s;
    }
    index->count = kept;
    for (unsigned byte = 0, i = 0; byte <= 256; byte++) {
        while (i < kept && (unsigned char)index->list[i].bytes[0] < byte) i++;
        index->begin[byte] = i;
    }
}

void prefix_index_free(prefix_index *index) {
    free(index->list);
    *index = (prefix_index){0};
}

/* The first spelling of the walk whose byte at its depth is not below. */
static size_t not_below(const prefix_index *index, const prefix_walk *walk, unsigned byte) {
    size_t low = walk->low, high = walk->high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const spelling *s = &index->list[middle];
        if (s->length <= walk->depth || (unsigned char)s->bytes[walk->depth] < byte) low = middle + 1;
        else high = middle;
    }
    return low;
}

void prefix_next(const prefix_index *index, prefix_walk *walk, char byte) {
    unsigned b = (unsigned char)byte;
    size_t low = not_below(index, walk, b);
    walk->low = low;
    walk->high = not_below(index, walk, b + 1);
    walk->depth++;
}
