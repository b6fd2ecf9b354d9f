/* tile.c: the buffers of a tile and of the threads that work on it. */
#include "index/build/tile.h"
#include "base/mem.h"

#include <stdlib.h>

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
