/* select.c: the largest of many. */
#include "train/select.h"
#include "base/random.h"

real select_nth(real *v, uint32_t count, uint32_t rank) {
    uint64_t state = count;
    for (uint32_t low = 0, high = count;;) {
        real pivot = v[low + random_below(&state, high - low)];
        uint32_t above = low, at = low, below = high; /* v[low..above) > pivot, [below..high) < pivot */
        while (at < below) {
            real x = v[at];
            uint32_t to = x > pivot ? above++ : x < pivot ? --below : at;
            v[at] = v[to];
            v[to] = x;
            at += !(x < pivot);
        }
        if (rank - 1 < above) high = above;
        else if (rank - 1 >= below) low = below;
        else return pivot;
    }
}

/* The largest of each of `groups` groups: numbers that are equal modulo groups. */
WIDE static void group_maxima(const real *row, uint32_t n, uint32_t groups, real *most) {
    for (uint32_t g = 0; g < groups; g++) most[g] = row[g];
    uint32_t from = groups;
    for (; from + groups <= n; from += groups)
        for (uint32_t g = 0; g < groups; g++) most[g] = row[from + g] > most[g] ? row[from + g] : most[g];
    for (uint32_t g = 0; from + g < n; g++) most[g] = row[from + g] > most[g] ? row[from + g] : most[g];
}

WIDE static uint32_t at_least(const real *row, uint32_t n, real bound, uint32_t *out) {
    uint32_t count = 0, j = 0;
    for (; j + 16 <= n; j += 16) {
        int any = 0;
        for (uint32_t l = 0; l < 16; l++) any |= row[j + l] >= bound;
        if (!any) continue;
        for (uint32_t l = 0; l < 16; l++) {
            out[count] = j + l;
            count += row[j + l] >= bound;
        }
    }
    for (; j < n; j++) {
        out[count] = j;
        count += row[j] >= bound;
    }
    return count;
}

/* Of the k largest group maxima none is smaller than their k-th, so the k largest of all are at or above it. */
static real lower_bound(const real *row, uint32_t n, uint32_t k, real *spare) {
    const real least = (real)1e-30;
    uint32_t groups = (4 * k + 63) / 64 * 64;
    if (groups > n / 2) return least;
    group_maxima(row, n, groups, spare);
    real bound = select_nth(spare, groups, k);
    return bound > least ? bound : least;
}

uint32_t select_top(const real *row, uint32_t n, uint32_t k, uint32_t *out, real *spare) {
    if (k == 0) return 0;
    uint32_t count = at_least(row, n, lower_bound(row, n, k, spare), out);
    if (count <= k) return count;
    for (uint32_t i = 0; i < count; i++) spare[i] = row[out[i]];
    real cut = select_nth(spare, count, k);
    uint32_t larger = 0, kept = 0;
    for (uint32_t i = 0; i < count; i++) larger += row[out[i]] > cut;
    uint32_t ties = k - larger;
    for (uint32_t i = 0; i < count; i++) {
        bool tie = !(row[out[i]] > cut) && !(row[out[i]] < cut);
        if (row[out[i]] < cut || (tie && ties == 0)) continue;
        ties -= tie;
        out[kept++] = out[i];
    }
    return kept;
}
