/* bpe.c: byte-pair encoding with ranked merges. */
#include "model/tokenizer/bpe.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "io/byte_alphabet.h"
#include "model/tokenizer/word_cache.h"

#include <stdlib.h>
#include <string.h>

typedef struct merge {
    uint64_t pair; /* ids: left << 32 | right */
    uint32_t rank, id;
} merge;

struct bpe {
    const vocabulary *vocab;
    merge *merges; /* hash table; free: rank NO_RANK */
    size_t slots;
    uint32_t byte_id[256];     /* of the byte-level alphabet's letters, where pieces are bytes */
    uint32_t fallback_id[256]; /* of "<0x0A>", NO_TOKEN without byte_fallback */
    uint32_t unknown;
    char *prefix, *suffix;
    bool bytes, fuse_unknown, byte_fallback, whole_words;
    word_cache *cache;
};

#define NO_RANK UINT32_MAX

/* ---- merges ---- */

static size_t slot_of(const bpe *m, uint64_t pair) {
    uint64_t hash = pair * 0x9e3779b97f4a7c15U;
    size_t mask = m->slots - 1, at = (size_t)(hash >> 32) & mask;
    while (m->merges[at].rank != NO_RANK && m->merges[at].pair != pair) at = (at + 1) & mask;
    return at;
}

static const merge *find_merge(const bpe *m, uint32_t left, uint32_t right) {
    const merge *found = &m->merges[slot_of(m, (uint64_t)left << 32 | right)];
    return found->rank == NO_RANK ? NULL : found;
}

static bool bad_merge(size_t rank, const char *path, const char *what, json_part value, scry_error *err) {
    return scry_fail(err, "%s: model.merges[%zu]: found %.*s, %s", path, rank,
                     (int)(value.length < 80 ? value.length : 80), value.at, what);
}

/* Reads "a b" or ["a", "b"] into both parts. */
static bool read_pair(json_part value, json_bytes *left, json_bytes *right) {
    json_walk walk;
    json_part part;
    if (*value.at != '[') {
        if (!json_string(value, left)) return false;
        const char *space = memchr(left->bytes, ' ', left->length);
        if (!space) return false;
        size_t before = (size_t)(space - left->bytes), after = left->length - before - 1;
        if (memchr(space + 1, ' ', after)) return false;
        if (after + 1 > right->room) {
            right->room = after + 64;
            right->bytes = mem_resize(right->bytes, right->room, 1);
        }
        memcpy(right->bytes, space + 1, after);
        right->length = after;
        left->length = before;
        return true;
    }
    return json_walk_into(&walk, value) && json_next(&walk, NULL, &part) == JSON_ITEM && json_string(part, left) &&
           json_next(&walk, NULL, &part) == JSON_ITEM && json_string(part, right) &&
           json_next(&walk, NULL, &part) == JSON_END;
}

typedef struct merge_reader {
    json_bytes left, right, both;
    const char *path;
    scry_error *err;
} merge_reader;

static bool read_merge(bpe *m, merge_reader *r, json_part value, size_t rank) {
    if (!read_pair(value, &r->left, &r->right))
        return bad_merge(rank, r->path, "expected two tokens, \"a b\" or [\"a\", \"b\"]", value, r->err);
    uint32_t left = vocabulary_find(m->vocab, r->left.bytes, r->left.length);
    uint32_t right = vocabulary_find(m->vocab, r->right.bytes, r->right.length);
    size_t cut = strlen(m->prefix), length = r->left.length + r->right.length;
    if (left == NO_TOKEN || right == NO_TOKEN || r->right.length < cut)
        return bad_merge(rank, r->path, "expected two tokens of model.vocab", value, r->err);
    if (r->both.room < length + 1) {
        r->both.room = 2 * length + 64;
        r->both.bytes = mem_resize(r->both.bytes, r->both.room, 1);
    }
    memcpy(r->both.bytes, r->left.bytes, r->left.length);
    memcpy(r->both.bytes + r->left.length, r->right.bytes + cut, r->right.length - cut);
    uint32_t id = vocabulary_find(m->vocab, r->both.bytes, length - cut);
    if (id == NO_TOKEN)
        return bad_merge(rank, r->path, "expected two tokens whose join is in model.vocab", value, r->err);
    uint64_t pair = (uint64_t)left << 32 | right;
    m->merges[slot_of(m, pair)] = (merge){pair, (uint32_t)rank, id};
    return true;
}

