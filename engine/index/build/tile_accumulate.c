/* tile_accumulate.c: one tile: lists by latent to sums and postings.
 *
 * A sum goes on from where the tile before left it, entry by entry, so that it is the same wherever
 * tiles end. */
#include "base/mem.h"
#include "index/build/builder.h"

#include <stdlib.h>
#include <string.h>

/* ---- statistics ----------------------------------------------------------------------------- */

typedef struct block_count {
    uint64_t entries[SCRY_CONDITIONS], fires[SCRY_CONDITIONS], negative[SCRY_CONDITIONS];
} block_count;

/* Room for what the latent will hold at the end of the segment, if it goes on like this: growing step by step
 * costs more than all the rest. */
static void reserve_segment(const builder *b, int c, posting_stream *stream, uint32_t entries) {
    enum { USUAL = 6, MOST_TIMES = 8 };
    uint32_t need = entries * USUAL + POSTING_MOST;
    if (stream->room - stream->used >= need) return;
    uint64_t rows = b->group[c]->kept_count < SEGMENT_ROWS ? b->group[c]->kept_count : SEGMENT_ROWS;
    uint64_t end = (uint64_t)(stream->used + need) * rows / (b->segment_rows + b->tile.n);
    if (end > (uint64_t)need * MOST_TIMES) end = (uint64_t)need * MOST_TIMES;
    uint64_t room = end * 2 / 3; /* postings_reserve adds half as much again */
    postings_reserve(stream, room > stream->used + need ? (uint32_t)(room - stream->used) : need);
}

/* One latent of one capture: sums and postings. */
static void walk_capture(builder *b, int c, uint32_t latent, const tile_lists *lists, uint32_t j, block_count *count) {
    const uint64_t *row = b->tile.row[c];
    posting_stream *stream = &b->group_streams[c][latent];
    const uint32_t from = lists->start[j], to = lists->start[j + 1];
    if (from == to) return;
    reserve_segment(b, c, stream, to - from);
    capture_sums *sums = &b->sums[c];
    double sum = sums->sum[latent], square = sums->square[latent], run = sums->run ? sums->run[latent] : 0;
    uint32_t fires = 0;
    for (uint32_t i = from; i < to; i++) {
        double value = (double)lists->value[i];
        fires += value > 0;
        sum += value;
        square += value * value;
        run += value;
        postings_add(stream, (uint32_t)row[lists->at[i]], lists->value[i]);
    }
    sums->sum[latent] = sum;
    sums->square[latent] = square;
    sums->fires[latent] += fires;
    if (sums->run) sums->run[latent] = run;
    count->entries[c] += to - from;
    count->fires[c] += fires;
    count->negative[c] += to - from - fires;
}

/* One latent of base and another condition: the two lists merged by token; where neither fires the
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
static void close_sample(builder *b, int c, uint32_t latent) {
    if (!b->run_rows[SCRY_BASE] || !b->run_rows[c]) return;
    double figure[PAIR_FIGURES], **to = b->pair[c].figure;
    for (int f = 0; f < PAIR_FIGURES; f++) figure[f] = to[f][latent];
    pair_add(figure, b->sums[SCRY_BASE].run[latent] / (double)b->run_rows[SCRY_BASE],
             b->sums[c].run[latent] / (double)b->run_rows[c]);
    for (int f = 0; f < PAIR_FIGURES; f++) to[f][latent] = figure[f];
}

static void close_samples(builder *b, uint32_t latent) {
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (b->group[c]) close_sample(b, c, latent);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->group[c]) b->sums[c].run[latent] = 0;
}

typedef struct block_job {
    builder *b;
    block_count *counts; /* [blocks] */
} block_job;

/* Encodes a block of the latents in work, or gathers what was found of it. */
static void fill_lists(builder *b, int c, size_t block, uint32_t latents, tile_worker *w) {
    const build_tile *tile = &b->tile;
    const uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    if (!tile->X[c] || tile->pre[c]) {
        lists_of_parts(&w->lists[c], tile, c, block, latents);
        return;
    }
    if (is_narrow(b)) sae_encode(&b->narrow, tile->X[c], tile->n, first, latents, w->H);
    else sae_encode(&b->sae, tile->X[c], tile->n, b->first + first, latents, w->H);
    lists_of_block(&w->lists[c], w->H, latents, tile->n);
}

