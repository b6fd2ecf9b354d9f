/* tile_accumulate.c: one tile: lists by latent to sums and postings.
 *
 * A sum goes on from where the tile before left it, entry by entry, so that it is the same wherever
 * tiles end. */
#include "base/mem.h"
#include "index/build/statistics.h"
#include "index/build/tile.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void accumulators_new(accumulators *a, build_tile *tile, posting_store *store) {
    *a = (accumulators){.tile = tile, .store = store};
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (is_captured(tile->in, c)) a->group_streams[c] = mem_new(tile->in->F, sizeof(posting_stream));
}

void accumulators_free(accumulators *a) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        for (uint32_t j = 0; a->group_streams[c] && j < a->tile->in->F; j++) free(a->group_streams[c][j].bytes);
        free(a->group_streams[c]);
    }
}

static void pair_sums_new(pair_sums *p, uint32_t F) {
    *p = (pair_sums){.base_fires = mem_new(F, sizeof(uint32_t)), .other_fires = mem_new(F, sizeof(uint32_t))};
    for (int f = 0; f < PAIR_FIGURES; f++) p->figure[f] = mem_new(F, sizeof(double));
}

static void pair_sums_free(pair_sums *p) {
    free(p->base_fires);
    free(p->other_fires);
    for (int f = 0; f < PAIR_FIGURES; f++) free(p->figure[f]);
    *p = (pair_sums){0};
}

void accumulators_begin_group(accumulators *a) {
    uint32_t F = a->tile->in->F;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        a->run_rows[c] = 0;
        if (!a->tile->group[c]) continue;
        capture_sums *s = &a->sums[c];
        *s = (capture_sums){.sum = mem_new(F, sizeof(double)),
                            .square = mem_new(F, sizeof(double)),
                            .fires = mem_new(F, sizeof(uint32_t))};
        if (c == SCRY_BASE && a->tile->group[c]->group < 0) s->size = mem_new(F, sizeof(double));
        if (a->tile->in->pairing == SCRY_PAIR_SAMPLE) s->run = mem_new(F, sizeof(double));
        for (int r = 0; r < SCRY_REFERENCES; r++)
            if (is_compared(a->tile->group, r, c)) pair_sums_new(&a->pair[r][c], F);
    }
}

void accumulators_end_group(accumulators *a) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        capture_sums *s = &a->sums[c];
        void *owned[] = {s->sum, s->square, s->fires, s->size, s->run};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        *s = (capture_sums){0};
        for (int r = 0; r < SCRY_REFERENCES; r++) pair_sums_free(&a->pair[r][c]);
    }
}

typedef struct block_count {
    uint64_t entries[SCRY_CONDITIONS], fires[SCRY_CONDITIONS], negative[SCRY_CONDITIONS];
} block_count;

/* Reserve what the latent will hold at the end of the segment at its present rate: growing step by step costs more than
 * all the rest. */
static void reserve_segment(const accumulators *a, int c, posting_stream *stream, uint32_t entries) {
    enum { USUAL = 6, MOST_TIMES = 8 };
    uint32_t need = entries * USUAL + POSTING_MOST;
    if (stream->room - stream->used >= need) return;
    uint64_t rows = a->tile->group[c]->kept_count < SEGMENT_ROWS ? a->tile->group[c]->kept_count : SEGMENT_ROWS;
    uint64_t end = (uint64_t)(stream->used + need) * rows / (a->segment_rows + a->tile->n);
    if (end > (uint64_t)need * MOST_TIMES) end = (uint64_t)need * MOST_TIMES;
    uint64_t room = end * 2 / 3; /* postings_reserve adds half as much again */
    postings_reserve(stream, room > stream->used + need ? (uint32_t)(room - stream->used) : need);
}

/* One latent of one capture: sums and postings. */
static void walk_capture(accumulators *a, int c, uint32_t latent, const tile_lists *lists, uint32_t j,
                         block_count *count) {
    const uint64_t *row = a->tile->row[c];
    posting_stream *stream = &a->group_streams[c][latent];
    const uint32_t from = lists->start[j], to = lists->start[j + 1];
    if (from == to) return;
    reserve_segment(a, c, stream, to - from);
    capture_sums *sums = &a->sums[c];
    double sum = sums->sum[latent], square = sums->square[latent], run = sums->run ? sums->run[latent] : 0;
    double size = sums->size ? sums->size[latent] : 0;
    uint32_t fires = 0;
    for (uint32_t i = from; i < to; i++) {
        double value = (double)lists->value[i];
        fires += value > 0;
        sum += value;
        square += value * value;
        size += fabs(value);
        run += value;
        postings_add(stream, (uint32_t)row[lists->at[i]], lists->value[i]);
    }
    sums->sum[latent] = sum;
    sums->square[latent] = square;
    sums->fires[latent] += fires;
    if (sums->size) sums->size[latent] = size;
    if (sums->run) sums->run[latent] = run;
    count->entries[c] += to - from;
    count->fires[c] += fires;
    count->negative[c] += to - from - fires;
}

