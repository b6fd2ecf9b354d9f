/* base/sort.c: sorting in linear time, without comparisons. */
#include "base/sort.h"
#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Least significant digit first, 11 bits a pass; passes whose digits are all equal are skipped. */
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

/* Positive doubles order as their bits do; inverted, so that ascending keys are descending sizes. */
static uint64_t descending(double size) {
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    return ~bits;
}

static int by_size(const void *x, const void *y, void *context) {
    const double *value = context;
    uint32_t a = ((const radix_item *)x)->number, b = ((const radix_item *)y)->number;
    double first = fabs(value[a]), second = fabs(value[b]);
    if (first != second) return first > second ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* The key is the leading half of |value|. Items that share it are ordered by all of it; mostly they are few, or all
 * equal (zeros) and so in order already. */
static void sort_equal_keys(radix_item *a, size_t n, const double *value) {
    for (size_t from = 0, to; from < n; from = to) {
        bool in_order = true;
        for (to = from + 1; to < n && a[to].key == a[from].key; to++)
            if (in_order && by_size(&a[to - 1], &a[to], (void *)(uintptr_t)value) > 0) in_order = false;
        if (!in_order) qsort_r(a + from, to - from, sizeof *a, by_size, (void *)(uintptr_t)value);
    }
}

void argsort_by_size(const double *value, uint32_t n, uint32_t *order) {
    radix_item *items = mem_new(2 * (size_t)n, sizeof *items);
    for (uint32_t j = 0; j < n; j++) items[j] = (radix_item){(uint32_t)(descending(fabs(value[j])) >> 32), j};
    radix_item *a = radix_sort(items, items + n, n);
    sort_equal_keys(a, n, value);
    for (uint32_t i = 0; i < n; i++) order[i] = a[i].number;
    free(items);
}

void sort_positive(float *values, size_t n) {
    radix_item *items = mem_new(2 * n, sizeof *items);
    for (size_t i = 0; i < n; i++) memcpy(&items[i].key, &values[i], sizeof *values); /* ordered as their bits are */
    const radix_item *sorted = radix_sort(items, items + n, n);
    for (size_t i = 0; i < n; i++) memcpy(&values[i], &sorted[i].key, sizeof *values);
    free(items);
}
