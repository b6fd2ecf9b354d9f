/* evaluate/likelihood.c: the likelihood of token sequences under a model. */
#include "evaluate/likelihood.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

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
    size_t *first; /* [tokens + 1] the first target of each row */
    bool *wanted;  /* [tokens] */
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
    bool ok = scry_run_logits(run, b->sequences, b->count, NULL, NULL, b->wanted, score_row, b, err);
    for (size_t i = 0; ok && i < b->target_count; i++) {
        b->targets[i].of->log_probability += b->targets[i].found.log_probability;
        b->targets[i].of->hits += b->targets[i].found.top == b->targets[i].id;
    }
    return ok;
}

static void free_batch(batch *b) {
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

/* Runs a group of several behind what they share. */
static bool run_group(scry_run *run, uint32_t vocabulary, const sequence_group *group, size_t *tokens,
                      scry_error *err) {
    batch b = {.vocabulary = vocabulary};
    size_t shared = shared_tokens(group);
    scry_prefix *prefix = shared ? scry_prefix_new(run, NULL, group->sequences[0].ids, shared, NULL, err) : NULL;
    bool ok = !shared || prefix;
    for (size_t i = 0; i < group->count; i++) add_sequence(&b, &group->sequences[i], shared, prefix, 0);
    ok = ok && run_batch(&b, run, err);
    *tokens = shared + b.tokens;
    free_batch(&b);
    scry_prefix_free(prefix);
    return ok;
}

/* Runs groups of one together, from groups[0] on. *taken: how many. */
static bool run_packed(scry_run *run, uint32_t vocabulary, const sequence_group *groups, size_t count, size_t *taken,
                       size_t *tokens, scry_error *err) {
    batch b = {.vocabulary = vocabulary};
    size_t most = scry_run_batch(run), n = 0;
    for (; n < count && groups[n].count == 1; n++) {
        if (b.count && b.tokens + groups[n].sequences[0].to - 1 > most) break;
        add_sequence(&b, &groups[n].sequences[0], 0, NULL, b.count);
    }
    bool ok = run_batch(&b, run, err);
    *taken = n;
    *tokens = b.tokens;
    free_batch(&b);
    return ok;
}

bool likelihood_run(scry_run *run, uint32_t vocabulary, const sequence_group *groups, size_t count,
                    bool (*report)(void *context, size_t tokens), void *context, scry_error *err) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < groups[i].count; k++)
            groups[i].sequences[k].log_probability = 0, groups[i].sequences[k].hits = 0;
    for (size_t at = 0, taken; at < count; at += taken) {
        size_t tokens = 0;
        taken = 1;
        if (!groups[at].count) continue;
        bool ok = groups[at].count > 1 ? run_group(run, vocabulary, &groups[at], &tokens, err)
                                       : run_packed(run, vocabulary, groups + at, count - at, &taken, &tokens, err);
        if (!ok) return false;
        if (report && !report(context, tokens)) return scry_fail(err, "cancelled");
    }
    return true;
}
