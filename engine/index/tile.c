/* tile.c: one tile: encode, threshold, accumulate, add postings. The hot part of indexing.
 *
 * A block's activations lie as [latent][token]; what is not zero goes to lists at once, and all
 * statistics are made from those. Features and TopK's choice come as lists by row and are turned
 * to lists by latent with a counting sort. */
#include "base/mem.h"
#include "index/build.h"

#include <stdlib.h>
#include <string.h>

/* ---- room ----------------------------------------------------------------------------------- */

static bool is_topk(const builder *b) {
    return b->has_sae && b->sae.activation == SAE_TOPK;
}

void tile_room(builder *b) {
    unsigned threads = parallel_threads(b->pool);
    if (!b->workers) {
        b->workers = mem_new(threads, sizeof *b->workers);
        size_t cells = (size_t)BLOCK_LATENTS * TILE_ROWS;
        for (unsigned w = 0; w < threads; w++) {
            b->workers[w].H = mem_new(cells, sizeof(float));
            if (is_topk(b)) b->workers[w].column = mem_new(b->all_latents, sizeof(float));
            for (int c = 0; c < SCRY_CONDITIONS; c++) {
                b->workers[w].lists[c].at = mem_new(cells, sizeof(uint16_t));
                b->workers[w].lists[c].value = mem_new(cells, sizeof(float));
            }
        }
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(b->tile.X[c]);
        free(b->tile.pre[c]);
        bool residual = b->group[c] && !b->group[c]->spec->features;
        b->tile.X[c] = residual ? mem_new((size_t)TILE_ROWS * b->group[c]->m.cols, sizeof(float)) : NULL;
        b->tile.pre[c] = residual && is_topk(b) ? mem_new((size_t)TILE_ROWS * b->all_latents, sizeof(float)) : NULL;
    }
}

void tile_free(builder *b) {
    for (unsigned w = 0; b->workers && w < parallel_threads(b->pool); w++) {
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            free(b->workers[w].lists[c].at);
            free(b->workers[w].lists[c].value);
        }
        free(b->workers[w].column);
        free(b->workers[w].H);
    }
    free(b->workers);
    b->workers = NULL;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(b->tile.X[c]);
        free(b->tile.pre[c]);
        for (int part = 0; part < LOAD_PARTS; part++) {
            free(b->tile.rows[c][part].col);
            free(b->tile.rows[c][part].value);
        }
    }
}

/* ---- lists ---------------------------------------------------------------------------------- */

/* These loops look at every activation of a block: let the compiler use what the processor has. */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

/* Lists of a block from H[latents][n]. Most of it is zero: 16 at a time are looked at with one OR. */
WIDE static void lists_of_block(tile_lists *lists, const float *H, uint32_t latents, uint32_t n) {
    uint32_t used = 0;
    for (uint32_t j = 0; j < latents; j++) {
        const float *h = H + (size_t)j * n;
        lists->start[j] = used;
        uint32_t t = 0;
        for (; t + 16 <= n; t += 16) {
            uint32_t bits[16], any = 0;
            memcpy(bits, h + t, sizeof bits);
            for (int i = 0; i < 16; i++) any |= bits[i];
            if (!(any & 0x7fffffff)) continue;
            for (uint32_t k = t; k < t + 16; k++)
                if (h[k] != 0) {
                    lists->at[used] = (uint16_t)k;
                    lists->value[used++] = h[k];
                }
        }
        for (; t < n; t++)
            if (h[t] != 0) {
                lists->at[used] = (uint16_t)t;
                lists->value[used++] = h[t];
            }
    }
    lists->start[latents] = used;
}

