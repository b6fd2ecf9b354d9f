/* latent/example_sampling.c: examples of a latent: strongest, random, by quantile or interval, most moved. */
#include "base/mem.h"
#include "base/random.h"
#include "base/sort.h"
#include "index/read/index.h"
#include "latent.h"
#include "latent/top_tokens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "1.5-2.5", "3-": from, and below, an activation. */
static bool read_limits(const char *word, double *low, double *high) {
    if ((*word < '0' || *word > '9') && *word != '.') return false;
    char *end;
    double from = strtod(word, &end), to = INFINITY;
    if (*end != '-') return false;
    const char *second = end + 1;
    bool closed = (*second >= '0' && *second <= '9') || *second == '.';
    if (closed) to = strtod(second, &end);
    else end++;
    *low = from;
    *high = to;
    return !*end && from < to;
}

bool scry_example_query_read(scry_example_query *query, const char *word, scry_error *err) {
    double low, high;
    bool part = word[0] == 'q' && word[1] >= '1' && word[1] <= '0' + SCRY_PARTS && !word[2];
    if (strcmp(word, "top") == 0) query->order = SCRY_TOP;
    else if (strcmp(word, "random") == 0) query->order = SCRY_RANDOM;
    else if (strcmp(word, "moved") == 0) query->order = SCRY_MOVED;
    else if (part) query->order = SCRY_QUANTILE, query->part = (uint32_t)(word[1] - '0'), query->parts = SCRY_PARTS;
    else if (read_limits(word, &low, &high)) query->order = SCRY_BETWEEN, query->low = low, query->high = high;
    else
        return scry_misuse(err,
                           "found \"%.40s\", expected top, q1 (weakest fifth) to q%d, random, moved, or activations "
                           "such as 1.5-2.5 or 3-",
                           word, SCRY_PARTS);
    return true;
}

const char *scry_example_query_text(const scry_example_query *query, char text[SCRY_EXAMPLE_ORDER_TEXT]) {
    static const char *const words[] = {"top", "q", "random", "moved"};
    int size = SCRY_EXAMPLE_ORDER_TEXT;
    if (query->order == SCRY_QUANTILE) snprintf(text, (size_t)size, "q%u", query->part);
    else if (query->order != SCRY_BETWEEN) snprintf(text, (size_t)size, "%s", words[query->order]);
    else if (isinf(query->high)) snprintf(text, (size_t)size, "%.9g-", query->low);
    else snprintf(text, (size_t)size, "%.9g-%.9g", query->low, query->high);
    return text;
}

/* A candidate under the key that it is ordered by: larger keys first. */
typedef struct candidate {
    double key;
    uint64_t sample; /* text and sample, the same for base, icl and sft of one question */
    scry_example e;
} candidate;

typedef struct shortlist {
    candidate *list; /* [top] best first */
    size_t n, top;
} shortlist;

static bool before(const candidate *a, const candidate *b, int order) {
    (void)order;
    if (a->key != b->key) return a->key > b->key;
    if (a->e.capture != b->e.capture) return a->e.capture < b->e.capture;
    return a->e.token < b->e.token;
}

TOP_N_INSERT(insert, candidate, before)

static void offer(shortlist *s, const candidate *c) {
    if (!s->top || (s->n == s->top && !before(c, &s->list[s->n - 1], 0))) return;
    size_t at = 0;
    while (at < s->n && s->list[at].sample != c->sample) at++;
    s->n = insert(s->list, s->n, s->top, at, c, 0);
}

static candidate candidate_at(const scry_index *x, double key, size_t capture, uint32_t row, float activation) {
    candidate c = {.key = key, .e = top_tokens_example(x, (uint32_t)capture, row, activation)};
    /* no samples known: each token is one */
    c.sample = x->info.capture[capture].samples ? (uint64_t)x->capture_text[capture] << 32 | c.e.sample
                                                : UINT64_C(1) << 63 | (uint64_t)capture << 32 | row;
    return c;
}

/* The first row after the candidate's sample. */
static uint64_t sample_end(const scry_index *x, const candidate *c) {
    if (c->sample >> 63) return c->e.token + 1;
    scry_sample s = scry_sample_at(x, c->e.capture, c->e.sample);
    return s.first + s.count;
}

static bool takes_capture(const scry_example_query *query, size_t capture) {
    return query->capture < 0 || (size_t)query->capture == capture;
}

/* A pseudorandom key for each row that depends on the seed and the row's place alone. */
static double random_key(const scry_example_query *query, uint32_t latent, size_t capture, uint32_t row) {
    uint64_t state = query->seed;
    state ^= random_next(&state) + latent;
    state ^= random_next(&state) + capture;
    state ^= random_next(&state) + row;
    return (double)(random_next(&state) >> 11);
}