static void process_block(void *context, size_t block, unsigned worker) {
    block_job *job = context;
    builder *b = job->b;
    const build_tile *tile = &b->tile;
    const uint32_t *number = is_narrow(b) ? b->candidate : NULL;
    const uint32_t first = (uint32_t)block * BLOCK_LATENTS, left = latents_in_work(b) - first;
    const uint32_t latents = left < BLOCK_LATENTS ? left : BLOCK_LATENTS;
    tile_worker *w = &b->workers[worker];
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!(tile->mask >> c & 1)) continue;
        fill_lists(b, c, block, latents, w);
        for (uint32_t j = 0; j < latents; j++)
            walk_capture(b, c, number ? number[first + j] : first + j, &w->lists[c], j, &job->counts[block]);
    }
    for (uint32_t j = 0; j < latents && b->pairing == SCRY_PAIR_SAMPLE && tile->sample_end; j++)
        close_samples(b, number ? number[first + j] : first + j);
    for (int c = 1; c < SCRY_CONDITIONS && b->pairing != SCRY_PAIR_SAMPLE; c++)
        if (tile->mask >> c & 1 && tile->mask >> SCRY_BASE & 1)
            for (uint32_t j = 0; j < latents; j++)
                walk_pairs(&b->pair[c], number ? number[first + j] : first + j, &w->lists[SCRY_BASE], &w->lists[c], j);
}

/* Pairs are counted here, once a tile, not once a latent. */
static void count_pairs(builder *b) {
    const build_tile *tile = &b->tile;
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (b->pairing == SCRY_PAIR_SAMPLE)
            b->pair[c].pairs += tile->sample_end && b->run_rows[SCRY_BASE] && b->run_rows[c];
        else if (tile->mask >> c & 1 && tile->mask >> SCRY_BASE & 1) b->pair[c].pairs += tile->n;
    }
}

/* How many rows of features the next tile may have, from what this one held. */
static void choose_most(builder *b, uint64_t entries) {
    uint64_t rows = MOST_ENTRIES / (entries / b->tile.n + 1) / PART_ROWS * PART_ROWS;
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.X[c]) return;
    b->tile.most = rows < PART_ROWS ? PART_ROWS : rows > MOST_ROWS ? MOST_ROWS : (uint32_t)rows;
}

void tile_process(builder *b) {
    const size_t blocks = blocks_of(latents_in_work(b));
    block_job job = {.b = b, .counts = mem_new(blocks, sizeof *job.counts)};
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.mask >> c & 1) b->run_rows[c] += b->tile.n;
    if (is_topk(b)) topk_choose(b);
    parallel_for(b->pool, blocks, process_block, &job);
    uint64_t entries = 0;
    for (size_t i = 0; i < blocks; i++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            entries += job.counts[i].entries[c];
            if (!b->group[c]) continue;
            b->group[c]->nnz += job.counts[i].entries[c];
            b->group[c]->fires += job.counts[i].fires[c];
            b->group[c]->negative += job.counts[i].negative[c];
        }
    count_pairs(b);
    if (b->tile.sample_end) memset(b->run_rows, 0, sizeof b->run_rows);
    free(job.counts);
    b->segment_rows += b->tile.n;
    choose_most(b, entries);
}

/* ---- segments ------------------------------------------------------------------------------- */

/* Room for what the latent will hold at the end, if it goes on like this: a stream that grows step by
 * step is copied and cut many times. */
static void reserve_all(const builder *b, posting_stream *to, const posting_stream *from) {
    uint64_t all = (uint64_t)to->used + from->used + 2 * POSTING_MOST, most = b->stream_limit / b->F * 2;
    if (to->room >= all || !b->tokens_done) return;
    uint64_t end = (uint64_t)((double)all * (double)b->tokens / (double)b->tokens_done * 1.125);
    if (end > most) end = most;
    uint64_t room = end * 2 / 3; /* postings_reserve adds half as much again */
    if (room > all && room < UINT32_MAX / 2) postings_reserve(to, (uint32_t)room - to->used);
}

static void append_block(void *context, size_t block, unsigned worker) {
    (void)worker;
    builder *b = context;
    uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!b->group[c]) continue;
        uint32_t capture = (uint32_t)(b->group[c] - b->captures);
        for (uint32_t j = first; j < first + BLOCK_LATENTS && j < b->F; j++) {
            reserve_all(b, &b->streams[j], &b->group_streams[c][j]);
            postings_append(&b->streams[j], capture, &b->group_streams[c][j]);
        }
    }
}

bool tile_close_segment(builder *b) {
    if (!b->segment_rows) return true;
    b->segment_rows = 0;
    parallel_for(b->pool, blocks_of(b->F), append_block, b);
    b->stream_bytes = 0;
    for (uint32_t j = 0; j < b->F; j++) b->stream_bytes += b->streams[j].room;
    return b->stream_bytes <= b->stream_limit || spill_write(&b->spill, b->streams, b->err);
}
