/* sample_matching.c: partners by id, checked by text, and by text where ids do not serve. */
#include "study/sample_matching.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int64_t sample_text_start(const matching_side *base, uint32_t base_sample, const matching_side *other, uint32_t sample,
                          int64_t *differs) {
    const token_sample *b = &base->text->samples[base_sample], *x = &other->text->samples[sample];
    if (differs) *differs = -1;
    if (x->count < b->count) return -1;
    const uint32_t start = x->count - b->count;
    const uint32_t *mine = base->text->piece + b->first, *theirs = other->text->piece + x->first + start;
    if (memcmp(mine, theirs, b->count * sizeof *mine) == 0) return start;
    const uint8_t *here = base->compared ? base->compared + b->first : NULL;
    const uint8_t *there = other->compared ? other->compared + x->first + start : NULL;
    for (uint32_t k = 0; k < b->count; k++)
        if (mine[k] != theirs[k] && (!here || here[k]) && (!there || there[k])) {
            if (differs) *differs = k;
            return -1;
        }
    return start;
}

/* Hash of a text, token by token from its end, so that one walk gives the hash of every end of it. */
static uint64_t hash_step(uint64_t hash, uint32_t piece) {
    return (hash ^ (piece + 1)) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
}

static uint64_t hash_text(const token_text *text, uint32_t sample) {
    const token_sample *s = &text->samples[sample];
    uint64_t hash = 0;
    for (uint32_t k = s->count; k-- > 0;) hash = hash_step(hash, text->piece[s->first + k]);
    return hash;
}

static bool ends_with_text(const token_text *text, uint32_t sample, const token_text *base, uint32_t base_sample) {
    const token_sample *x = &text->samples[sample], *b = &base->samples[base_sample];
    return x->count >= b->count && memcmp(text->piece + x->first + x->count - b->count, base->piece + b->first,
                                          b->count * sizeof *base->piece) == 0;
}

/* The base samples that still want a partner, by text: a hash table of the distinct texts, each with its samples in
 * order. */
typedef struct text_group {
    uint64_t hash;
    uint32_t head, last, count; /* head: NO_SAMPLE when all have found a partner */
    uint32_t candidates;        /* samples of the other side that end with this text alone */
} text_group;

typedef struct text_table {
    const token_text *base;
    text_group *group;
    uint32_t groups, slots;
    uint32_t *slot; /* [slots] group + 1, 0: empty */
    uint32_t *next; /* [base samples] */
    uint32_t shortest;
} text_table;

static text_group *find_text(const text_table *t, uint64_t hash, const token_text *text, uint32_t sample,
                             uint32_t length, uint32_t *empty) {
    for (uint32_t i = (uint32_t)(hash >> 32) & (t->slots - 1);; i = (i + 1) & (t->slots - 1)) {
        if (empty) *empty = i;
        if (!t->slot[i]) return NULL;
        text_group *g = &t->group[t->slot[i] - 1];
        if (g->hash == hash && t->base->samples[g->last].count == length &&
            ends_with_text(text, sample, t->base, g->last))
            return g;
    }
}

static void table_new(text_table *t, const token_text *base, const sample_matching *m, const uint8_t *wanted) {
    *t = (text_table){.base = base, .slots = 16, .shortest = UINT32_MAX};
    while (t->slots < base->sample_count * (uint64_t)2) t->slots *= 2;
    t->slot = mem_new(t->slots, sizeof *t->slot);
    t->group = mem_new((size_t)base->sample_count + 1, sizeof *t->group);
    t->next = mem_new((size_t)base->sample_count + 1, sizeof *t->next);
    for (uint32_t s = 0; s < base->sample_count; s++) {
        const uint32_t length = base->samples[s].count;
        if (m->match[s] != NO_SAMPLE || !length || (wanted && !wanted[s])) continue;
        uint64_t hash = hash_text(base, s);
        uint32_t empty = 0;
        text_group *g = find_text(t, hash, base, s, length, &empty);
        t->next[s] = NO_SAMPLE;
        if (g) t->next[g->last] = s;
        else {
            g = &t->group[t->groups++];
            *g = (text_group){.hash = hash, .head = s};
            t->slot[empty] = t->groups;
        }
        g->last = s;
        g->count++;
        if (length < t->shortest) t->shortest = length;
    }
}

static void table_free(text_table *t) {
    free(t->slot);
    free(t->group);
    free(t->next);
}

static void pair_first(sample_matching *m, text_table *t, text_group *g, uint32_t sample) {
    m->match[g->head] = sample;
    m->claimed[sample] = 1;
    m->by_text++;
    g->head = t->next[g->head];
    g->count--;
}

