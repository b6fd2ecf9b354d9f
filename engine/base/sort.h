/* base/sort.h: order by size: sorting in linear time, the rank-th largest, the best n. */
#ifndef SCRY_BASE_SORT_H
#define SCRY_BASE_SORT_H

#include "base/random.h"

#include <stddef.h>
#include <stdint.h>

/* A number and its sort key: 8 bytes, so that a million of them sort within a frame. */
typedef struct radix_item {
    uint32_t key, number;
} radix_item;

/* Sort n items by key, ascending and stable. room: scratch for n items. Returns items or room, where the result is. */
radix_item *radix_sort(radix_item *items, radix_item *room, size_t n);

/* order[n]: the places of value[n] by |value| descending, ties by place ascending. O(n). */
void argsort_by_size(const double *value, uint32_t n, uint32_t *order);

/* Sort ascending, in linear time, without comparisons. The values are 0 or more, without NaN and -0. */
void sort_positive(float *values, size_t n);

/* The rank-th largest of many numbers, in expected linear time (C. A. R. Hoare, "Algorithm 65: find"):
 * SELECT_NTH_LARGEST(name, type) defines
 *
 *     static type name(type *v, uint32_t count, uint32_t rank)
 *
 * rank 1 is the largest; v[count] has no NaN and is reordered, in the same way for the same v. */
#define SELECT_NTH_LARGEST(name, type)                                                                                 \
    static type name(type *v, uint32_t count, uint32_t rank) {                                                         \
        uint64_t state = count;                                                                                        \
        for (uint32_t low = 0, high = count;;) {                                                                       \
            type pivot = v[low + random_below(&state, high - low)];                                                    \
            uint32_t above = low, at = low, below = high; /* v[low..above) > pivot, [below..high) < pivot */           \
            while (at < below) {                                                                                       \
                type x = v[at];                                                                                        \
                uint32_t to = x > pivot ? above++ : x < pivot ? --below : at;                                          \
                v[at] = v[to];                                                                                         \
                v[to] = x;                                                                                             \
                at += !(x < pivot);                                                                                    \
            }                                                                                                          \
            if (rank - 1 < above) high = above;                                                                        \
            else if (rank - 1 >= below) low = below;                                                                   \
            else return pivot;                                                                                         \
        }                                                                                                              \
    }

/* The best n of many items, kept in order by insertion: TOP_N_INSERT(name, type, better) defines
 *
 *     static size_t name(type *list, size_t n, size_t top, size_t at, const type *item, int order)
 *
 * which puts a copy of item into list[n], sorted best first, where it is good enough, and returns the new length, at
 * most top. at < n: item may only take the place of list[at] (the same thing with another value); at == n: of none,
 * then the last item is dropped where the list is full. better(const type *a, const type *b, int order) is true when a
 * goes before b, and false when they are equal: of equal items the earlier one stays in front. */
#define TOP_N_INSERT(name, type, better)                                                                               \
    static size_t name(type *list, size_t n, size_t top, size_t at, const type *item, int order) {                     \
        if (at == n && n < top) n++;                                                                                   \
        else if (!top || !better(item, &list[at < n ? at : --at], order)) return n;                                    \
        for (; at > 0 && better(item, &list[at - 1], order); at--) list[at] = list[at - 1];                            \
        list[at] = *item;                                                                                              \
        return n;                                                                                                      \
    }

#endif