/* First entry of a row with a latent of `first` or above. */
static uint32_t lower_bound(const tile_rows *rows, uint32_t r, uint32_t first) {
    uint32_t low = rows->start[r], high = rows->start[r + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (rows->col[middle] < first) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Lists of a block from the rows of a tile: counted by latent, then put in place. */
static void lists_of_rows(tile_lists *lists, const tile_rows *parts, uint32_t n, uint32_t first, uint32_t latents) {
    uint32_t from[TILE_ROWS], to[TILE_ROWS];
    memset(lists->start, 0, sizeof lists->start);
    for (uint32_t t = 0; t < n; t++) {
        const tile_rows *rows = &parts[t / LOAD_ROWS];
        from[t] = lower_bound(rows, t % LOAD_ROWS, first);
        uint32_t end = rows->start[t % LOAD_ROWS + 1];
        for (to[t] = from[t]; to[t] < end && rows->col[to[t]] < first + latents; to[t]++)
            lists->start[rows->col[to[t]] - first + 1]++;
    }
    for (uint32_t j = 0; j < latents; j++) lists->start[j + 1] += lists->start[j];
    for (uint32_t t = 0; t < n; t++) {
        const tile_rows *rows = &parts[t / LOAD_ROWS];
        for (uint32_t i = from[t]; i < to[t]; i++) {
            uint32_t place = lists->start[rows->col[i] - first]++;
            lists->at[place] = (uint16_t)t;
            lists->value[place] = rows->value[i];
        }
    }
    /* Each start has moved to the next latent's; move them back. */
    memmove(lists->start + 1, lists->start, latents * sizeof *lists->start);
    lists->start[0] = 0;
}

/* ---- TopK ----------------------------------------------------------------------------------- */

static void encode_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    builder *b = context;
    size_t blocks = (b->all_latents + BLOCK_LATENTS - 1) / BLOCK_LATENTS, c = piece / blocks;
    uint32_t first = (uint32_t)(piece % blocks) * BLOCK_LATENTS;
    if (!(b->tile.mask >> c & 1) || !b->tile.pre[c]) return;
    uint32_t latents = b->all_latents - first < BLOCK_LATENTS ? b->all_latents - first : BLOCK_LATENTS;
    sae_encode(&b->sae, b->tile.X[c], b->tile.n, first, latents, b->tile.pre[c] + (size_t)first * b->tile.n);
}

static void choose_piece(void *context, size_t piece, unsigned worker) {
    builder *b = context;
    size_t c = piece / LOAD_PARTS, part = piece % LOAD_PARTS;
    const uint32_t n = b->tile.n, k = b->sae.k;
    uint32_t from = (uint32_t)part * LOAD_ROWS, end = from + LOAD_ROWS < n ? from + LOAD_ROWS : n, used = 0;
    if (!(b->tile.mask >> c & 1) || !b->tile.pre[c] || from >= end) return;
    tile_rows *rows = &b->tile.rows[c][part];
    if (rows->room < LOAD_ROWS * k) {
        rows->room = LOAD_ROWS * k;
        rows->col = mem_resize(rows->col, rows->room, sizeof *rows->col);
        rows->value = mem_resize(rows->value, rows->room, sizeof *rows->value);
    }
    float *column = b->workers[worker].column;
    for (uint32_t t = from; t < end; t++) {
        float floor;
        uint32_t ties;
        rows->start[t - from] = used;
        for (uint32_t j = 0; j < b->all_latents; j++) column[j] = b->tile.pre[c][(size_t)j * n + t];
        sae_topk(&b->sae, column, 1, 0, &floor, &ties);
        for (uint32_t j = 0; j < b->all_latents; j++) {
            if (!(column[j] > floor) && !(column[j] == floor && ties && ties--)) continue;
            rows->col[used] = j;
            rows->value[used++] = b->sae.out_scale ? column[j] / b->sae.out_scale[j] : column[j];
        }
    }
    rows->start[end - from] = used;
}

/* ---- statistics ----------------------------------------------------------------------------- */

typedef struct block_count {
    uint64_t entries[SCRY_CONDITIONS], fires[SCRY_CONDITIONS], negative[SCRY_CONDITIONS];
} block_count;

/* One latent of one capture: sums and postings. */
static void walk_capture(builder *b, int c, uint32_t latent, const tile_lists *lists, uint32_t j, block_count *count) {
    const uint64_t *row = b->tile.row[c];
    posting_stream *stream = &b->group_streams[c][latent];
    const uint32_t from = lists->start[j], to = lists->start[j + 1];
    double sum = 0, square = 0;
    uint32_t fires = 0;
    for (uint32_t i = from; i < to; i++) {
        double value = (double)lists->value[i];
        fires += value > 0;
        sum += value;
        square += value * value;
        postings_add(stream, (uint32_t)row[lists->at[i]], lists->value[i]);
    }
    capture_sums *sums = &b->sums[c];
    sums->sum[latent] += sum;
    sums->square[latent] += square;
    sums->fires[latent] += fires;
    if (sums->run) sums->run[latent] += sum;
    count->entries[c] += to - from;
    count->fires[c] += fires;
    count->negative[c] += to - from - fires;
}

typedef struct pair_walk {
    double base, base2, other, other2, difference2, absolute;
    uint32_t base_fires, other_fires;
} pair_walk;

static inline void add_pair(pair_walk *w, double hb, double ho) {
    double d = ho - hb;
    w->base += hb;
    w->base2 += hb * hb;
    w->other += ho;
    w->other2 += ho * ho;
    w->difference2 += d * d;
    w->absolute += d < 0 ? -d : d;
    w->base_fires += hb > 0;
    w->other_fires += ho > 0;
}

/* One latent of base and another condition: the two lists merged by token; where neither fires the
 * pair adds nothing. */
static void walk_pairs(pair_sums *p, uint32_t latent, const tile_lists *base, const tile_lists *other, uint32_t j) {
    pair_walk w = {0};
    uint32_t i = base->start[j], i_end = base->start[j + 1], k = other->start[j], k_end = other->start[j + 1];
    while (i < i_end || k < k_end) {
        uint32_t at_base = i < i_end ? base->at[i] : UINT32_MAX, at_other = k < k_end ? other->at[k] : UINT32_MAX;
        double hb = at_base <= at_other ? (double)base->value[i++] : 0;
        double ho = at_other <= at_base ? (double)other->value[k++] : 0;
        add_pair(&w, hb, ho);
    }
    p->base[latent] += w.base;
    p->base2[latent] += w.base2;
    p->other[latent] += w.other;
    p->other2[latent] += w.other2;
    p->difference2[latent] += w.difference2;
    p->absolute[latent] += w.absolute;
    p->base_fires[latent] += w.base_fires;
    p->other_fires[latent] += w.other_fires;
}

/* Pairing by sample: the sample is complete; its means are the pair. */
static void close_sample(builder *b, int c, uint32_t latent) {
    if (!b->run_rows[SCRY_BASE] || !b->run_rows[c]) return;
    double hb = b->sums[SCRY_BASE].run[latent] / (double)b->run_rows[SCRY_BASE];
    double ho = b->sums[c].run[latent] / (double)b->run_rows[c], d = ho - hb;
    pair_sums *p = &b->pair[c];
    p->base[latent] += hb;
    p->base2[latent] += hb * hb;
    p->other[latent] += ho;
    p->other2[latent] += ho * ho;
    p->difference2[latent] += d * d;
    p->absolute[latent] += d < 0 ? -d : d;
}

static void close_samples(builder *b, uint32_t first, uint32_t latents) {
    for (uint32_t j = first; j < first + latents; j++) {
        for (int c = 1; c < SCRY_CONDITIONS; c++)
            if (b->group[c]) close_sample(b, c, j);
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (b->group[c]) b->sums[c].run[j] = 0;
    }
}

typedef struct block_job {
    builder *b;
    block_count *counts; /* [blocks] */
} block_job;

static void process_block(void *context, size_t block, unsigned worker) {
    block_job *job = context;
    builder *b = job->b;
    const build_tile *tile = &b->tile;
    const uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    const uint32_t latents = b->F - first < BLOCK_LATENTS ? b->F - first : BLOCK_LATENTS;
    tile_worker *w = &b->workers[worker];
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!(tile->mask >> c & 1)) continue;
        if (tile->X[c] && !tile->pre[c]) {
            sae_encode(&b->sae, tile->X[c], tile->n, b->first + first, latents, w->H);
            lists_of_block(&w->lists[c], w->H, latents, tile->n);
        } else {
            lists_of_rows(&w->lists[c], tile->rows[c], tile->n, b->first + first, latents);
        }
        for (uint32_t j = 0; j < latents; j++) walk_capture(b, c, first + j, &w->lists[c], j, &job->counts[block]);
    }
    if (b->pairing == SCRY_PAIR_SAMPLE) {
        if (tile->sample_end) close_samples(b, first, latents);
        return;
    }
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (tile->mask >> c & 1 && tile->mask >> SCRY_BASE & 1)
            for (uint32_t j = 0; j < latents; j++)
                walk_pairs(&b->pair[c], first + j, &w->lists[SCRY_BASE], &w->lists[c], j);
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

