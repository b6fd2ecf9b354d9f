/* latent/coactivation.c: latents that fire on the same tokens as another. */
#include "base/mem.h"
#include "base/parallel.h"
#include "base/sort.h"
#include "index/read/index.h"
#include "latent.h"

#include <math.h>
#include <stdlib.h>

/* Latents that a thread takes at a time. */
enum { BLOCK = 128 };

struct scry_coactivation {
    const scry_index *x;
    uint32_t latent, next;
    uint64_t tokens, fires;
    uint64_t **on;         /* [captures] a bit a row on which the latent fires; NULL: not taken */
    uint32_t *both, *each; /* [F] */
    parallel *pool;
};

const char *const scry_coactive_order_name[SCRY_COACTIVE_ORDERS] = {"jaccard", "both", "pmi"};

scry_coactivation *scry_coactivation_start(const scry_index *x, uint32_t latent, int capture, unsigned threads) {
    scry_coactivation *t = mem_new(1, sizeof *t);
    *t = (scry_coactivation){.x = x, .latent = latent};
    t->on = mem_new(x->info.captures, sizeof *t->on);
    t->both = mem_new(x->F, sizeof *t->both);
    t->each = mem_new(x->F, sizeof *t->each);
    for (size_t c = 0; c < x->info.captures; c++) {
        if (capture >= 0 ? c != (size_t)capture : x->info.capture[c].condition != SCRY_BASE) continue;
        t->on[c] = mem_new(x->info.capture[c].rows / 64 + 1, sizeof **t->on);
        t->tokens += x->info.capture[c].kept;
    }
    index_cursor p = index_postings(x, latent);
    while (index_segment(x, &p))
        while (t->on[p.capture] && index_next(x, &p)) {
            if (!(p.activation > 0)) continue;
            t->on[p.capture][p.row / 64] |= UINT64_C(1) << (p.row % 64);
            t->fires++;
        }
    t->pool = parallel_start(threads);
    return t;
}

static void count_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    scry_coactivation *t = context;
    const scry_index *x = t->x;
    uint32_t from = t->next + (uint32_t)piece * BLOCK, to = x->F - from < BLOCK ? x->F : from + BLOCK;
    for (uint32_t j = from; j < to; j++) {
        index_cursor p = index_postings(x, j);
        uint32_t both = 0, each = 0;
        while (index_segment(x, &p)) {
            const uint64_t *on = t->on[p.capture];
            while (on && index_next(x, &p)) {
                if (!(p.activation > 0)) continue;
                each++;
                both += (uint32_t)(on[p.row / 64] >> (p.row % 64) & 1);
            }
        }
        t->both[j] = both;
        t->each[j] = each;
    }
}

bool scry_coactivation_work(scry_coactivation *t, double seconds) {
    return parallel_stretch(&t->pool, &t->next, t->x->F, BLOCK, seconds, count_block, t);
}

double scry_coactivation_share(const scry_coactivation *t) {
    return (double)t->next / t->x->F;
}

uint64_t scry_coactivation_tokens(const scry_coactivation *t, uint64_t *fires) {
    *fires = t->fires;
    return t->tokens;
}

static scry_coactive coactive_at(const scry_coactivation *t, uint32_t j) {
    double both = t->both[j], each = t->each[j], own = (double)t->fires;
    return (scry_coactive){.latent = j,
                           .both = t->both[j],
                           .fires = t->each[j],
                           .jaccard = both / (own + each - both),
                           .pmi = log2((double)t->tokens * both / (own * each))};
}

static double key_of(const scry_coactive *m, scry_coactive_order order) {
    return order == SCRY_BY_PMI ? m->pmi : order == SCRY_BY_BOTH ? (double)m->both : m->jaccard;
}

static bool stronger(const scry_coactive *a, const scry_coactive *b, int order) {
    return key_of(a, (scry_coactive_order)order) > key_of(b, (scry_coactive_order)order);
}

TOP_N_INSERT(insert, scry_coactive, stronger)

size_t scry_coactivation_list(const scry_coactivation *t, scry_coactive_order order, size_t top, scry_coactive *out) {
    size_t count = 0;
    for (uint32_t j = 0; j < t->x->F && top; j++) {
        if (j == t->latent || !t->both[j] || (order == SCRY_BY_PMI && t->both[j] < SCRY_PMI_MIN_TOKENS)) continue;
        scry_coactive m = coactive_at(t, j);
        count = insert(out, count, top, count, &m, (int)order);
    }
    return count;
}

void scry_coactivation_free(scry_coactivation *t) {
    if (!t) return;
    parallel_stop(t->pool);
    for (size_t c = 0; c < t->x->info.captures; c++) free(t->on[c]);
    free(t->on);
    free(t->both);
    free(t->each);
    free(t);
}