static bool read_merges(bpe *m, json_part merges, const char *path, scry_error *err) {
    json_walk walk;
    json_part value;
    json_step step = JSON_END;
    size_t count = 0;
    bool given = merges.at && !json_is(merges, "null");
    if (given && (!json_walk_into(&walk, merges) || walk.close != ']'))
        return scry_fail(err, "%s: model.merges: found no list, expected [\"a b\", ...] or [[\"a\", \"b\"], ...]",
                         path);
    if (given)
        while ((step = json_next(&walk, NULL, &value)) == JSON_ITEM) count++;
    if (step != JSON_END || count >= NO_RANK) return scry_fail(err, "%s: model.merges: not JSON, or cut short", path);
    for (m->slots = 64; m->slots < 2 * count;) m->slots *= 2;
    m->merges = mem_new(m->slots, sizeof *m->merges);
    for (size_t i = 0; i < m->slots; i++) m->merges[i].rank = NO_RANK;
    if (!given) return true;
    merge_reader r = {.path = path, .err = err};
    bool ok = true;
    json_walk_into(&walk, merges);
    for (size_t rank = 0; ok && json_next(&walk, NULL, &value) == JSON_ITEM; rank++)
        ok = read_merge(m, &r, value, rank);
    free(r.left.bytes);
    free(r.right.bytes);
    free(r.both.bytes);
    return ok;
}

/* ---- opening ---- */

bool bpe_takes_bytes(const bpe_options *options) {
    return !options->unknown && !options->byte_fallback && !*options->prefix && !*options->suffix;
}

bpe *bpe_new(const vocabulary *vocab, const bpe_options *options, const char *path, scry_error *err) {
    bpe *m = mem_new(1, sizeof *m);
    m->vocab = vocab;
    m->prefix = mem_copy_string(options->prefix);
    m->suffix = mem_copy_string(options->suffix);
    m->bytes = options->bytes;
    m->fuse_unknown = options->fuse_unknown;
    m->byte_fallback = options->byte_fallback;
    m->whole_words = options->whole_words;
    m->unknown = options->unknown ? vocabulary_find(vocab, options->unknown, strlen(options->unknown)) : NO_TOKEN;
    m->cache = word_cache_new();
    uint16_t code_of[256];
    byte_alphabet_codes(code_of);
    for (unsigned byte = 0; byte < 256; byte++) {
        char letter[5];
        int size = utf8_encode(code_of[byte], letter);
        m->byte_id[byte] = vocabulary_find(vocab, letter, (size_t)size);
        m->fallback_id[byte] = m->byte_fallback ? vocabulary_byte(vocab, (unsigned char)byte) : NO_TOKEN;
    }
    bool ok = read_merges(m, options->merges, path, err);
    if (ok && options->unknown && m->unknown == NO_TOKEN)
        ok = scry_fail(err, "%s: model.unk_token: found \"%.60s\", expected a token of model.vocab", path,
                       options->unknown);
    if (!ok) {
        bpe_free(m);
        return NULL;
    }
    return m;
}

void bpe_free(bpe *m) {
    if (!m) return;
    word_cache_free(m->cache);
    free(m->merges);
    free(m->prefix);
    free(m->suffix);
    free(m);
}

/* ---- symbols ---- */

typedef struct symbol {
    uint32_t id, end;
    int32_t before, after; /* neighbours in the long way */
    uint32_t rank, merged; /* of the merge with the next symbol */
} symbol;

typedef struct word {
    symbol few[WORD_CACHE_LONGEST];
    symbol *symbols;
    size_t count, room;
    uint32_t pending_end; /* of an unknown symbol that is not added yet, to be fused with the next */
    bool pending;
} word;