void tile_process(builder *b) {
    size_t blocks = (b->F + BLOCK_LATENTS - 1) / BLOCK_LATENTS;
    block_job job = {.b = b, .counts = mem_new(blocks, sizeof *job.counts)};
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.mask >> c & 1) b->run_rows[c] += b->tile.n;
    if (is_topk(b)) {
        size_t all = (b->all_latents + BLOCK_LATENTS - 1) / BLOCK_LATENTS;
        parallel_for(b->pool, all * SCRY_CONDITIONS, encode_piece, b);
        parallel_for(b->pool, SCRY_CONDITIONS * LOAD_PARTS, choose_piece, b);
    }
    parallel_for(b->pool, blocks, process_block, &job);
    for (size_t i = 0; i < blocks; i++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!b->group[c]) continue;
            b->group[c]->nnz += job.counts[i].entries[c];
            b->group[c]->fires += job.counts[i].fires[c];
            b->group[c]->negative += job.counts[i].negative[c];
        }
    count_pairs(b);
    if (b->tile.sample_end) memset(b->run_rows, 0, sizeof b->run_rows);
    free(job.counts);
    b->segment_tiles++;
}

/* ---- segments ------------------------------------------------------------------------------- */

static void append_block(void *context, size_t block, unsigned worker) {
    (void)worker;
    builder *b = context;
    uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!b->group[c]) continue;
        uint32_t capture = (uint32_t)(b->group[c] - b->captures);
        for (uint32_t j = first; j < first + BLOCK_LATENTS && j < b->F; j++)
            postings_append(&b->streams[j], capture, &b->group_streams[c][j]);
    }
}

bool tile_close_segment(builder *b) {
    if (!b->segment_tiles) return true;
    b->segment_tiles = 0;
    parallel_for(b->pool, (b->F + BLOCK_LATENTS - 1) / BLOCK_LATENTS, append_block, b);
    b->stream_bytes = 0;
    for (uint32_t j = 0; j < b->F; j++) b->stream_bytes += b->streams[j].room;
    return b->stream_bytes <= b->stream_limit || spill_write(&b->spill, b->streams, b->err);
}
