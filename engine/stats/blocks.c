/* stats/blocks.c: a selection's score by block of tokens, from the postings of its latents. The kept rows of a domain's
 * captures are grouped as the indexer grouped them, recomputed from the index. */
#include "analysis.h"
#include "base/mem.h"
#include "index/read/effect_sums.h"
#include "index/read/effects.h"
#include "index/read/index.h"
#include "latent/token_pairing.h"
#include "stats/blocks.h"

#include <math.h>
#include <stdlib.h>

/* A unit yields one term of a domain's mean: a kept token, a pair of tokens, or (paired by sample) a pair of samples,
 * whose value is the difference of two means. */
#define NO_SAMPLING_UNIT UINT32_MAX

typedef struct sampling_units {
    uint32_t **unit; /* [captures][rows], NO_SAMPLING_UNIT where a row has none; NULL: the capture takes no part */
    uint32_t *block; /* [units] */
    double *weight;  /* [units][2] of a token of the reference and of icl: 1, or 1 over the sample's tokens */
    size_t units;
    size_t *first; /* [D + 1] blocks of each domain */
    double *count; /* [blocks] units in it */
    size_t captures;
} sampling_units;

/* A capture without samples is cut into runs of this many tokens, or of fewer, so that there are at least RUNS. */
enum { RUN_TOKENS = 64, RUNS = 32 };

/* [rows] 1 where the row counts; NULL and err when that cannot be told. */
static uint8_t *kept_rows(const scry_index *x, size_t capture, scry_error *err) {
    const scry_capture_info *info = &x->info.capture[capture];
    bool as_indexed;
    uint8_t *kept = index_kept_rows(x, capture, &as_indexed);
    if (as_indexed) return kept;
    scry_fail(err, "%s: %s: the tokens left out by skip_first, exclude and norm do not add up; make the index again",
              x->info.path, info->name);
    free(kept);
    return NULL;
}

/* [rows] number of each row's sample, or of its run of tokens. */
static uint32_t *sample_of_rows(const scry_index *x, size_t capture) {
    const scry_capture_info *info = &x->info.capture[capture];
    uint32_t *sample = mem_new(info->rows, sizeof *sample);
    uint64_t run = info->rows / RUNS;
    run = run < 1 ? 1 : run > RUN_TOKENS ? RUN_TOKENS : run;
    for (uint64_t row = 0; row < info->rows; row++) sample[row] = (uint32_t)(row / run);
    for (uint32_t s = 0; s < info->samples; s++) {
        scry_sample at = scry_sample_at(x, capture, s);
        for (uint32_t k = 0; k < at.count; k++) sample[at.first + k] = s;
    }
    return sample;
}

typedef struct unit_maker {
    sampling_units *r;
    const scry_index *x;
    size_t blocks, unit_room, block_room;
    scry_sampling_unit unit;
    bool halves;        /* two blocks a domain: the samples of even and of odd number */
    uint32_t *block_of; /* [samples or runs of the domain's base] block, or NO_SAMPLING_UNIT: none yet */
} unit_maker;

static uint32_t add_block(unit_maker *m) {
    sampling_units *r = m->r;
    if (m->blocks == m->block_room)
        r->count = mem_resize(r->count, m->block_room = m->block_room ? m->block_room * 2 : 256, sizeof *r->count);
    r->count[m->blocks] = 0;
    return (uint32_t)m->blocks++;
}

/* Adds a unit of the sample, to the sample's block or to a block of its own, and returns its number. */
static uint32_t add_unit(unit_maker *m, uint32_t sample, double base, double icl) {
    sampling_units *r = m->r;
    bool alone = m->unit == SCRY_TOKENS && !m->halves;
    uint32_t block = alone || m->block_of[sample] == NO_SAMPLING_UNIT ? add_block(m) : m->block_of[sample];
    if (!alone) m->block_of[sample] = block;
    if (r->units == m->unit_room) {
        m->unit_room = m->unit_room ? m->unit_room * 2 : 1024;
        r->block = mem_resize(r->block, m->unit_room, sizeof *r->block);
        r->weight = mem_resize(r->weight, 2 * m->unit_room, sizeof *r->weight);
    }
    r->count[block] += 1;
    r->weight[2 * r->units] = base;
    r->weight[2 * r->units + 1] = icl;
    r->block[r->units] = block;
    return (uint32_t)r->units++;
}

