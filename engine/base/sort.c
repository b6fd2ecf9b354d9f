/* base/sort.c: sorting of floats without comparisons. */
#include "base/sort.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Radix sort: floats that are not negative order as their bits do. */
void sort_positive(float *values, size_t n) {
    enum { BITS = 11, BUCKETS = 1 << BITS };
    uint32_t *from = mem_new(n, sizeof *from), *to = mem_new(n, sizeof *to);
    memcpy(from, values, n * sizeof *from);
    for (unsigned shift = 0; shift < 32; shift += BITS) {
        size_t count[BUCKETS] = {0}, at = 0;
        for (size_t i = 0; i < n; i++) count[from[i] >> shift & (BUCKETS - 1)]++;
        for (size_t k = 0; k < BUCKETS; k++) {
            size_t here = count[k];
            count[k] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++) to[count[from[i] >> shift & (BUCKETS - 1)]++] = from[i];
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    memcpy(values, from, n * sizeof *from);
    free(from);
    free(to);
}