static void add_symbol(word *w, uint32_t id, size_t end) {
    if (w->count == w->room) {
        size_t room = 2 * w->room;
        symbol *more = mem_resize(w->symbols == w->few ? NULL : w->symbols, room, sizeof *more);
        if (w->symbols == w->few) memcpy(more, w->few, sizeof w->few);
        w->symbols = more;
        w->room = room;
    }
    w->symbols[w->count++] = (symbol){.id = id, .end = (uint32_t)end};
}

/* A character that the vocabulary lacks. */
static void add_unknown(const bpe *m, word *w, const char *spelled, size_t length, size_t begin, size_t size) {
    if (m->byte_fallback) {
        bool all = true;
        for (size_t i = 0; i < length; i++) all = all && m->fallback_id[(unsigned char)spelled[i]] != NO_TOKEN;
        if (all) {
            for (size_t i = 0; i < length; i++)
                add_symbol(w, m->fallback_id[(unsigned char)spelled[i]], begin + (i < size ? i + 1 : size));
            return;
        }
    }
    if (m->unknown == NO_TOKEN) return;
    if (w->pending && !m->fuse_unknown) add_symbol(w, m->unknown, w->pending_end);
    w->pending = true;
    w->pending_end = (uint32_t)(begin + size);
}

static void add_characters(const bpe *m, word *w, const char *piece, size_t length) {
    size_t before = strlen(m->prefix), behind = strlen(m->suffix);
    bool spelled = before || behind;
    char *buffer = spelled ? mem_new(before + behind + 5, 1) : NULL;
    for (size_t i = 0; i < length;) {
        unsigned size;
        utf8_decode_valid(piece + i, &size);
        const char *text = piece + i;
        size_t n = size;
        if (spelled) {
            n = i ? before : 0;
            memcpy(buffer, m->prefix, n);
            memcpy(buffer + n, text, size);
            n += size;
            if (i + size == length) memcpy(buffer + n, m->suffix, behind), n += behind;
            text = buffer;
        }
        uint32_t id = vocabulary_find(m->vocab, text, n);
        if (id != NO_TOKEN) {
            if (w->pending) add_symbol(w, m->unknown, w->pending_end);
            w->pending = false;
            add_symbol(w, id, i + size);
        } else add_unknown(m, w, text, n, i, size);
        i += size;
    }
    if (w->pending) add_symbol(w, m->unknown, w->pending_end);
    free(buffer);
}

static void set_rank(const bpe *m, symbol *left, const symbol *right) {
    const merge *found = right ? find_merge(m, left->id, right->id) : NULL;
    left->rank = found ? found->rank : NO_RANK;
    left->merged = found ? found->id : 0;
}

/* ---- merging ---- */

/* Applies the lowest-ranked merge, the leftmost of equal ones, until none is left, by looking at all. */
static void merge_short(const bpe *m, word *w) {
    symbol *s = w->symbols;
    for (size_t i = 0; i < w->count; i++) set_rank(m, &s[i], i + 1 < w->count ? &s[i + 1] : NULL);
    for (;;) {
        size_t best = 0;
        for (size_t i = 1; i < w->count; i++)
            if (s[i].rank < s[best].rank) best = i;
        if (!w->count || s[best].rank == NO_RANK) return;
        s[best].id = s[best].merged;
        s[best].end = s[best + 1].end;
        memmove(s + best + 1, s + best + 2, (w->count - best - 2) * sizeof *s);
        w->count--;
        set_rank(m, &s[best], best + 1 < w->count ? &s[best + 1] : NULL);
        if (best) set_rank(m, &s[best - 1], &s[best]);
    }
}

typedef struct candidate {
    uint32_t rank;
    uint32_t at;
} candidate;

typedef struct heap {
    candidate *entry;
    size_t count, room;
} heap;

static bool is_before(candidate a, candidate b) {
    return a.rank != b.rank ? a.rank < b.rank : a.at < b.at;
}