static uint32_t *new_units(unit_maker *m, int capture) {
    uint64_t rows = m->x->info.capture[capture].rows;
    uint32_t *unit = mem_new(rows, sizeof *unit);
    for (uint64_t i = 0; i < rows; i++) unit[i] = NO_SAMPLING_UNIT;
    m->r->unit[capture] = unit;
    return unit;
}

/* Scores of base alone: every kept token. */
static void units_of_tokens(unit_maker *m, int base, const uint8_t *kept, const uint32_t *sample) {
    uint32_t *unit = new_units(m, base);
    for (uint64_t row = 0; row < m->x->info.capture[base].rows; row++)
        if (kept[row]) unit[row] = add_unit(m, sample[row], 1, 1);
}

/* The captures of a domain that are aligned: its base; icl; and, if that is another, the reference. `reference` and ICL
 * are places among them. */
enum { BASE, ICL, ALIGNED_MOST = 3 };
typedef struct domain_captures {
    int capture[ALIGNED_MOST], count, reference;
} domain_captures;

/* Tokens paired: every row that reference and icl share in a run. sample: of the reference's rows. */
static void units_of_pairs(unit_maker *m, const domain_captures *c, const alignment_runs *runs,
                           const uint32_t *sample) {
    const uint32_t both = 1u << c->reference | 1u << ICL;
    uint32_t *reference = new_units(m, c->capture[c->reference]), *icl = new_units(m, c->capture[ICL]);
    for (size_t i = 0; i < runs->count; i++) {
        const alignment_run *run = &runs->run[i];
        for (uint64_t k = 0; (run->mask & both) == both && k < run->length; k++) {
            uint64_t row = run->row[c->reference] + k;
            reference[row] = icl[run->row[ICL] + k] = add_unit(m, sample[row], 1, 1);
        }
    }
}

/* Samples paired: the rows of both captures up to the end of a sample. */
static void units_of_samples(unit_maker *m, const domain_captures *c, const alignment_runs *runs,
                             const uint32_t *sample) {
    const int place[2] = {c->reference, ICL};
    uint32_t *unit[2] = {new_units(m, c->capture[place[0]]), new_units(m, c->capture[place[1]])};
    for (size_t from = 0, to = 0; to < runs->count; to++) {
        if (!runs->run[to].sample_end) continue;
        uint64_t rows[2] = {0};
        uint32_t which = 0;
        for (size_t i = from; i <= to; i++) {
            const alignment_run *run = &runs->run[i];
            for (int side = 0; side < 2; side++)
                if (run->mask >> place[side] & 1) rows[side] += run->length;
            if (run->mask >> place[0] & 1) which = sample[run->row[place[0]]];
        }
        if (rows[0] && rows[1]) {
            uint32_t one = add_unit(m, which, 1 / (double)rows[0], 1 / (double)rows[1]);
            for (size_t i = from; i <= to; i++) {
                const alignment_run *run = &runs->run[i];
                for (int side = 0; side < 2; side++)
                    for (uint64_t k = 0; run->mask >> place[side] & 1 && k < run->length; k++)
                        unit[side][run->row[place[side]] + k] = one;
            }
        }
        from = to + 1;
    }
}

