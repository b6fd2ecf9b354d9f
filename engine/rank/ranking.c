/* rank/ranking.c: latents ordered by size of shift. */
#include "rank/ranking.h"
#include "base/mem.h"
#include "base/radix.h"
#include "index/read/index.h"
#include "scry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Positive doubles order as their bits do; inverted, so that ascending keys are descending sizes. */
static uint64_t descending(double size) {
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    return ~bits;
}

static int by_size(const void *x, const void *y, void *context) {
    const double *shift = context;
    uint32_t a = ((const radix_item *)x)->number, b = ((const radix_item *)y)->number;
    double first = fabs(shift[a]), second = fabs(shift[b]);
    if (first != second) return first > second ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* The key is the leading half of |shift|. Latents that share it are ordered by all of it; mostly these are few, or all
 * equal (latents that never fire) and so in order already. */
static void sort_equal_keys(radix_item *a, size_t n, const double *shift) {
    for (size_t from = 0, to; from < n; from = to) {
        bool in_order = true;
        for (to = from + 1; to < n && a[to].key == a[from].key; to++)
            if (in_order && by_size(&a[to - 1], &a[to], (void *)(uintptr_t)shift) > 0) in_order = false;
        if (!in_order) qsort_r(a + from, to - from, sizeof *a, by_size, (void *)(uintptr_t)shift);
    }
}

void ranking_order(const double *shift, uint32_t F, uint32_t *order) {
    radix_item *items = mem_new(2 * (size_t)F, sizeof *items);
    for (uint32_t j = 0; j < F; j++) items[j] = (radix_item){(uint32_t)(descending(fabs(shift[j])) >> 32), j};
    radix_item *a = radix_sort(items, items + F, F);
    sort_equal_keys(a, F, shift);
    for (uint32_t i = 0; i < F; i++) order[i] = a[i].number;
    free(items);
}

scry_ranking *scry_rank(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                        scry_error *err) {
    const double *shift = scry_shift(index, train, source, metric);
    if (!shift) {
        scry_condition has[SCRY_CONDITIONS];
        char list[64] = "";
        int n = train < scry_index_info(index)->trains ? scry_train_sources(index, train, has) : 0;
        for (int i = 0; i < n; i++) {
            strcat(list, i ? ", " : "");
            strcat(list, scry_condition_name(has[i]));
        }
        scry_misuse(err, "no source \"%s\" in this index; it has: %s", scry_condition_name(source), list);
        return NULL;
    }
    scry_ranking *r = scry_rank_values(shift, scry_index_info(index)->d_sae);
    r->train = train;
    r->source = source;
    r->metric = metric;
    container_drop_pages(&index->file, shift, (uint64_t)r->latents * sizeof *shift);
    return r;
}

scry_ranking *scry_rank_values(const double *shift, uint32_t F) {
    scry_ranking *r = mem_new(1, sizeof *r);
    *r = (scry_ranking){.latents = F, .shift = shift};
    r->order = mem_new(F, sizeof *r->order);
    r->rank = mem_new(F, sizeof *r->rank);
    ranking_order(shift, F, r->order);
    for (uint32_t i = 0; i < F; i++) {
        r->rank[r->order[i]] = i;
        r->total += fabs(shift[i]);
    }
    return r;
}

/* Sums no further than was asked for: mostly the top of a long ranking is shown. */
double scry_cumulative(const scry_ranking *ranking, uint32_t rank) {
    scry_ranking *r = (scry_ranking *)(uintptr_t)ranking; /* made by scry_rank, never a constant */
    if (!r->cumulative) r->cumulative = mem_new(r->latents, sizeof *r->cumulative);
    double sum = r->summed ? r->cumulative[r->summed - 1] : 0;
    for (; r->summed <= rank; r->summed++) {
        sum += fabs(r->shift[r->order[r->summed]]);
        r->cumulative[r->summed] = sum;
    }
    if (!(r->total > 0)) return 0;
    /* total was summed in another order: its rounding must not show */
    return rank + 1 == r->latents || r->cumulative[rank] > r->total ? 1 : r->cumulative[rank] / r->total;
}

void scry_ranking_free(scry_ranking *r) {
    if (!r) return;
    free(r->order);
    free(r->rank);
    free(r->cumulative);
    free(r);
}