/* The values from which, and below which, the pick takes. */
static void find_limits(const scry_index *x, const scry_latent_activations *f, const scry_example_query *query,
                        double *low, double *high) {
    *low = 0;
    *high = INFINITY;
    if (query->order == SCRY_BETWEEN) *low = query->low, *high = query->high;
    if (query->order != SCRY_QUANTILE) return;
    float *all = mem_new(f->start[x->info.captures], sizeof *all);
    size_t n = 0;
    for (size_t c = 0; c < x->info.captures; c++)
        for (size_t i = f->start[c]; takes_capture(query, c) && i < f->start[c + 1]; i++)
            if (f->activation[i] > 0) all[n++] = f->activation[i];
    sort_positive(all, n);
    if (n && query->part > 1) *low = (double)all[n * (query->part - 1) / query->parts];
    if (n && query->part < query->parts) *high = (double)all[n * query->part / query->parts];
    free(all);
}

/* Rows ascend, so that a sample's activations come one after the other: only the best is offered. */
static void offer_activations(shortlist *s, const scry_index *x, const scry_latent_activations *f,
                              const scry_example_query *query) {
    double low, high;
    find_limits(x, f, query, &low, &high);
    for (size_t c = 0; c < x->info.captures; c++) {
        candidate best = {0};
        uint64_t end = 0; /* of the best one's sample; 0: there is none yet */
        for (size_t i = f->start[c]; takes_capture(query, c) && i < f->start[c + 1]; i++) {
            float h = f->activation[i];
            if (!(h > 0) || (double)h < low || (double)h >= high) continue;
            double key = query->order == SCRY_TOP ? (double)h : random_key(query, f->latent, c, f->row[i]);
            if (f->row[i] < end && key <= best.key) continue;
            if (f->row[i] >= end && end) offer(s, &best);
            best = candidate_at(x, key, c, f->row[i], h);
            end = sample_end(x, &best);
        }
        if (end) offer(s, &best);
    }
}

/* Offer a pair of kept rows. */
static void offer_pair(shortlist *s, const scry_index *x, scry_token_pairing *pairs, const scry_latent_activations *f,
                       size_t base, int64_t base_row, size_t other, int64_t row) {
    if (base_row < 0 || row < 0 || !scry_row_is_kept(pairs, base, (uint64_t)base_row) ||
        !scry_row_is_kept(pairs, other, (uint64_t)row))
        return;
    float h = scry_latent_activations_at(f, other, (uint64_t)row);
    double moved = fabs((double)h - (double)scry_latent_activations_at(f, base, (uint64_t)base_row));
    if (!(moved > 0) || (s->n && s->n == s->top && moved < s->list[s->n - 1].key)) return;
    candidate one = candidate_at(x, moved, other, (uint32_t)row, h);
    offer(s, &one);
}

static void offer_moved(shortlist *s, const scry_index *x, scry_token_pairing *pairs, const scry_latent_activations *f,
                        const scry_example_query *query) {
    for (size_t other = 0; other < x->info.captures; other++) {
        const scry_condition reference = scry_reference_condition(x->info.against);
        if (x->info.capture[other].condition != query->versus || query->versus == reference) continue;
        if (query->capture >= 0 && x->info.capture[query->capture].group != x->info.capture[other].group) continue;
        int base = scry_find_capture(x, x->info.capture[other].group, reference);
        if (base < 0) continue;
        size_t b = (size_t)base;
        for (size_t i = f->start[other]; i < f->start[other + 1]; i++)
            offer_pair(s, x, pairs, f, b, scry_paired_row(pairs, other, f->row[i], b), other, f->row[i]);
        for (size_t i = f->start[b]; i < f->start[b + 1]; i++) {
            int64_t row = scry_paired_row(pairs, b, f->row[i], other);
            /* where x fires too, the pair was offered above */
            if (row >= 0 && scry_latent_activations_at(f, other, (uint64_t)row) == 0)
                offer_pair(s, x, pairs, f, b, f->row[i], other, row);
        }
    }
}

size_t scry_example_query_run(const scry_index *x, scry_token_pairing *pairs, const scry_latent_activations *f,
                              const scry_example_query *query, size_t top, scry_example *out) {
    shortlist s = {.list = mem_new(top, sizeof *s.list), .top = top};
    if (query->order == SCRY_MOVED) offer_moved(&s, x, pairs, f, query);
    else offer_activations(&s, x, f, query);
    for (size_t i = 0; i < s.n; i++) out[i] = s.list[i].e;
    free(s.list);
    return s.n;
}
