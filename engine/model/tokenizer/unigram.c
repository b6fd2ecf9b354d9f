/* unigram.c: the Viterbi algorithm over the tokens of a vocabulary with scores (Kudo 2018, "Subword regularization").
 * Ties and the unknown token's score, 10 below the lowest, are those of the tokenizers library. */
#include "model/tokenizer/unigram.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/tokenizer/prefix_index.h"
#include "model/tokenizer/word_cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct unigram {
    const vocabulary *vocab;
    prefix_index index; /* value: number of the vocabulary's entry */
    double unknown_score;
    uint32_t unknown;
    bool byte_fallback;
    uint32_t byte_id[256];
    word_cache *cache;
};

unigram *unigram_new(const vocabulary *vocab, uint32_t unknown, bool byte_fallback) {
    unigram *m = mem_new(1, sizeof *m);
    m->vocab = vocab;
    m->unknown = unknown;
    m->byte_fallback = byte_fallback;
    double lowest = INFINITY;
    for (size_t i = 0; i < vocab->count; i++) {
        const vocabulary_entry *e = &vocab->entry[i];
        if (e->score < lowest) lowest = e->score;
        if (e->length) prefix_index_add(&m->index, vocab->bytes + e->at, e->length, (uint32_t)i);
    }
    prefix_index_sort(&m->index);
    m->unknown_score = lowest - 10.0;
    for (unsigned byte = 0; byte < 256; byte++) m->byte_id[byte] = vocabulary_byte(vocab, (unsigned char)byte);
    m->cache = word_cache_new();
    return m;
}

void unigram_free(unigram *m) {
    if (!m) return;
    prefix_index_free(&m->index);
    word_cache_free(m->cache);
    free(m);
}

/* The best way to a place in the piece. */
typedef struct best_path {
    double score;
    uint32_t begin; /* of its last token */
    uint32_t id;
    bool reached;
} best_path;

static void offer(best_path *to, double score, size_t begin, uint32_t id) {
    if (to->reached && !(score > to->score)) return;
    *to = (best_path){score, (uint32_t)begin, id, true};
}

static bool search(const unigram *m, const char *piece, size_t length, best_path *path, scry_error *err) {
    for (size_t at = 0; at < length;) {
        unsigned size;
        utf8_decode_valid(piece + at, &size);
        double score = path[at].score;
        bool single = false; /* a token is the character alone */
        prefix_walk walk = prefix_begin(&m->index, piece[at]);
        while (walk.low < walk.high) {
            const spelling *found = prefix_found(&m->index, &walk);
            if (found) {
                const vocabulary_entry *e = &m->vocab->entry[found->value];
                offer(&path[at + walk.depth], e->score + score, at, e->id);
                single = single || walk.depth == size;
            }
            if (at + walk.depth == length) break;
            prefix_next(&m->index, &walk, piece[at + walk.depth]);
        }
        if (!single) {
            if (m->unknown == NO_TOKEN)
                return scry_fail(err, "the tokenizer's vocabulary has no token for \"%.*s\" and no unknown token",
                                 (int)size, piece + at);
            offer(&path[at + size], m->unknown_score + score, at, m->unknown);
        }
        at += size;
    }
    return true;
}

/* A run of what is unknown: one token for all of it, unless all together is a token, or bytes have tokens. */
static void add_unknown(const unigram *m, const char *piece, size_t begin, size_t end, token_list *out) {
    uint32_t whole = vocabulary_find(m->vocab, piece + begin, end - begin);
    bool bytes = m->byte_fallback && whole == NO_TOKEN;
    for (size_t i = begin; i < end; i++) bytes = bytes && m->byte_id[(unsigned char)piece[i]] != NO_TOKEN;
    if (!bytes) token_list_add(out, whole == NO_TOKEN ? m->unknown : whole, end);
    for (size_t i = begin; bytes && i < end; i++) token_list_add(out, m->byte_id[(unsigned char)piece[i]], end);
}

static void collect(const unigram *m, const char *piece, size_t length, const best_path *path, token_list *out) {
    size_t count = 0, *end = mem_new(length + 1, sizeof *end); /* of the tokens, the last first */
    for (size_t at = length; at > 0; at = path[at].begin) end[count++] = at;
    while (count > 0) {
        size_t last = end[--count], begin = path[last].begin;
        if (path[last].id != m->unknown) {
            token_list_add(out, path[last].id, last);
            continue;
        }
        while (count > 0 && path[end[count - 1]].id == m->unknown) last = end[--count];
        add_unknown(m, piece, begin, last, out);
    }
    free(end);
}

bool unigram_encode(const unigram *m, const char *piece, size_t length, token_list *out, scry_error *err) {
    uint64_t hash = 0;
    bool keep = length <= WORD_CACHE_LONGEST;
    if (keep) {
        hash = hash_bytes(piece, length);
        if (word_cache_get(m->cache, piece, length, hash, out)) return true;
    }
    size_t first = out->count;
    best_path *path = mem_new(length + 1, sizeof *path);
    bool ok = search(m, piece, length, path, err);
    if (ok) collect(m, piece, length, path, out);
    free(path);
    if (ok && keep) word_cache_put(m->cache, piece, length, hash, out, first);
    return ok;
}
