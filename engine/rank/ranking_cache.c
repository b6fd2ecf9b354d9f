/* rank/ranking_cache.c: the rankings that were asked for, kept as long as there is room. */
#include "rank/ranking_cache.h"
#include "base/mem.h"

#include <stdlib.h>

/* Bytes that they may take; order and rank of each. */
#define ROOM ((size_t)24 << 20)

typedef struct kept_ranking {
    scry_ranking *of; /* owned; NULL: not kept */
    uint64_t used;    /* when it was last asked for */
} kept_ranking;

static size_t count_of(const ranking_cache *k) {
    return scry_index_info(k->index)->trains * SCRY_CONDITIONS * SCRY_METRICS;
}

static size_t place_of(size_t train, scry_condition source, scry_metric metric) {
    return (train * SCRY_CONDITIONS + (size_t)source) * SCRY_METRICS + (size_t)metric;
}

/* Lets go of what was not asked for the longest until another one fits. */
static void make_room(ranking_cache *k, const scry_ranking *a, const scry_ranking *b) {
    size_t one = (size_t)scry_index_info(k->index)->d_sae * 2 * sizeof(uint32_t), most = ROOM / one;
    for (;;) {
        size_t count = 0;
        kept_ranking *oldest = NULL;
        for (kept_ranking *i = k->kept; i < k->kept + count_of(k); i++) {
            if (!i->of) continue;
            count++;
            if (i->of != a && i->of != b && (!oldest || i->used < oldest->used)) oldest = i;
        }
        if (count < most || !oldest) return;
        scry_ranking_free(oldest->of);
        oldest->of = NULL;
    }
}

const scry_ranking *ranking_cache_get(ranking_cache *k, size_t train, scry_condition source, scry_metric metric,
                                      const scry_ranking *a, const scry_ranking *b, scry_error *err) {
    if (!k->kept) k->kept = mem_new(count_of(k), sizeof *k->kept);
    kept_ranking *i = &k->kept[place_of(train, source, metric)];
    if (!i->of) {
        scry_ranking *made = scry_rank(k->index, train, source, metric, err);
        if (!made) return NULL;
        make_room(k, a, b);
        i->of = made;
    }
    i->used = ++k->clock;
    return i->of;
}

bool ranking_cache_has(const ranking_cache *k, size_t train, scry_condition source, scry_metric metric) {
    return k->kept && k->kept[place_of(train, source, metric)].of;
}

void ranking_cache_free(ranking_cache *k) {
    for (size_t i = 0; k->kept && i < count_of(k); i++) scry_ranking_free(k->kept[i].of);
    free(k->kept);
    k->kept = NULL;
}