/* False where the domain has no such score. */
static bool find_captures(const scry_index *x, size_t domain, scry_score score, domain_captures *out) {
    scry_condition reference = scry_reference_condition(x->info.against);
    *out = (domain_captures){.capture = {scry_find_capture(x, (int)domain, SCRY_BASE)}, .count = 1};
    if (scry_scores[score].condition == SCRY_BASE) return out->capture[BASE] >= 0;
    out->capture[out->count++] = scry_find_capture(x, (int)domain, SCRY_ICL);
    if (reference != SCRY_BASE) {
        out->reference = out->count;
        out->capture[out->count++] = scry_find_capture(x, (int)domain, reference);
    }
    for (int i = 0; i < out->count; i++)
        if (out->capture[i] < 0) return false;
    return true;
}

static bool add_domain(unit_maker *m, size_t domain, scry_score score, scry_error *err) {
    const scry_index *x = m->x;
    domain_captures c;
    bool icl = scry_scores[score].condition == SCRY_ICL, ok = true;
    if (!find_captures(x, domain, score, &c)) return true;
    const int counted = c.capture[c.reference];
    uint8_t *kept[ALIGNED_MOST] = {NULL};
    for (int i = 0; i < c.count && ok; i++) ok = (kept[i] = kept_rows(x, (size_t)c.capture[i], err)) != NULL;
    uint32_t *sample = sample_of_rows(x, (size_t)counted);
    uint64_t rows = x->info.capture[counted].rows;
    uint32_t samples = x->info.capture[counted].samples;
    for (uint64_t i = 0; i < rows; i++)
        if (sample[i] >= samples) samples = sample[i] + 1;
    m->block_of = mem_new(samples, sizeof *m->block_of);
    uint32_t half[2] = {NO_SAMPLING_UNIT, NO_SAMPLING_UNIT};
    for (int i = 0; i < 2 && m->halves; i++) half[i] = add_block(m);
    for (uint32_t s = 0; s < samples; s++) m->block_of[s] = half[s % 2];
    alignment_runs runs = {0};
    if (ok && icl) ok = index_align(&runs, x, c.capture, c.count, (const uint8_t *const *)kept, err);
    if (ok && !icl) units_of_tokens(m, counted, kept[BASE], sample);
    else if (ok && x->info.pairing == SCRY_PAIR_SAMPLE) units_of_samples(m, &c, &runs, sample);
    else if (ok) units_of_pairs(m, &c, &runs, sample);
    token_alignment_free(&runs);
    free(m->block_of);
    free(sample);
    for (int i = 0; i < c.count; i++) free(kept[i]);
    return ok;
}

static void sampling_units_free(sampling_units *r) {
    for (size_t i = 0; r->unit && i < r->captures; i++) free(r->unit[i]);
    void *owned[] = {r->unit, r->block, r->weight, r->first, r->count};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *r = (sampling_units){0};
}

/* False and err when the index does not say which tokens were left out. */
static bool sampling_units_read(sampling_units *r, const scry_index *x, scry_score score, scry_sampling_unit unit,
                                bool halves, scry_error *err) {
    *r = (sampling_units){.captures = x->info.captures};
    r->unit = mem_new(r->captures, sizeof *r->unit);
    r->first = mem_new(x->D + 1, sizeof *r->first);
    unit_maker m = {.r = r, .x = x, .unit = unit, .halves = halves};
    bool ok = true;
    for (size_t d = 0; d < x->D && ok; d++) {
        ok = add_domain(&m, d, score, err);
        r->first[d + 1] = m.blocks;
    }
    if (!ok) sampling_units_free(r);
    return ok;
}

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

/* Scores of a difference: h_icl - h_reference is gathered from the segments of both captures. */
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

/* False and err when the index does not say which tokens were left out; gather_end in either case. */
static bool gather_begin(gather *g, scry_sampling_unit unit, bool halves, scry_error *err) {
    if (!sampling_units_read(&g->r, g->x, g->score, unit, halves, err)) return false;
    size_t units = scry_scores[g->score].condition != SCRY_BASE ? g->r.units : 0;
    g->sum = mem_new(g->r.first[g->x->D], sizeof *g->sum);
    g->difference = mem_new(units, sizeof *g->difference);
    g->touched_by = mem_new(units, sizeof *g->touched_by);
    g->touched = mem_new(units, sizeof *g->touched);
    return true;
}

