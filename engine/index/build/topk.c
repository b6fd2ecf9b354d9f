/* topk.c: residuals of a TopK SAE: which latents are kept depends on all of them. */
#include "index/build/topk.h"

static void encode_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    build_tile *tile = context;
    size_t blocks = blocks_of(tile->in->all_latents), c = piece / blocks;
    uint32_t first = (uint32_t)(piece % blocks) * BLOCK_LATENTS;
    if (!(tile->mask >> c & 1) || !tile->pre[c]) return;
    uint32_t latents = tile->in->all_latents - first < BLOCK_LATENTS ? tile->in->all_latents - first : BLOCK_LATENTS;
    sae_encode(&tile->in->sae, tile->X[c], tile->n, first, latents, tile->pre[c] + (size_t)first * tile->n);
}

/* The latents of column[all_latents] that are kept, the others 0. */
static void keep_largest(const build_inputs *in, float *column) {
    const sae *s = &in->sae;
    float floor;
    uint32_t ties;
    sae_topk(s, column, 1, 0, &floor, &ties);
    for (uint32_t j = 0; j < in->all_latents; j++) {
        bool kept = column[j] > floor || (column[j] == floor && ties && ties--);
        column[j] = !kept ? 0 : s->out_scale ? column[j] / s->out_scale[j] : column[j];
    }
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
        keep_largest(tile->in, column);
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