/* The one text still wanted that the sample ends with; NULL when there is none, or more than one. */
static text_group *only_end(const text_table *t, const token_text *text, uint32_t sample) {
    const token_sample *x = &text->samples[sample];
    text_group *only = NULL;
    uint64_t hash = 0;
    for (uint32_t length = 1; length < x->count; length++) {
        hash = hash_step(hash, text->piece[x->first + x->count - length]);
        if (length < t->shortest) continue;
        text_group *g = find_text(t, hash, text, sample, length, NULL);
        if (!g || g->head == NO_SAMPLE) continue;
        if (only) return NULL;
        only = g;
    }
    return only;
}

/* Pair what has no partner by text. Equal texts first: which of several equal ones is taken makes no difference.
 * Then samples with demonstrations in front: each must end with one text only, and that text must be the end of as
 * many samples as have it. wanted, offered: NULL, or 0 for those that stay without. */
static void pair_by_text(sample_matching *m, const token_text *base, const token_text *other, const uint8_t *wanted,
                         const uint8_t *offered) {
    text_table table;
    table_new(&table, base, m, wanted);
    for (uint32_t x = 0; x < other->sample_count; x++) {
        if (m->claimed[x] || (offered && !offered[x]) || !table.groups) continue;
        text_group *g = find_text(&table, hash_text(other, x), other, x, other->samples[x].count, NULL);
        if (g && g->head != NO_SAMPLE) pair_first(m, &table, g, x);
    }
    text_group **end = mem_new((size_t)other->sample_count + 1, sizeof(text_group *));
    for (uint32_t x = 0; x < other->sample_count; x++)
        if (!m->claimed[x] && (!offered || offered[x]) && table.groups && (end[x] = only_end(&table, other, x)))
            end[x]->candidates++;
    for (uint32_t g = 0; g < table.groups; g++)
        if (table.group[g].candidates != table.group[g].count) table.group[g].head = NO_SAMPLE;
    for (uint32_t x = 0; x < other->sample_count; x++)
        if (end[x] && end[x]->head != NO_SAMPLE) pair_first(m, &table, end[x], x);
    free(end);
    table_free(&table);
}

/* How many base samples without a partner pair_by_text would find one for. */
static uint32_t count_by_text(const sample_matching *m, const token_text *base, const token_text *other,
                              const uint8_t *wanted, const uint8_t *offered) {
    sample_matching trial = {.match = mem_new((size_t)base->sample_count + 1, sizeof *trial.match),
                             .claimed = mem_new((size_t)other->sample_count + 1, 1)};
    for (uint32_t s = 0; s < base->sample_count; s++) trial.match[s] = wanted ? NO_SAMPLE : m->match[s];
    if (!offered) memcpy(trial.claimed, m->claimed, other->sample_count);
    pair_by_text(&trial, base, other, wanted, offered);
    sample_matching_free(&trial);
    return trial.by_text;
}

/* What the ids say: for each base sample the sample of the same id, the n-th of equal ids with the n-th, and whether
 * its id stands before another sample of either side too. */
typedef struct id_partners {
    uint32_t *partner; /* [base samples] */
    uint8_t *repeated, *other_repeated;
} id_partners;

static void find_id_partners(id_partners *p, const token_text *from, const token_text *to) {
    /* One pool numbers all ids; next[] walks through the samples that share a number. */
    string_pool ids = {0};
    const size_t most = (size_t)to->sample_count + from->sample_count + 1;
    uint32_t *next = mem_new(most, sizeof *next), *head = mem_new(most, sizeof *head);
    uint32_t *number = mem_new(most, sizeof *number), *own = mem_new(most, sizeof *own);
    uint32_t *count = mem_new(most, sizeof *count), *base_count = mem_new(most, sizeof *base_count);
    *p = (id_partners){mem_new(most, sizeof *p->partner), mem_new(most, 1), mem_new(most, 1)};
    for (uint32_t s = 0; s < to->sample_count; s++) {
        number[s] = string_pool_add(&ids, to->samples[s].id);
        count[number[s]]++;
    }
    for (uint32_t s = 0; s < from->sample_count; s++) {
        own[s] = string_pool_add(&ids, from->samples[s].id);
        base_count[own[s]]++;
    }
    for (uint32_t i = 0; i < ids.count; i++) head[i] = NO_SAMPLE;
    for (uint32_t s = to->sample_count; s-- > 0;) {
        next[s] = head[number[s]];
        head[number[s]] = s;
        p->other_repeated[s] = count[number[s]] > 1 || base_count[number[s]] > 1;
    }
    for (uint32_t s = 0; s < from->sample_count; s++) {
        p->partner[s] = head[own[s]];
        if (p->partner[s] != NO_SAMPLE) head[own[s]] = next[p->partner[s]];
        p->repeated[s] = count[own[s]] > 1 || base_count[own[s]] > 1;
    }
    uint32_t *owned[] = {next, head, number, own, count, base_count};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    string_pool_free(&ids);
}