static void gather_end(gather *g) {
    sampling_units_free(&g->r);
    free(g->sum);
    free(g->difference);
    free(g->touched_by);
    free(g->touched);
}

bool blocks_halves(const scry_index *x, scry_score score, float *half[2], bool *has, const scry_cancel *cancel,
                   scry_error *err) {
    gather g = {.x = x, .score = score};
    bool ok = gather_begin(&g, SCRY_SAMPLES, true, err);
    for (size_t d = 0; d < x->D && ok; d++) {
        const double *count = g.r.count + g.r.first[d];
        has[d] = g.r.first[d + 1] > g.r.first[d] && count[0] > 0 && count[1] > 0;
    }
    for (uint32_t j = 0; j < x->F && ok; j++) {
        uint32_t row = row_of(&x->rows, j);
        if (row == NO_ROW) continue;
        if (j % 256 == 0 && scry_cancelled(cancel)) ok = false;
        take_latent(&g, j);
        for (size_t d = 0; d < x->D; d++)
            for (size_t h = 0; h < 2 && has[d]; h++) {
                size_t block = g.r.first[d] + h;
                half[h][(size_t)row * x->D + d] = (float)(g.sum[block] / g.r.count[block]);
                g.sum[block] = 0;
            }
    }
    gather_end(&g);
    return ok;
}

/* A sample's estimate is that of all its tokens together, whose number is its weight. */
static scry_blocks *blocks_of_effects(const scry_index *x, scry_score score, const scry_set *set,
                                      scry_sampling_unit unit, scry_error *err) {
    const effect_columns *c = index_effect_columns(x);
    if (!scry_require_score(x, score, err)) return NULL;
    if (unit == SCRY_TOKENS) {
        scry_misuse(err, "score \"%s\" is known for each sample, not for each token: it cannot be resampled by token",
                    scry_score_name(score));
        return NULL;
    }
    effect_sums *sums = effect_sums_new(c);
    effect_sums_begin_bulk(sums);
    for (uint32_t j = 0; j < set->latents; j++) {
        uint32_t row = scry_set_has(set, j) ? row_of(&x->rows, j) : NO_ROW;
        if (row != NO_ROW) effect_sums_put(sums, row, true);
    }
    scry_blocks *b = mem_new(1, sizeof *b);
    *b = (scry_blocks){.score = score, .domains = x->D, .selected = set->count};
    b->first = mem_new(x->D + 1, sizeof *b->first);
    b->sum = mem_new(c->meta.samples, sizeof *b->sum);
    b->count = mem_new(c->meta.samples, sizeof *b->count);
    for (size_t d = 0; d <= x->D; d++) b->first[d] = c->first[d];
    for (uint32_t i = 0; i < c->meta.samples; i++) {
        b->sum[i] = effect_sums_sample(sums, i);
        b->count[i] = c->sample_tokens[i];
    }
    effect_sums_free(sums);
    return b;
}

scry_blocks *scry_blocks_new(const scry_index *x, scry_score score, const scry_set *set, scry_sampling_unit unit,
                             const scry_cancel *cancel, scry_error *err) {
    if (scry_scores[score].is_effect) return blocks_of_effects(x, score, set, unit, err);
    gather g = {.x = x, .score = score};
    bool cancelled = false;
    scry_blocks *b = NULL;
    bool ok = gather_begin(&g, unit, false, err);
    for (uint32_t j = 0; ok && j < set->latents && !cancelled; j++)
        if (scry_set_has(set, j)) {
            cancelled = scry_cancelled(cancel);
            if (!cancelled) take_latent(&g, j);
        }
    if (ok && !cancelled) {
        b = mem_new(1, sizeof *b);
        *b = (scry_blocks){score, x->D, set->count, g.r.first, g.sum, g.r.count};
        g.r.first = NULL;
        g.r.count = g.sum = NULL;
    }
    gather_end(&g);
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
