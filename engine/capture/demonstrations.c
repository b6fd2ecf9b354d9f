/* capture/demonstrations.c: see demonstrations.h. */
#include "capture/demonstrations.h"
#include "base/mem.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_MISSES = 1000 }; /* samples in a row that give no token */

uint64_t demonstrations_seed(uint64_t seed, const char *name) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash ^ seed;
}

void demonstrations_draw(uint64_t seed, size_t n, size_t k, size_t *out) {
    size_t *order = mem_new(n, sizeof *order);
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = 0; i < k; i++) {
        size_t at = i + random_below(&seed, (uint32_t)(n - i)), swap = order[at];
        order[at] = order[i];
        out[i] = order[i] = swap;
    }
    free(order);
}

static void keep_last(scry_tokens *tokens, size_t count) {
    size_t cut = tokens->count - count;
    memmove(tokens->ids, tokens->ids + cut, count * sizeof *tokens->ids);
    memmove(tokens->end, tokens->end + cut, count * sizeof *tokens->end);
    tokens->count = count;
}

bool unrelated_tokens(const text_rule *rule, const corpus_group *const *other, size_t others, const char *separator,
                      uint64_t seed, size_t count, scry_tokens *out, scry_error *err) {
    scry_error why = {0};
    for (int misses = 0; others && out->count < count && misses < MOST_MISSES; misses++) {
        const corpus_group *from = other[random_below(&seed, (uint32_t)others)];
        if (!from->count) continue;
        size_t item = from->item[random_below(&seed, (uint32_t)from->count)], before = out->count;
        if (item_encode_in_front(rule, from->corpus, item, separator, out, &why) && out->count > before) misses = -1;
    }
    if (out->count < count)
        return scry_fail(err, "--control: found no text of another domain to put in front%s%s", *why.text ? ": " : "",
                         why.text);
    keep_last(out, count);
    return true;
}
