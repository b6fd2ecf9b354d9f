/* train/top_k.c: the largest of many. */
#include "train/top_k.h"
#include "base/sort.h"

SELECT_NTH_LARGEST(nth_largest, real)

real top_k_nth(real *v, uint32_t count, uint32_t rank) {
    return nth_largest(v, count, rank);
}

/* The largest of each of `groups` groups: numbers that are equal modulo groups. */
CPU_DISPATCH static void group_maxima(const real *row, uint32_t n, uint32_t groups, real *most) {
    for (uint32_t g = 0; g < groups; g++) most[g] = row[g];
    uint32_t from = groups;
    for (; from + groups <= n; from += groups)
        for (uint32_t g = 0; g < groups; g++) most[g] = row[from + g] > most[g] ? row[from + g] : most[g];
    for (uint32_t g = 0; from + g < n; g++) most[g] = row[from + g] > most[g] ? row[from + g] : most[g];
}

/* Sixteen at a time: where none is above, none is looked at alone. */
#define SELECT_ABOVE(bound_of)                                                                                         \
    uint32_t count = 0, j = 0;                                                                                         \
    for (; j + 16 <= n; j += 16) {                                                                                     \
        int any = 0;                                                                                                   \
        for (uint32_t l = 0; l < 16; l++) any |= row[j + l] > bound_of(j + l);                                         \
        if (!any) continue;                                                                                            \
        for (uint32_t l = 0; l < 16; l++) {                                                                            \
            out[count] = j + l;                                                                                        \
            count += row[j + l] > bound_of(j + l);                                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    for (; j < n; j++) {                                                                                               \
        out[count] = j;                                                                                                \
        count += row[j] > bound_of(j);                                                                                 \
    }                                                                                                                  \
    return count;

CPU_DISPATCH uint32_t top_k_above(const real *row, uint32_t n, real bound, uint32_t *out){
#define ONE_BOUND(i) bound
    SELECT_ABOVE(ONE_BOUND)}

CPU_DISPATCH uint32_t top_k_above_each(const real *row, uint32_t n, const real *bounds, uint32_t *out){
#define OWN_BOUND(i) bounds[i]
    SELECT_ABOVE(OWN_BOUND)}

CPU_DISPATCH static uint32_t count_above(const real *v, uint32_t n, real bound) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) count += v[i] > bound;
    return count;
}

CPU_DISPATCH static real largest(const real *v, uint32_t n) {
    real most = v[0];
    for (uint32_t i = 1; i < n; i++) most = v[i] > most ? v[i] : most;
    return most;
}

enum { HALVINGS = 20 };

/* A bound, `least` or larger, above which are k to `enough` of v[n], found by halving: no branch that cannot be
 * foreseen. When it is not found so, one above which are k or more, or `least`. */
static real bound_for(const real *v, uint32_t n, uint32_t k, uint32_t enough, real least) {
    real low = least, high = largest(v, n);
    for (int i = 0; i < HALVINGS && high > low; i++) {
        real middle = low + (high - low) / 2;
        uint32_t count = count_above(v, n, middle);
        if (count >= k) low = middle;
        else high = middle;
        if (count >= k && count <= enough) break;
    }
    return low;
}

/* Of the k largest group maxima each is one of the row, so the k largest of all are above a bound above which these
 * are. */
static real lower_bound(const real *row, uint32_t n, uint32_t k, real *spare) {
    uint32_t groups = (4 * k + 63) / 64 * 64;
    if (groups > n / 2) return 0;
    group_maxima(row, n, groups, spare);
    return bound_for(spare, groups, k, k + k / 8, 0);
}

uint32_t top_k_select(const real *row, uint32_t n, uint32_t k, uint32_t *out, real *spare) {
    if (k == 0) return 0;
    uint32_t count = top_k_above(row, n, lower_bound(row, n, k, spare), out);
    if (count <= k) return count;
    for (uint32_t i = 0; i < count; i++) spare[i] = row[out[i]];
    real bound = bound_for(spare, count, k, k, 0);
    uint32_t above = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = out[i];
        out[above] = j;
        above += row[j] > bound;
    }
    if (above == k) return k;
    /* equal ones at the cut: the lower numbers are kept */
    for (uint32_t i = 0; i < above; i++) spare[i] = row[out[i]];
    real cut = top_k_nth(spare, above, k);
    uint32_t kept = 0, ties = k;
    for (uint32_t i = 0; i < above; i++) ties -= row[out[i]] > cut;
    for (uint32_t i = 0; i < above; i++) {
        bool tie = !(row[out[i]] > cut) && !(row[out[i]] < cut);
        if (row[out[i]] < cut || (tie && ties == 0)) continue;
        ties -= tie;
        out[kept++] = out[i];
    }
    return kept;
}
