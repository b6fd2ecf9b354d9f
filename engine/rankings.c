/* rankings.c: the rankings that were asked for, kept as long as there is room. */
#include "rankings.h"

/* Bytes that they may take; order and rank of each. */
#define ROOM ((size_t)24 << 20)

static size_t place_of(scry_condition source, scry_metric metric) {
    return (size_t)source * SCRY_METRICS + (size_t)metric;
}

/* Lets go of what was not asked for the longest until another one fits. */
static void make_room(rankings *k, const scry_ranking *a, const scry_ranking *b) {
    size_t one = (size_t)scry_about(k->index)->d_sae * 2 * sizeof(uint32_t), most = ROOM / one;
    for (;;) {
        size_t count = 0, oldest = RANKINGS_MOST;
        for (size_t i = 0; i < RANKINGS_MOST; i++) {
            if (!k->kept[i]) continue;
            count++;
            if (k->kept[i] == a || k->kept[i] == b) continue;
            if (oldest == RANKINGS_MOST || k->used[i] < k->used[oldest]) oldest = i;
        }
        if (count < most || oldest == RANKINGS_MOST) return;
        scry_ranking_free(k->kept[oldest]);
        k->kept[oldest] = NULL;
    }
}

const scry_ranking *rankings_get(rankings *k, scry_condition source, scry_metric metric, const scry_ranking *a,
                                 const scry_ranking *b, scry_error *err) {
    size_t i = place_of(source, metric);
    if (!k->kept[i]) {
        scry_ranking *made = scry_rank(k->index, k->train, source, metric, err);
        if (!made) return NULL;
        make_room(k, a, b);
        k->kept[i] = made;
    }
    k->used[i] = ++k->clock;
    return k->kept[i];
}

bool rankings_has(const rankings *k, scry_condition source, scry_metric metric) {
    return k->kept[place_of(source, metric)] != NULL;
}

void rankings_free(rankings *k) {
    for (size_t i = 0; i < RANKINGS_MOST; i++) scry_ranking_free(k->kept[i]);
}
