/* tile.c: one tile: encode, threshold, accumulate, add postings. The hot part of indexing.
 *
 * Activations of a block lie as [latent][token], so that each latent's statistics and postings are
 * one walk over contiguous numbers; most are zero and are stepped over. */
#include "base/mem.h"
#include "index/build.h"

#include <stdlib.h>
#include <string.h>

enum { LOAD_ROWS = 64 }; /* rows a piece of loading */

typedef struct load_job {
    builder *b;
    uint64_t bad[SCRY_CONDITIONS][TILE_ROWS / LOAD_ROWS];
    uint64_t bad_row[SCRY_CONDITIONS][TILE_ROWS / LOAD_ROWS];
} load_job;

static void load_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    load_job *job = context;
    builder *b = job->b;
    size_t c = piece / (TILE_ROWS / LOAD_ROWS), part = piece % (TILE_ROWS / LOAD_ROWS);
    if (!(b->tile.mask >> c & 1)) return;
    const build_capture *capture = b->group[c];
    uint32_t end = (uint32_t)(part + 1) * LOAD_ROWS < b->tile.n ? (uint32_t)(part + 1) * LOAD_ROWS : b->tile.n;
    for (uint32_t t = (uint32_t)part * LOAD_ROWS; t < end; t++) {
        float *x = b->tile.X[c] + (size_t)t * capture->m.cols;
        uint64_t bad = matrix_row(&capture->m, capture->row0 + b->tile.row[c][t], x);
        if (bad && !job->bad[c][part]) job->bad_row[c][part] = b->tile.row[c][t];
        job->bad[c][part] += bad;
        if (!capture->spec->features) sae_prepare(&b->sae, x);
    }
}

void tile_load(builder *b) {
    load_job job = {.b = b};
    parallel_for(b->pool, SCRY_CONDITIONS * (TILE_ROWS / LOAD_ROWS), load_piece, &job);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        for (int part = 0; part < TILE_ROWS / LOAD_ROWS; part++) {
            if (!job.bad[c][part]) continue;
            if (!b->group[c]->nonfinite) b->group[c]->nonfinite_row = b->group[c]->row0 + job.bad_row[c][part];
            b->group[c]->nonfinite += job.bad[c][part];
        }
}

/* H[j][t] = X[t][first + j], in squares that stay in cache. */
static void transpose(const float *X, size_t width, uint32_t n, uint32_t first, uint32_t latents, float *H) {
    enum { SIDE = 16 };
    for (uint32_t t0 = 0; t0 < n; t0 += SIDE)
        for (uint32_t j0 = 0; j0 < latents; j0 += SIDE) {
            uint32_t t1 = t0 + SIDE < n ? t0 + SIDE : n, j1 = j0 + SIDE < latents ? j0 + SIDE : latents;
            for (uint32_t j = j0; j < j1; j++)
                for (uint32_t t = t0; t < t1; t++) H[(size_t)j * n + t] = X[t * width + first + j];
        }
}

/* One latent of one capture: sums and postings. Returns entries added; *fires, *negative grow. */
static uint32_t walk_capture(builder *b, int c, uint32_t latent, const float *h, uint32_t *fired, uint32_t *negative) {
    const uint32_t n = b->tile.n;
    const uint64_t base = b->group[c]->token_base, *row = b->tile.row[c];
    posting_stream *stream = &b->group_streams[c][latent];
    double sum = 0, square = 0;
    uint32_t entries = 0, fires = 0;
    for (uint32_t t = 0; t < n; t++) {
        float value = h[t];
        if (value == 0) continue;
        entries++;
        fires += value > 0;
        sum += (double)value;
        square += (double)value * (double)value;
        postings_add(stream, (uint32_t)(base + row[t]), value);
    }
    capture_sums *sums = &b->sums[c];
    sums->sum[latent] += sum;
    sums->square[latent] += square;
    sums->fires[latent] += fires;
    if (sums->run) sums->run[latent] += sum;
    *fired += fires;
    *negative += entries - fires;
    return entries;
}

/* One latent of base and another condition, partner by partner. */
static void walk_pairs(pair_sums *p, uint32_t latent, const float *base, const float *other, uint32_t n) {
    double sb = 0, sbb = 0, so = 0, soo = 0, dd = 0, da = 0;
    uint32_t fb = 0, fo = 0;
    for (uint32_t t = 0; t < n; t++) {
        if (base[t] == 0 && other[t] == 0) continue;
        double hb = (double)base[t], ho = (double)other[t], d = ho - hb;
        sb += hb;
        sbb += hb * hb;
        so += ho;
        soo += ho * ho;
        dd += d * d;
        da += d < 0 ? -d : d;
        fb += hb > 0;
        fo += ho > 0;
    }
    p->base[latent] += sb;
    p->base2[latent] += sbb;
    p->other[latent] += so;
    p->other2[latent] += soo;
    p->difference2[latent] += dd;
    p->absolute[latent] += da;
    p->base_fires[latent] += fb;
    p->other_fires[latent] += fo;
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

typedef struct block_count {
    uint64_t entries[SCRY_CONDITIONS], fires[SCRY_CONDITIONS], negative[SCRY_CONDITIONS];
} block_count;

typedef struct block_job {
    builder *b;
    block_count *counts; /* [blocks] */
} block_job;

static void close_samples(builder *b, uint32_t first, uint32_t latents) {
    for (uint32_t j = first; j < first + latents; j++) {
        for (int c = 1; c < SCRY_CONDITIONS; c++)
            if (b->group[c]) close_sample(b, c, j);
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (b->group[c]) b->sums[c].run[j] = 0;
    }
}

static void process_block(void *context, size_t block, unsigned worker) {
    block_job *job = context;
    builder *b = job->b;
    build_tile *tile = &b->tile;
    const uint32_t first = (uint32_t)block * BLOCK_LATENTS;
    const uint32_t latents = b->F - first < BLOCK_LATENTS ? b->F - first : BLOCK_LATENTS;
    block_count *count = &job->counts[block];
    float **H = b->H + (size_t)worker * SCRY_CONDITIONS;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!(tile->mask >> c & 1)) continue;
        if (b->group[c]->spec->features) transpose(tile->X[c], b->group[c]->m.cols, tile->n, first, latents, H[c]);
        else sae_encode(&b->sae, tile->X[c], tile->n, first, latents, H[c]);
        for (uint32_t j = 0; j < latents; j++) {
            uint32_t fires = 0, negative = 0;
            count->entries[c] += walk_capture(b, c, first + j, H[c] + (size_t)j * tile->n, &fires, &negative);
            count->fires[c] += fires;
            count->negative[c] += negative;
        }
    }
    if (b->pairing == SCRY_PAIR_SAMPLE) {
        if (tile->sample_end) close_samples(b, first, latents);
        return;
    }
    for (int c = 1; c < SCRY_CONDITIONS; c++) {
        if (!(tile->mask >> c & 1) || !(tile->mask >> SCRY_BASE & 1)) continue;
        for (uint32_t j = 0; j < latents; j++)
            walk_pairs(&b->pair[c], first + j, H[SCRY_BASE] + (size_t)j * tile->n, H[c] + (size_t)j * tile->n, tile->n);
    }
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
}
