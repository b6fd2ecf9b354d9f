/* evaluate/likelihood.c: the likelihood of token sequences under a model. */
#include "evaluate/likelihood.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Of the keys and values that questions of one batch keep. */
#define MOST_PREFIX_BYTES ((uint64_t)256 << 20)

/* A token whose probability is asked of a row. */
typedef struct target {
    size_t row;
    uint32_t id;
    scored_sequence *of;
    scry_next_token found;
} target;

/* Sequences that are run in one call. */
typedef struct batch {
    uint32_t vocabulary;
    scry_sequence *sequences;
    size_t count, room;
    size_t tokens; /* rows */
    target *targets;
    size_t target_count, target_room;
    size_t *first;          /* [tokens + 1] the first target of each row */
    bool *wanted;           /* [tokens] */
    scry_prefix **prefixes; /* [prefix_count] owned */
    size_t prefix_count, prefix_room;
    uint64_t prefix_bytes;
    size_t read;                   /* tokens of the prefixes */
    const likelihood_stream *from; /* NULL: from the embeddings */
} batch;

static void add_targets(batch *b, scored_sequence *s, size_t shared, size_t row) {
    for (size_t t = s->from; t < s->to; t++) {
        if (b->target_count == b->target_room) {
            b->target_room = b->target_room ? 2 * b->target_room : 256;
            b->targets = mem_resize(b->targets, b->target_room, sizeof *b->targets);
        }
        b->targets[b->target_count++] = (target){.row = row + t - 1 - shared, .id = s->ids[t], .of = s};
    }
}

/* Adds a sequence behind its first `shared` tokens, which the prefix holds. Its last token is no input: nothing follows
 * it. One that reads the same tokens as another since `from` is run once, as the letters of options are. */
static void add_sequence(batch *b, scored_sequence *s, size_t shared, const scry_prefix *prefix, size_t from) {
    size_t own = s->to - 1 - shared, row = 0;
    for (size_t i = 0; i < b->count; i++) {
        const scry_sequence *other = &b->sequences[i];
        if (i >= from && other->count == own && memcmp(other->ids, s->ids + shared, own * sizeof *s->ids) == 0) {
            add_targets(b, s, shared, row);
            return;
        }
        row += other->count;
    }
    if (b->count == b->room) {
        b->room = b->room ? 2 * b->room : 16;
        b->sequences = mem_resize(b->sequences, b->room, sizeof *b->sequences);
    }
    b->sequences[b->count++] = (scry_sequence){prefix, s->ids + shared, own};
    add_targets(b, s, shared, b->tokens);
    b->tokens += own;
}

