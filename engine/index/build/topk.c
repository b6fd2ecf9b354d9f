/* topk.c: residuals of a TopK SAE: which latents are kept depends on all of them. */
#include "index/build/builder.h"

static void encode_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    builder *b = context;
    size_t blocks = blocks_of(b->all_latents), c = piece / blocks;
    uint32_t first = (uint32_t)(piece % blocks) * BLOCK_LATENTS;
    if (!(b->tile.mask >> c & 1) || !b->tile.pre[c]) return;
    uint32_t latents = b->all_latents - first < BLOCK_LATENTS ? b->all_latents - first : BLOCK_LATENTS;
    sae_encode(&b->sae, b->tile.X[c], b->tile.n, first, latents, b->tile.pre[c] + (size_t)first * b->tile.n);
}

/* The latents of column[all_latents] that are kept, the others 0. */
static void keep_largest(const builder *b, float *column) {
    const sae *s = &b->sae;
    float floor;
    uint32_t ties;
    sae_topk(s, column, 1, 0, &floor, &ties);
    for (uint32_t j = 0; j < b->all_latents; j++) {
        bool kept = column[j] > floor || (column[j] == floor && ties && ties--);
        column[j] = !kept ? 0 : s->out_scale ? column[j] / s->out_scale[j] : column[j];
    }
}

static void choose_piece(void *context, size_t piece, unsigned worker) {
    builder *b = context;
    size_t c = piece / PARTS, part = piece % PARTS;
    const uint32_t n = b->tile.n;
    uint32_t from = (uint32_t)part * PART_ROWS, end = from + PART_ROWS < n ? from + PART_ROWS : n;
    if (!(b->tile.mask >> c & 1) || !b->tile.pre[c] || from >= end) return;
    float *column = b->workers[worker].column;
    part_scan *scan = &b->workers[worker].scan;
    for (uint32_t t = from; t < end; t++) {
        for (uint32_t j = 0; j < b->all_latents; j++) column[j] = b->tile.pre[c][(size_t)j * n + t];
        keep_largest(b, column);
        scan->start[t - from] = scan->used;
        scan_floats(scan, column, 0, b->all_latents);
    }
    scan->start[end - from] = scan->used;
    scan_close(scan, b, &b->tile.part[c][part], from, end - from);
}

void topk_choose(builder *b) {
    parallel_for(b->pool, blocks_of(b->all_latents) * SCRY_CONDITIONS, encode_piece, b);
    parallel_for(b->pool, (size_t)SCRY_CONDITIONS * PARTS, choose_piece, b);
}
