/* stats/blocks.c: a selection's score by block of tokens, from the postings of its latents. */
#include "analysis.h"
#include "base/mem.h"
#include "stats/sampling_units.h"

#include <math.h>
#include <stdlib.h>

typedef struct gather {
    const scry_index *x;
    sampling_units r;
    scry_score score;
    double *sum; /* [blocks] */
    /* scores of a difference: that of the current latent on each unit, and the units on which it is active */
    double *difference;   /* [units] */
    uint32_t *touched_by; /* [units] the number of the last latent that is active there */
    uint32_t *touched;    /* [units] */
    uint32_t touches, latents;
} gather;

/* Scores of base alone: each activation is a term. */
static void add_terms(gather *g, index_cursor *c) {
    const uint32_t *unit = g->r.unit[c->capture];
    while (index_next(g->x, c)) {
        if (unit[c->row] == NO_SAMPLING_UNIT) continue;
        g->sum[g->r.block[unit[c->row]]] += scry_score_term(g->score, (double)c->activation);
    }
}

/* Scores of a difference: h_icl - h_base is gathered from the segments of both captures. */
static void add_differences(gather *g, index_cursor *c) {
    const uint32_t *unit = g->r.unit[c->capture];
    bool icl = g->x->info.capture[c->capture].condition == SCRY_ICL;
    while (index_next(g->x, c)) {
        uint32_t u = unit[c->row];
        if (u == NO_SAMPLING_UNIT) continue;
        if (g->touched_by[u] != g->latents) {
            g->touched_by[u] = g->latents;
            g->touched[g->touches++] = u;
            g->difference[u] = 0;
        }
        double part = (double)c->activation * g->r.weight[2 * (size_t)u + icl];
        g->difference[u] += icl ? part : -part;
    }
}

static void take_latent(gather *g, uint32_t latent) {
    index_cursor c = index_postings(g->x, latent);
    g->latents++;
    g->touches = 0;
    while (index_segment(g->x, &c)) {
        if (!g->r.unit[c.capture]) continue;
        if (scry_scores[g->score].condition != SCRY_BASE) add_differences(g, &c);
        else add_terms(g, &c);
    }
    for (uint32_t i = 0; i < g->touches; i++) {
        uint32_t u = g->touched[i];
        g->sum[g->r.block[u]] += scry_score_term(g->score, g->difference[u]);
    }
}

scry_blocks *scry_blocks_new(const scry_index *x, scry_score score, const scry_set *set, scry_sampling_unit unit,
                             const scry_cancel *cancel, scry_error *err) {
    gather g = {.x = x, .score = score};
    if (!sampling_units_read(&g.r, x, score, unit, err)) return NULL;
    size_t blocks = g.r.first[x->D];
    bool paired = scry_scores[score].condition != SCRY_BASE, cancelled = false;
    g.sum = mem_new(blocks, sizeof *g.sum);
    g.difference = mem_new(paired ? g.r.units : 0, sizeof *g.difference);
    g.touched_by = mem_new(paired ? g.r.units : 0, sizeof *g.touched_by);
    g.touched = mem_new(paired ? g.r.units : 0, sizeof *g.touched);
    for (uint32_t j = 0; j < set->latents && !cancelled; j++)
        if (scry_set_has(set, j)) {
            cancelled = scry_cancelled(cancel);
            if (!cancelled) take_latent(&g, j);
        }
    scry_blocks *b = NULL;
    if (!cancelled) {
        b = mem_new(1, sizeof *b);
        *b = (scry_blocks){score, x->D, set->count, g.r.first, g.sum, g.r.count};
        g.r.first = NULL;
        g.r.count = g.sum = NULL;
    }
    sampling_units_free(&g.r);
    free(g.sum);
    free(g.difference);
    free(g.touched_by);
    free(g.touched);
    return b;
}

void scry_blocks_free(scry_blocks *b) {
    if (!b) return;
    free(b->first);
    free(b->sum);
    free(b->count);
    free(b);
}

double scry_blocks_sts(const scry_blocks *b, size_t domain) {
    double sum = 0, count = 0;
    for (size_t i = b->first[domain]; i < b->first[domain + 1]; i++) {
        sum += b->sum[i];
        count += b->count[i];
    }
    return count > 0 ? scry_score_aggregate(b->score, sum / count, b->selected) : (double)NAN;
}
