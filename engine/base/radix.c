/* base/radix.c: radix sort, least significant digit first, 11 bits a pass; skips passes whose digits are all equal. */
#include "base/radix.h"

#include <string.h>

enum { BITS = 11, BUCKETS = 1 << BITS, PASSES = 3 };

/* Count the digits of all passes in one reading: the counts do not depend on the order. */
static void count_digits(const radix_item *items, size_t n, uint32_t count[PASSES][BUCKETS]) {
    memset(count, 0, PASSES * sizeof *count);
    for (size_t i = 0; i < n; i++) {
        uint32_t key = items[i].key;
        count[0][key & (BUCKETS - 1)]++;
        count[1][key >> BITS & (BUCKETS - 1)]++;
        count[2][key >> 2 * BITS]++;
    }
}

radix_item *radix_sort(radix_item *from, radix_item *to, size_t n) {
    uint32_t count[PASSES][BUCKETS];
    if (n < 2) return from;
    count_digits(from, n, count);
    for (unsigned pass = 0; pass < PASSES; pass++) {
        unsigned shift = pass * BITS;
        uint32_t *place = count[pass], at = 0;
        if (place[from[0].key >> shift & (BUCKETS - 1)] == n) continue;
        for (size_t k = 0; k < BUCKETS; k++) {
            uint32_t here = place[k];
            place[k] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++) to[place[from[i].key >> shift & (BUCKETS - 1)]++] = from[i];
        radix_item *swap = from;
        from = to;
        to = swap;
    }
    return from;
}
