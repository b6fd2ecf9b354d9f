/* base/select_nth.h: the rank-th largest of many numbers, in expected linear time (C. A. R. Hoare,
 * "Algorithm 65: find"): SELECT_NTH_LARGEST(name, type) defines
 *
 *     static type name(type *v, uint32_t count, uint32_t rank)
 *
 * rank 1 is the largest; v[count] has no NaN and is reordered, in the same way for the same v. */
#ifndef SCRY_BASE_SELECT_NTH_H
#define SCRY_BASE_SELECT_NTH_H

#include "base/random.h"

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

#endif
