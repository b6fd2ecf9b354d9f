/* shift.c: latents ranked by how far post-training, or a demonstration, moves them. */
#include "scry.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A latent under the leading half of its |shift|: small, so that a million of them sort within a
 * frame. */
typedef struct keyed {
    uint32_t key, latent;
} keyed;

/* Positive doubles order as their bits do; turned around so that ascending keys are descending
 * sizes. */
static uint64_t descending(double size) {
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    return ~bits;
}

/* Radix sort, 11 bits a pass, linear in F; stable, so that equal keys stay in order of latent. */
static keyed *sort_keys(keyed *from, keyed *to, size_t n) {
    enum { BITS = 11, BUCKETS = 1 << BITS };
    uint32_t count[BUCKETS];
    for (unsigned shift = 0; shift < 32; shift += BITS) {
        memset(count, 0, sizeof count);
        for (size_t i = 0; i < n; i++) count[from[i].key >> shift & (BUCKETS - 1)]++;
        if (n && count[from[0].key >> shift & (BUCKETS - 1)] == n) continue; /* all alike here */
        uint32_t at = 0;
        for (size_t k = 0; k < BUCKETS; k++) {
            uint32_t here = count[k];
            count[k] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++) to[count[from[i].key >> shift & (BUCKETS - 1)]++] = from[i];
        keyed *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

static int by_size(const void *x, const void *y, void *context) {
    const double *shift = context;
    uint32_t a = ((const keyed *)x)->latent, b = ((const keyed *)y)->latent;
    double first = fabs(shift[a]), second = fabs(shift[b]);
    if (first != second) return first > second ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Latents that share a leading half are ordered by all of it; mostly they are few, or all equal (the
 * silent ones) and so in order already. */
static void sort_equal_keys(keyed *a, size_t n, const double *shift) {
    for (size_t from = 0, to; from < n; from = to) {
        bool in_order = true;
        for (to = from + 1; to < n && a[to].key == a[from].key; to++)
            if (in_order && by_size(&a[to - 1], &a[to], (void *)(uintptr_t)shift) > 0) in_order = false;
        if (!in_order) qsort_r(a + from, to - from, sizeof *a, by_size, (void *)(uintptr_t)shift);
    }
}

scry_ranking *scry_rank(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                        scry_error *err) {
    const double *shift = scry_shift(index, train, source, metric);
    if (!shift) {
        scry_condition has[SCRY_CONDITIONS];
        char list[64] = "";
        int n = train < scry_about(index)->trains ? scry_sources(index, train, has) : 0;
        for (int i = 0; i < n; i++) {
            strcat(list, i ? ", " : "");
            strcat(list, scry_condition_name(has[i]));
        }
        scry_misuse(err, "no source \"%s\" in this index; it has: %s", scry_condition_name(source), list);
        return NULL;
    }
    scry_ranking *r = scry_rank_values(shift, scry_about(index)->d_sae);
    r->train = train;
    r->source = source;
    r->metric = metric;
    return r;
}

scry_ranking *scry_rank_values(const double *shift, uint32_t F) {
    scry_ranking *r = mem_new(1, sizeof *r);
    *r = (scry_ranking){.latents = F, .shift = shift};
    r->order = mem_new(F, sizeof *r->order);
    r->rank = mem_new(F, sizeof *r->rank);
    r->cumulative = mem_new(F, sizeof *r->cumulative);
    keyed *keys = mem_new(2 * (size_t)F, sizeof *keys);
    for (uint32_t j = 0; j < F; j++) keys[j] = (keyed){(uint32_t)(descending(fabs(shift[j])) >> 32), j};
    keyed *a = sort_keys(keys, keys + F, F);
    sort_equal_keys(a, F, shift);
    for (uint32_t i = 0; i < F; i++) {
        r->order[i] = a[i].latent;
        r->rank[a[i].latent] = i;
        r->total += fabs(shift[a[i].latent]);
        r->cumulative[i] = r->total;
    }
    for (uint32_t i = 0; i < F && r->total > 0; i++) r->cumulative[i] /= r->total;
    free(keys);
    return r;
}

void scry_ranking_free(scry_ranking *r) {
    if (!r) return;
    free(r->order);
    free(r->rank);
    free(r->cumulative);
    free(r);
}
