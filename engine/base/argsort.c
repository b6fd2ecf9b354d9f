/* base/argsort.c: the order of numbers by size. */
#include "base/argsort.h"
#include "base/mem.h"
#include "base/radix.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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