/* One latent of a reference and another condition: the two lists merged by token; where neither fires the
 * pair adds nothing. The figures are kept in locals, which the compiler holds in registers. */
static void walk_pairs(pair_sums *p, uint32_t latent, const tile_lists *base, const tile_lists *other, uint32_t j) {
    uint32_t i = base->start[j], i_end = base->start[j + 1], k = other->start[j], k_end = other->start[j + 1];
    if (i == i_end && k == k_end) return;
    double figure[PAIR_FIGURES];
#define FIGURE(id, next) figure[PAIR_##id] = p->figure[PAIR_##id][latent];
    PAIR_FIGURE_TABLE(FIGURE)
#undef FIGURE
    uint32_t base_fires = 0, other_fires = 0;
    while (i < i_end || k < k_end) {
        uint32_t at_base = i < i_end ? base->at[i] : UINT32_MAX, at_other = k < k_end ? other->at[k] : UINT32_MAX;
        double hb = at_base <= at_other ? (double)base->value[i++] : 0;
        double ho = at_other <= at_base ? (double)other->value[k++] : 0;
        pair_add(figure, hb, ho);
        base_fires += hb > 0;
        other_fires += ho > 0;
    }
#define FIGURE(id, next) p->figure[PAIR_##id][latent] = figure[PAIR_##id];
    PAIR_FIGURE_TABLE(FIGURE)
#undef FIGURE
    p->base_fires[latent] += base_fires;
    p->other_fires[latent] += other_fires;
}

/* Pairing by sample: the sample is complete; its means are the pair. */
static void close_sample(accumulators *a, int reference, int c, uint32_t latent) {
    const int of = (int)scry_reference_condition((scry_reference)reference);
    if (!a->run_rows[of] || !a->run_rows[c]) return;
    double figure[PAIR_FIGURES], **to = a->pair[reference][c].figure;
    for (int f = 0; f < PAIR_FIGURES; f++) figure[f] = to[f][latent];
    pair_add(figure, a->sums[of].run[latent] / (double)a->run_rows[of],
             a->sums[c].run[latent] / (double)a->run_rows[c]);
    for (int f = 0; f < PAIR_FIGURES; f++) to[f][latent] = figure[f];
}

static void close_samples(accumulators *a, uint32_t latent) {
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (is_compared(a->tile->group, r, c)) close_sample(a, r, c, latent);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (a->tile->group[c]) a->sums[c].run[latent] = 0;
}

typedef struct block_job {
    accumulators *a;
    block_count *counts; /* [blocks] */
} block_job;

/* Encodes a block of latents, or collects what tile_load or topk_choose found of it. */
static void fill_lists(accumulators *a, int c, size_t block, uint32_t latents, tile_worker *w) {
    const build_tile *tile = a->tile;
    const uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    if (!tile->X[c] || tile->pre[c]) {
        lists_of_parts(&w->lists[c], tile->part[c], tile->n, block, latents);
        return;
    }
    if (tile->subset) sae_encode(&tile->subset->sae, tile->X[c], tile->n, first, latents, w->H);
    else sae_encode(&a->tile->in->sae, tile->X[c], tile->n, a->tile->in->first + first, latents, w->H);
    lists_of_block(&w->lists[c], w->H, latents, tile->n);
}

/* True when the rows of the tile are pairs of the reference and condition c. */
static bool is_paired(const build_tile *tile, int reference, int c) {
    return is_compared(tile->group, reference, c) && tile->mask >> c & 1 &&
           tile->mask >> scry_reference_condition((scry_reference)reference) & 1;
}

static void process_block(void *context, size_t block, unsigned worker) {
    block_job *job = context;
    accumulators *a = job->a;
    const build_tile *tile = a->tile;
    const uint32_t *number = tile->subset ? tile->subset->latent : NULL;
    const uint32_t first = (uint32_t)block * BLOCK_LATENTS, left = tile_latents(a->tile) - first;
    const uint32_t latents = left < BLOCK_LATENTS ? left : BLOCK_LATENTS;
    tile_worker *w = &a->tile->workers[worker];
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!(tile->mask >> c & 1)) continue;
        fill_lists(a, c, block, latents, w);
        for (uint32_t j = 0; j < latents; j++)
            walk_capture(a, c, number ? number[first + j] : first + j, &w->lists[c], j, &job->counts[block]);
    }
    for (uint32_t j = 0; j < latents && a->tile->in->pairing == SCRY_PAIR_SAMPLE && tile->sample_end; j++)
        close_samples(a, number ? number[first + j] : first + j);
    if (tile->in->pairing == SCRY_PAIR_SAMPLE) return;
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!is_paired(tile, r, c)) continue;
            const tile_lists *of = &w->lists[scry_reference_condition((scry_reference)r)];
            for (uint32_t j = 0; j < latents; j++)
                walk_pairs(&a->pair[r][c], number ? number[first + j] : first + j, of, &w->lists[c], j);
        }
}

