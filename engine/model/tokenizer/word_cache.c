/* word_cache.c: tokens of words that were seen before. */
#include "model/tokenizer/word_cache.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16, MOST = SLOTS / 4 * 3, PROBES = 8 };

typedef struct cached {
    uint64_t hash;
    uint32_t length, count;
    piece_token token[]; /* [count], then the word's bytes */
} cached;

struct word_cache {
    _Atomic(cached *) *slot; /* [SLOTS]; once set, they stay */
    _Atomic uint32_t count;
};

word_cache *word_cache_new(void) {
    word_cache *cache = mem_new(1, sizeof *cache);
    cache->slot = mem_new(SLOTS, sizeof *cache->slot);
    return cache;
}

void word_cache_free(word_cache *cache) {
    if (!cache) return;
    for (size_t i = 0; i < SLOTS; i++) free(atomic_load_explicit(&cache->slot[i], memory_order_relaxed));
    free(cache->slot);
    free(cache);
}

bool word_cache_get(const word_cache *cache, const char *word, size_t length, uint64_t hash, token_list *out) {
    for (size_t probe = 0; probe < PROBES; probe++) {
        const cached *entry = atomic_load_explicit(&cache->slot[(hash + probe) % SLOTS], memory_order_acquire);
        if (!entry) return false;
        if (entry->hash != hash || entry->length != length || memcmp(entry->token + entry->count, word, length) != 0)
            continue;
        for (uint32_t i = 0; i < entry->count; i++) token_list_add(out, entry->token[i].id, entry->token[i].end);
        return true;
    }
    return false;
}

void word_cache_put(word_cache *cache, const char *word, size_t length, uint64_t hash, const token_list *tokens,
                    size_t first) {
    if (length > WORD_CACHE_LONGEST || atomic_load_explicit(&cache->count, memory_order_relaxed) >= MOST) return;
    size_t count = tokens->count - first;
    cached *entry = mem_new(sizeof *entry + count * sizeof *entry->token + length, 1);
    *entry = (cached){.hash = hash, .length = (uint32_t)length, .count = (uint32_t)count};
    if (count) memcpy(entry->token, tokens->token + first, count * sizeof *entry->token);
    memcpy(entry->token + count, word, length);
    for (size_t probe = 0; probe < PROBES; probe++) {
        cached *none = NULL;
        if (atomic_compare_exchange_strong_explicit(&cache->slot[(hash + probe) % SLOTS], &none, entry,
                                                    memory_order_release, memory_order_relaxed)) {
            atomic_fetch_add_explicit(&cache->count, 1, memory_order_relaxed);
            return;
        }
    }
    free(entry);
}
