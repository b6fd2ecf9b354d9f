/* base/top_n.h: the best n of many items, kept in order by insertion. TOP_N_INSERT(name, type, better) defines
 *
 *     static size_t name(type *list, size_t n, size_t top, size_t at, const type *item, int order)
 *
 * which puts a copy of item into list[n], sorted best first, where it is good enough, and returns the new length, at
 * most top. at < n: item may only take the place of list[at] (the same thing with another value); at == n: of none,
 * then the last item is dropped where the list is full. better(const type *a, const type *b, int order) is true when a
 * goes before b, and false when they are equal: of equal items the earlier one stays in front. */
#ifndef SCRY_BASE_TOP_N_H
#define SCRY_BASE_TOP_N_H

#include <stddef.h>

#define TOP_N_INSERT(name, type, better)                                                                               \
    static size_t name(type *list, size_t n, size_t top, size_t at, const type *item, int order) {                     \
        if (at == n && n < top) n++;                                                                                   \
        else if (!top || !better(item, &list[at < n ? at : --at], order)) return n;                                    \
        for (; at > 0 && better(item, &list[at - 1], order); at--) list[at] = list[at - 1];                            \
        list[at] = *item;                                                                                              \
        return n;                                                                                                      \
    }

#endif
