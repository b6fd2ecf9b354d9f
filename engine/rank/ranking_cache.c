/* rank/ranking_cache.c: a cache of rankings that evicts the least recently used. */
#include "rank/ranking_cache.h"
#include "base/mem.h"

#include <stdlib.h>

/* Limit in bytes of order and rank of all of them. */
#define LIMIT ((size_t)24 << 20)

typedef struct ranking_slot {
    scry_ranking *ranking; /* owned; NULL: not cached */
    uint64_t used;         /* the clock at its last use */
} ranking_slot;

static size_t count_of(const ranking_cache *k) {
    return SCRY_REFERENCES * scry_index_info(k->index)->trains * SCRY_CONDITIONS * SCRY_METRICS;
}

static size_t slot_of(ranking_key key) {
    return ((key.train * SCRY_CONDITIONS + (size_t)key.source) * SCRY_METRICS + (size_t)key.metric) * SCRY_REFERENCES +
           (size_t)key.against;
}

/* Evicts the least recently used, but neither a nor b, until another one fits. */
static void evict(ranking_cache *k, const scry_ranking *a, const scry_ranking *b) {
    size_t one = (size_t)scry_index_info(k->index)->d_sae * 2 * sizeof(uint32_t), limit = LIMIT / one;
    for (;;) {
        size_t count = 0;
        ranking_slot *oldest = NULL;
        for (ranking_slot *i = k->slots; i < k->slots + count_of(k); i++) {
            if (!i->ranking) continue;
            count++;
            if (i->ranking != a && i->ranking != b && (!oldest || i->used < oldest->used)) oldest = i;
        }
        if (count < limit || !oldest) return;
        scry_ranking_free(oldest->ranking);
        oldest->ranking = NULL;
    }
}

const scry_ranking *ranking_cache_get(ranking_cache *k, ranking_key key, const scry_ranking *a, const scry_ranking *b,
                                      scry_error *err) {
    if (!k->slots) k->slots = mem_new(count_of(k), sizeof *k->slots);
    ranking_slot *i = &k->slots[slot_of(key)];
    if (!i->ranking) {
        const scry_index *view = scry_index_against(k->index, key.against, err);
        scry_ranking *made = view ? scry_rank(view, key.train, key.source, key.metric, err) : NULL;
        if (!made) return NULL;
        evict(k, a, b);
        i->ranking = made;
    }
    i->used = ++k->clock;
    return i->ranking;
}

bool ranking_cache_has(const ranking_cache *k, ranking_key key) {
    return k->slots && k->slots[slot_of(key)].ranking;
}

void ranking_cache_free(ranking_cache *k) {
    for (size_t i = 0; k->slots && i < count_of(k); i++) scry_ranking_free(k->slots[i].ranking);
    free(k->slots);
    k->slots = NULL;
}