/* Pairs are counted here, once a tile, not once a latent. */
static void count_pairs(accumulators *a) {
    const build_tile *tile = a->tile;
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!is_compared(tile->group, r, c)) continue;
            if (tile->in->pairing == SCRY_PAIR_SAMPLE)
                a->pair[r][c].pairs +=
                    tile->sample_end && a->run_rows[scry_reference_condition((scry_reference)r)] && a->run_rows[c];
            else if (is_paired(tile, r, c)) a->pair[r][c].pairs += tile->n;
        }
}

/* Rows of features in the next tile, from the entries of this one. */
static void choose_most(accumulators *a, uint64_t entries) {
    uint64_t rows = MOST_ENTRIES / (entries / a->tile->n + 1) / PART_ROWS * PART_ROWS;
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (a->tile->X[c]) return;
    a->tile->most = rows < PART_ROWS ? PART_ROWS : rows > MOST_ROWS ? MOST_ROWS : (uint32_t)rows;
}

void tile_accumulate(accumulators *a) {
    const size_t blocks = blocks_of(tile_latents(a->tile));
    block_job job = {.a = a, .counts = mem_new(blocks, sizeof *job.counts)};
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (a->tile->mask >> c & 1) a->run_rows[c] += a->tile->n;
    if (is_topk(a->tile->in)) topk_choose(a->tile);
    parallel_for(a->tile->in->pool, blocks, process_block, &job);
    uint64_t entries = 0;
    for (size_t i = 0; i < blocks; i++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            entries += job.counts[i].entries[c];
            if (!a->tile->group[c]) continue;
            a->tile->group[c]->nnz += job.counts[i].entries[c];
            a->tile->group[c]->fires += job.counts[i].fires[c];
            a->tile->group[c]->negative += job.counts[i].negative[c];
        }
    count_pairs(a);
    if (a->tile->sample_end) memset(a->run_rows, 0, sizeof a->run_rows);
    free(job.counts);
    a->segment_rows += a->tile->n;
    choose_most(a, entries);
}

/* Reserve what the latent will hold at the end at its present rate: a stream that grows step by step is copied many
 * times. */
static void reserve_all(const accumulators *a, posting_stream *to, const posting_stream *from) {
    uint64_t all = (uint64_t)to->used + from->used + 2 * POSTING_MOST, most = a->store->limit / a->tile->in->F * 2;
    if (to->room >= all || !a->tokens_done) return;
    uint64_t end = (uint64_t)((double)all * (double)a->tile->in->tokens / (double)a->tokens_done * 1.125);
    if (end > most) end = most;
    uint64_t room = end * 2 / 3; /* postings_reserve adds half as much again */
    if (room > all && room < UINT32_MAX / 2) postings_reserve(to, (uint32_t)room - to->used);
}

static void append_block(void *context, size_t block, unsigned worker) {
    (void)worker;
    accumulators *a = context;
    uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!a->tile->group[c]) continue;
        uint32_t capture = (uint32_t)(a->tile->group[c] - a->tile->in->captures);
        for (uint32_t j = first; j < first + BLOCK_LATENTS && j < a->tile->in->F; j++) {
            reserve_all(a, &a->store->streams[j], &a->group_streams[c][j]);
            postings_append(&a->store->streams[j], capture, &a->group_streams[c][j]);
        }
    }
}

bool tile_close_segment(accumulators *a) {
    if (!a->segment_rows) return true;
    const build_inputs *in = a->tile->in;
    a->segment_rows = 0;
    parallel_for(in->pool, blocks_of(in->F), append_block, a);
    uint64_t bytes = 0;
    for (uint32_t j = 0; j < in->F; j++) {
        bytes += a->store->streams[j].room;
        if (a->store->streams[j].full)
            return scry_fail(in->err,
                             "latent %" PRIu32 " is active on more than 700 million tokens; index fewer captures",
                             in->first + j);
    }
    return bytes <= a->store->limit || posting_store_spill(a->store, in->err);
}
