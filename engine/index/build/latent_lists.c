/* latent_lists.c: the nonzero activations of one block of a tile, by latent; and room for a tile.
 *
 * Encoded residuals lie as [latent][token] and are mostly zero. Features and TopK's choice come by
 * row and are turned to lists by latent with a counting sort. */
#include "base/mem.h"
#include "index/build/builder.h"

#include <stdlib.h>
#include <string.h>

/* ---- room ----------------------------------------------------------------------------------- */

static void make_workers(builder *b) {
    unsigned threads = parallel_threads(b->pool);
    b->workers = mem_new(threads, sizeof *b->workers);
    for (unsigned w = 0; w < threads; w++) {
        b->workers[w].bytes = mem_resize(NULL, READ_BYTES, 1);
        if (b->has_sae) b->workers[w].H = mem_new((size_t)BLOCK_LATENTS * RESIDUAL_ROWS, sizeof(float));
        if (is_topk(b)) b->workers[w].column = mem_new(b->all_latents, sizeof(float));
    }
}

void tile_reserve(builder *b) {
    if (!b->workers) make_workers(b);
    b->tile.most = 2 * PART_ROWS; /* until it is known how much a row holds */
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(b->tile.X[c]);
        free(b->tile.pre[c]);
        bool residual = b->group[c] && !b->group[c]->spec->features;
        b->tile.X[c] = residual ? mem_new((size_t)RESIDUAL_ROWS * b->group[c]->m.cols, sizeof(float)) : NULL;
        b->tile.pre[c] = residual && is_topk(b) ? mem_new((size_t)RESIDUAL_ROWS * b->all_latents, sizeof(float)) : NULL;
        if (residual) b->tile.most = RESIDUAL_ROWS;
    }
}

void tile_free(builder *b) {
    for (unsigned w = 0; b->workers && w < parallel_threads(b->pool); w++) {
        tile_worker *worker = &b->workers[w];
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            free(worker->lists[c].at);
            free(worker->lists[c].value);
        }
        void *owned[] = {worker->bytes, worker->scan.col, worker->scan.value, worker->H, worker->column};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
        sparse_row_free(&worker->row);
    }
    free(b->workers);
    b->workers = NULL;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(b->tile.X[c]);
        free(b->tile.pre[c]);
        for (int part = 0; part < PARTS; part++) {
            free(b->tile.part[c][part].entry);
            free(b->tile.part[c][part].start);
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

/* ---- lists ---------------------------------------------------------------------------------- */

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

void lists_of_parts(tile_lists *lists, const build_tile *tile, int c, size_t block, uint32_t latents) {
    const tile_part *part = tile->part[c];
    const uint32_t parts = (tile->n + PART_ROWS - 1) / PART_ROWS;
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