static void heap_add(heap *h, candidate c) {
    if (h->count == h->room) {
        h->room = 2 * h->room + 256;
        h->entry = mem_resize(h->entry, h->room, sizeof *h->entry);
    }
    size_t at = h->count++;
    while (at && is_before(c, h->entry[(at - 1) / 2])) {
        h->entry[at] = h->entry[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    h->entry[at] = c;
}

static candidate heap_take(heap *h) {
    candidate top = h->entry[0], last = h->entry[--h->count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= h->count) break;
        if (child + 1 < h->count && is_before(h->entry[child + 1], h->entry[child])) child++;
        if (!is_before(h->entry[child], last)) break;
        h->entry[at] = h->entry[child];
        at = child;
    }
    if (h->count) h->entry[at] = last;
    return top;
}

static void offer(const bpe *m, heap *h, symbol *s, int32_t at) {
    if (at < 0) return;
    set_rank(m, &s[at], s[at].after >= 0 ? &s[s[at].after] : NULL);
    if (s[at].rank != NO_RANK) heap_add(h, (candidate){s[at].rank, (uint32_t)at});
}

/* The same with a heap, for pieces of any length. */
static void merge_long(const bpe *m, word *w) {
    symbol *s = w->symbols;
    heap h = {0};
    for (size_t i = 0; i < w->count; i++) {
        s[i].before = (int32_t)i - 1;
        s[i].after = i + 1 < w->count ? (int32_t)i + 1 : -1;
    }
    for (size_t i = 0; i < w->count; i++) offer(m, &h, s, (int32_t)i);
    while (h.count) {
        candidate c = heap_take(&h);
        symbol *left = &s[c.at];
        if (left->rank != c.rank) continue; /* merged, or another merge by now */
        symbol *right = &s[left->after];
        left->id = left->merged;
        left->end = right->end;
        left->after = right->after;
        right->rank = NO_RANK;
        right->end = 0;
        if (left->after >= 0) s[left->after].before = (int32_t)c.at;
        offer(m, &h, s, (int32_t)c.at);
        offer(m, &h, s, left->before);
    }
    size_t kept = 0;
    for (int32_t at = w->count ? 0 : -1; at >= 0; at = s[at].after) s[kept++] = s[at];
    w->count = kept;
    free(h.entry);
}

/* The piece in the byte-level alphabet, for the vocabulary. */
static uint32_t find_whole(const bpe *m, const char *piece, size_t length) {
    if (!m->bytes) return vocabulary_find(m->vocab, piece, length);
    uint16_t code_of[256];
    byte_alphabet_codes(code_of);
    char few[2 * WORD_CACHE_LONGEST + 5], *spelled = length <= WORD_CACHE_LONGEST ? few : mem_new(2 * length + 5, 1);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) n += (size_t)utf8_encode(code_of[(unsigned char)piece[i]], spelled + n);
    uint32_t id = vocabulary_find(m->vocab, spelled, n);
    if (spelled != few) free(spelled);
    return id;
}

void bpe_encode(const bpe *m, const char *piece, size_t length, token_list *out) {
    uint64_t hash = 0;
    bool keep = length <= WORD_CACHE_LONGEST;
    if (keep) {
        hash = hash_bytes(piece, length);
        if (word_cache_get(m->cache, piece, length, hash, out)) return;
    }
    size_t first = out->count;
    uint32_t whole = m->whole_words ? find_whole(m, piece, length) : NO_TOKEN;
    if (whole != NO_TOKEN) token_list_add(out, whole, length);
    else {
        word w;
        w.symbols = w.few;
        w.room = WORD_CACHE_LONGEST;
        w.count = 0;
        w.pending = false;
        w.pending_end = 0;
        if (m->bytes) {
            for (size_t i = 0; i < length; i++) {
                uint32_t id = m->byte_id[(unsigned char)piece[i]];
                if (id != NO_TOKEN) add_symbol(&w, id, i + 1);
            }
        } else add_characters(m, &w, piece, length);
        if (w.count <= WORD_CACHE_LONGEST) merge_short(m, &w);
        else merge_long(m, &w);
        for (size_t i = 0; i < w.count; i++) token_list_add(out, w.symbols[i].id, w.symbols[i].end);
        if (w.symbols != w.few) free(w.symbols);
    }
    if (keep) word_cache_put(m->cache, piece, length, hash, out, first);
}