static int by_row(const void *a, const void *b) {
    const target *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

static void score_row(void *context, size_t row, const float *logits) {
    batch *b = context;
    for (size_t i = b->first[row]; i < b->first[row + 1]; i++)
        b->targets[i].found = scry_next_token_of(logits, b->vocabulary, b->targets[i].id);
}

/* Runs what was added, in any order of rows, and adds up each sequence's tokens in their own. */
static bool run_batch(batch *b, scry_run *run, scry_error *err) {
    qsort(b->targets, b->target_count, sizeof *b->targets, by_row);
    b->first = mem_new(b->tokens + 1, sizeof *b->first);
    b->wanted = mem_new(b->tokens, sizeof *b->wanted);
    size_t at = 0;
    for (size_t row = 0; row < b->tokens; row++) {
        b->first[row] = at;
        while (at < b->target_count && b->targets[at].row == row) at++;
        b->wanted[row] = at > b->first[row];
    }
    b->first[b->tokens] = at;
    float *x = b->from ? mem_resize(NULL, b->tokens, b->from->d * sizeof *x) : NULL;
    bool ok = (!x || b->from->fill(b->from->context, b->sequences, b->count, x, err)) &&
              scry_run_logits(run, b->sequences, b->count, x ? &b->from->hook : NULL, x, b->wanted, score_row, b, err);
    free(x);
    for (size_t i = 0; ok && i < b->target_count; i++) {
        b->targets[i].of->log_probability += b->targets[i].found.log_probability;
        b->targets[i].of->hits += b->targets[i].found.top == b->targets[i].id;
    }
    return ok;
}

static void free_batch(batch *b) {
    for (size_t i = 0; i < b->prefix_count; i++) scry_prefix_free(b->prefixes[i]);
    free(b->prefixes);
    free(b->sequences);
    free(b->targets);
    free(b->first);
    free(b->wanted);
}

/* The tokens that all sequences of a group begin with, and of which none counts; the row before the first counted token
 * is not among them. */
static size_t shared_tokens(const sequence_group *group) {
    const scored_sequence *one = &group->sequences[0];
    size_t shared = one->from - 1;
    for (size_t i = 1; i < group->count; i++) {
        const scored_sequence *other = &group->sequences[i];
        size_t same = 0;
        while (same < shared && same < other->from - 1 && other->ids[same] == one->ids[same]) same++;
        shared = same;
    }
    return shared;
}

size_t likelihood_tokens(const sequence_group *group) {
    if (!group->count) return 0;
    size_t shared = group->count > 1 ? shared_tokens(group) : 0, tokens = shared;
    for (size_t i = 0; i < group->count; i++) tokens += group->sequences[i].to - 1 - shared;
    return tokens;
}

static size_t shared_of(const batch *b, const sequence_group *group) {
    return group->count > 1 && !b->from ? shared_tokens(group) : 0;
}

/* Adds the sequences of a group; of several, behind a prefix of what they share, which the batch keeps. */
static bool add_group(batch *b, scry_run *run, const sequence_group *group, scry_error *err) {
    size_t shared = shared_of(b, group), first = b->count;
    scry_prefix *prefix = NULL;
    if (shared) {
        prefix = scry_prefix_new(run, NULL, group->sequences[0].ids, shared, NULL, err);
        if (!prefix) return false;
        if (b->prefix_count == b->prefix_room) {
            b->prefix_room = b->prefix_room ? 2 * b->prefix_room : 16;
            b->prefixes = mem_resize(b->prefixes, b->prefix_room, sizeof(scry_prefix *));
        }
        b->prefixes[b->prefix_count++] = prefix;
        b->prefix_bytes += scry_prefix_bytes(prefix);
        b->read += shared;
    }
    for (size_t i = 0; i < group->count; i++) add_sequence(b, &group->sequences[i], shared, prefix, first);
    return true;
}

/* True when the group may join those that are there. */
static bool has_room(const batch *b, size_t most, const sequence_group *group) {
    size_t shared = shared_of(b, group), own = 0;
    for (size_t i = 0; i < group->count; i++) own += group->sequences[i].to - 1 - shared;
    return !b->count || (b->tokens + own <= most && b->prefix_bytes < MOST_PREFIX_BYTES);
}

bool likelihood_run(scry_run *run, uint32_t vocabulary, const sequence_group *groups, size_t count,
                    bool (*report)(void *context, size_t tokens), void *context, scry_error *err) {
    return likelihood_run_on(run, vocabulary, groups, count, NULL, report, context, err);
}

bool likelihood_run_on(scry_run *run, uint32_t vocabulary, const sequence_group *groups, size_t count,
                       const likelihood_stream *from, bool (*report)(void *context, size_t tokens), void *context,
                       scry_error *err) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < groups[i].count; k++)
            groups[i].sequences[k].log_probability = 0, groups[i].sequences[k].hits = 0;
    size_t most = scry_run_batch(run);
    for (size_t at = 0; at < count;) {
        batch b = {.vocabulary = vocabulary, .from = from};
        bool ok = true;
        for (; ok && at < count && has_room(&b, most, &groups[at]); at++)
            ok = !groups[at].count || add_group(&b, run, &groups[at], err);
        ok = ok && (!b.count || run_batch(&b, run, err));
        size_t tokens = b.read + b.tokens;
        free_batch(&b);
        if (!ok) return false;
        if (report && !report(context, tokens)) return scry_fail(err, "cancelled");
    }
    return true;
}
