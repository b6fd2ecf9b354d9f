/* rank/ranking_cache.h: a cache of an index's rankings: ranking a million latents takes a frame, and people go back and
 * forth between sources. For the engine's own files. */
#ifndef SCRY_RANK_RANKING_CACHE_H
#define SCRY_RANK_RANKING_CACHE_H

#include "scry.h"

typedef struct ranking_key {
    size_t train;
    scry_condition source;
    scry_metric metric;
    scry_reference against;
} ranking_key;

typedef struct ranking_cache {
    const scry_index *index;    /* borrowed; any of its views */
    struct ranking_slot *slots; /* owned; by key */
    uint64_t clock;
} ranking_cache;

/* The ranking, owned by the cache; NULL and err when there is no such source. May free others, but not a and b (may be
 * NULL). */
const scry_ranking *ranking_cache_get(ranking_cache *k, ranking_key key, const scry_ranking *a, const scry_ranking *b,
                                      scry_error *err);
bool ranking_cache_has(const ranking_cache *k, ranking_key key);
void ranking_cache_free(ranking_cache *k);

#endif