static void id_partners_free(id_partners *p) {
    free(p->partner);
    free(p->repeated);
    free(p->other_repeated);
}

static void claim(sample_matching *m, uint32_t base_sample, uint32_t sample) {
    m->match[base_sample] = sample;
    m->claimed[sample] = 1;
}

static void match_by_text(sample_matching *m, const matching_side *base, const matching_side *other,
                          const id_partners *ids) {
    const uint32_t samples = base->text->sample_count;
    bool refuted = false, any = false;
    for (uint32_t s = 0; s < samples; s++) {
        if (ids->partner[s] == NO_SAMPLE) continue;
        any = true;
        if (sample_text_start(base, s, other, ids->partner[s], NULL) >= 0) claim(m, s, ids->partner[s]);
        else refuted = true;
    }
    if (refuted || !any) pair_by_text(m, base->text, other->text, NULL, NULL);
    else m->elsewhere = count_by_text(m, base->text, other->text, NULL, NULL);
    for (uint32_t s = 0; s < samples && m->bad == NO_SAMPLE; s++)
        if (m->match[s] == NO_SAMPLE && ids->partner[s] != NO_SAMPLE && !m->claimed[ids->partner[s]]) {
            m->bad = s;
            m->bad_partner = ids->partner[s];
        }
}

/* Texts may differ, so that they only tell apart what shares an id. */
static void match_by_id(sample_matching *m, const matching_side *base, const matching_side *other,
                        const id_partners *ids) {
    const uint32_t samples = base->text->sample_count;
    uint8_t *differs = mem_new((size_t)samples + 1, 1), *taken = mem_new((size_t)other->text->sample_count + 1, 1);
    uint8_t *wanted = mem_new((size_t)samples + 1, 1);
    for (uint32_t s = 0; s < samples; s++) {
        uint32_t x = ids->partner[s];
        bool agree = x != NO_SAMPLE && sample_text_start(base, s, other, x, NULL) >= 0;
        if (x != NO_SAMPLE && (agree || !ids->repeated[s])) claim(m, s, x);
        if (x != NO_SAMPLE && !agree) differs[s] = taken[x] = 1;
        wanted[s] = ids->repeated[s];
    }
    m->misplaced = count_by_text(m, base->text, other->text, differs, taken);
    pair_by_text(m, base->text, other->text, wanted, ids->other_repeated);
    for (uint32_t s = 0; s < samples; s++)
        if (m->match[s] == NO_SAMPLE && ids->partner[s] != NO_SAMPLE && !m->claimed[ids->partner[s]])
            claim(m, s, ids->partner[s]);
    m->elsewhere = count_by_text(m, base->text, other->text, NULL, NULL);
    free(differs);
    free(taken);
    free(wanted);
}

void sample_matching_make(sample_matching *m, const matching_side *base, const matching_side *other,
                          matching_rule rule) {
    const uint32_t samples = base->text->sample_count;
    *m = (sample_matching){.match = mem_new((size_t)samples + 1, sizeof *m->match),
                           .claimed = mem_new((size_t)other->text->sample_count + 1, 1),
                           .bad = NO_SAMPLE,
                           .bad_partner = NO_SAMPLE};
    for (uint32_t s = 0; s < samples; s++) m->match[s] = NO_SAMPLE;
    if (base->text == other->text) {
        for (uint32_t s = 0; s < samples; s++) claim(m, s, s);
        return;
    }
    id_partners ids;
    find_id_partners(&ids, base->text, other->text);
    if (rule == MATCH_BY_TEXT) match_by_text(m, base, other, &ids);
    else match_by_id(m, base, other, &ids);
    id_partners_free(&ids);
}

void sample_matching_free(sample_matching *m) {
    free(m->match);
    free(m->claimed);
    m->match = NULL;
    m->claimed = NULL;
}

uint32_t repeated_ids(const token_text *text, uint32_t *first) {
    string_pool ids = {0};
    uint32_t *count = mem_new((size_t)text->sample_count + 1, sizeof *count), repeated = 0;
    *first = NO_SAMPLE;
    for (uint32_t s = 0; s < text->sample_count; s++)
        if (++count[string_pool_add(&ids, text->samples[s].id)] == 2) {
            if (!repeated) *first = s;
            repeated++;
        }
    free(count);
    string_pool_free(&ids);
    return repeated;
}
