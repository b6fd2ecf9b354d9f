/* tile.c: the buffers of a tile and its threads, its nonzero activations by latent, and what a TopK SAE keeps. */
#include "index/build/tile.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void make_workers(build_tile *tile) {
    unsigned threads = parallel_threads(tile->in->pool);
    tile->workers = mem_new(threads, sizeof *tile->workers);
    for (unsigned w = 0; w < threads; w++) {
        tile->workers[w].bytes = mem_resize(NULL, READ_BYTES, 1);
        if (tile->in->has_sae) tile->workers[w].H = mem_new((size_t)BLOCK_LATENTS * RESIDUAL_ROWS, sizeof(float));
        if (is_topk(tile->in)) tile->workers[w].column = mem_new(tile->in->all_latents, sizeof(float));
    }
}

void tile_reserve(build_tile *tile) {
    if (!tile->workers) make_workers(tile);
    tile->most = 2 * PART_ROWS; /* until it is known how much a row holds */
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(tile->X[c]);
        free(tile->pre[c]);
        bool residual = tile->group[c] && !tile->group[c]->spec->features;
        tile->X[c] = residual ? mem_new((size_t)RESIDUAL_ROWS * tile->group[c]->m.cols, sizeof(float)) : NULL;
        tile->pre[c] = residual && is_topk(tile->in)
                           ? mem_new((size_t)RESIDUAL_ROWS * tile->in->all_latents, sizeof(float))
                           : NULL;
        if (residual) tile->most = RESIDUAL_ROWS;
    }
}

void tile_free(build_tile *tile) {
    for (unsigned w = 0; tile->workers && w < parallel_threads(tile->in->pool); w++) {
        tile_worker *worker = &tile->workers[w];
        for (int c = 0; c < SCRY_CONDITIONS; c++) lists_free(&worker->lists[c]);
        void *owned[] = {worker->bytes, worker->scan.col, worker->scan.value, worker->H, worker->column};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        sparse_row_free(&worker->row);
    }
    free(tile->workers);
    tile->workers = NULL;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(tile->X[c]);
        free(tile->pre[c]);
        for (int part = 0; part < PARTS; part++) {
            free(tile->part[c][part].entry);
            free(tile->part[c][part].start);
        }
    }
}

static void lists_reserve(tile_lists *lists, uint32_t most) {
    if (lists->room >= most) return;
    free(lists->at);
    free(lists->value);
    lists->room = most + most / 4;
    lists->at = mem_resize(NULL, lists->room, sizeof *lists->at);
    lists->value = mem_resize(NULL, lists->room, sizeof *lists->value);
}

void lists_of_block(tile_lists *lists, const float *H, uint32_t latents, uint32_t n) {
    uint32_t used = 0;
    lists_reserve(lists, latents * n);
    for (uint32_t j = 0; j < latents; j++) {
        const float *h = H + (size_t)j * n;
        lists->start[j] = used;
        uint32_t end = used + sae_nonzero_tokens(h, n, lists->at + used);
        for (; used < end; used++) lists->value[used] = h[lists->at[used]];
    }
    lists->start[latents] = used;
}

void lists_of_parts(tile_lists *lists, const tile_part *part, uint32_t n, size_t block, uint32_t latents) {
    const uint32_t parts = (n + PART_ROWS - 1) / PART_ROWS;
    uint32_t *start = lists->start, count = 0;
    memset(start, 0, sizeof lists->start);
    for (uint32_t p = 0; p < parts; p++) {
        for (uint32_t i = part[p].start[block]; i < part[p].start[block + 1]; i++) start[part[p].entry[i].latent + 1]++;
        count += part[p].start[block + 1] - part[p].start[block];
    }
    lists_reserve(lists, count);
    for (uint32_t j = 0; j < latents; j++) start[j + 1] += start[j];
    for (uint32_t p = 0; p < parts; p++)
        for (uint32_t i = part[p].start[block]; i < part[p].start[block + 1]; i++) {
            const tile_entry *e = &part[p].entry[i];
            uint32_t place = start[e->latent]++;
            lists->at[place] = e->row;
            lists->value[place] = e->value;
        }
    /* Each start has moved to the next latent's; move them back. */
    memmove(start + 1, start, latents * sizeof *start);
    start[0] = 0;
}

void lists_free(tile_lists *lists) {
    free(lists->at);
    free(lists->value);
}

static void encode_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    build_tile *tile = context;
    size_t blocks = blocks_of(tile->in->all_latents), c = piece / blocks;
    uint32_t first = (uint32_t)(piece % blocks) * BLOCK_LATENTS;
    if (!(tile->mask >> c & 1) || !tile->pre[c]) return;
    uint32_t latents = tile->in->all_latents - first < BLOCK_LATENTS ? tile->in->all_latents - first : BLOCK_LATENTS;
    sae_encode(&tile->in->sae, tile->X[c], tile->n, first, latents, tile->pre[c] + (size_t)first * tile->n);
}

static void choose_piece(void *context, size_t piece, unsigned worker) {
    build_tile *tile = context;
    size_t c = piece / PARTS, part = piece % PARTS;
    const uint32_t n = tile->n;
    uint32_t from = (uint32_t)part * PART_ROWS, end = from + PART_ROWS < n ? from + PART_ROWS : n;
    if (!(tile->mask >> c & 1) || !tile->pre[c] || from >= end) return;
    float *column = tile->workers[worker].column;
    part_scan *scan = &tile->workers[worker].scan;
    for (uint32_t t = from; t < end; t++) {
        for (uint32_t j = 0; j < tile->in->all_latents; j++) column[j] = tile->pre[c][(size_t)j * n + t];
        sae_keep_topk(&tile->in->sae, column, 1, 0);
        scan->start[t - from] = scan->used;
        scan_floats(scan, column, 0, tile->in->all_latents);
    }
    scan->start[end - from] = scan->used;
    scan_close(scan, &tile->part[c][part], tile->in->first, tile->in->F, from, end - from);
}

void topk_choose(build_tile *tile) {
    parallel_for(tile->in->pool, blocks_of(tile->in->all_latents) * SCRY_CONDITIONS, encode_piece, tile);
    parallel_for(tile->in->pool, (size_t)SCRY_CONDITIONS * PARTS, choose_piece, tile);
}
