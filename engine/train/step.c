/* train/step.c: the buffers of a step. */
#include "train/step.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

/* Tiles whose pre-activations lie in a core's cache, but are long enough for the matrix multiplication. */
enum { TILE_NUMBERS = 1 << 18, LEAST_TILE = 64, MOST_TILE = 256 };

static uint32_t tile_of(uint32_t F, uint32_t batch) {
    uint32_t tile = TILE_NUMBERS / F;
    tile = tile < LEAST_TILE ? LEAST_TILE : tile > MOST_TILE ? MOST_TILE : tile;
    return tile < batch ? tile : batch;
}

uint64_t step_bytes(uint32_t d, uint32_t F, uint32_t batch, unsigned threads) {
    uint64_t width = F, by_token = 3 * (uint64_t)d * batch,
             by_thread = width * (tile_of(F, batch) + 3) + 2 * (uint64_t)LATENT_BLOCK * batch;
    return sizeof(real) * (by_token + by_thread * threads) + width * 57 + (width / LATENT_BLOCK + 1) * d * sizeof(real);
}

static void tiles_new(train_step *s) {
    s->part = mem_new(s->tiles, sizeof *s->part);
    for (uint32_t p = 0; p < s->tiles; p++) {
        step_tile *tile = &s->part[p];
        tile->main.start = mem_new(s->tile + 1, sizeof *tile->main.start);
        tile->aux.start = mem_new(s->tile + 1, sizeof *tile->aux.start);
        tile->e_sum = mem_new(s->model->d, sizeof *tile->e_sum);
        tile->x_sum = mem_new(s->model->d, sizeof *tile->x_sum);
    }
}

static void transposed_new(step_transposed *transposed, uint32_t F) {
    transposed->first = mem_new((size_t)F + 1, sizeof *transposed->first);
    transposed->next = mem_new(F, sizeof *transposed->next);
}

static void transposed_free(step_transposed *transposed) {
    free(transposed->first);
    free(transposed->next);
    free(transposed->token);
    free(transposed->pre);
}

void step_new(train_step *s, const sae_parameters *model, parallel *pool, uint32_t batch, const step_rules *rules) {
    const uint32_t d = model->d, F = model->F;
    unsigned threads = parallel_threads(pool);
    size_t rows = (size_t)batch * d;
    *s = (train_step){.rules = *rules, .model = model, .pool = pool, .B = batch, .tile = tile_of(F, batch)};
    s->tiles = (batch + s->tile - 1) / s->tile;
    s->X = mem_new(rows, sizeof *s->X);
    s->E = mem_new(rows, sizeof *s->E);
    s->A = mem_new(rows, sizeof *s->A);
    s->room = mem_new(threads, sizeof *s->room);
    for (unsigned i = 0; i < threads; i++)
        s->room[i] = (step_room){.pre = mem_new((size_t)s->tile * F, sizeof(real)),
                                 .scratch = mem_new(2 * (size_t)F, sizeof(real)),
                                 .G = mem_new((size_t)LATENT_BLOCK * batch, sizeof(real)),
                                 .H = mem_new((size_t)LATENT_BLOCK * batch, sizeof(real)),
                                 .selected = mem_new((size_t)F + 16, sizeof(uint32_t))};
    tiles_new(s);
    s->norm = mem_new(F, sizeof *s->norm);
    s->threshold = mem_new(F, sizeof *s->threshold);
    s->floor = mem_new(F, sizeof *s->floor);
    s->dead = mem_new(F, sizeof *s->dead);
    s->fired = mem_new(F, sizeof *s->fired);
    s->is_dead = mem_new(F, sizeof *s->is_dead);
    s->under = mem_new(F, sizeof *s->under);
    transposed_new(&s->by_latent, F);
    transposed_new(&s->aux_by_latent, F);
    s->row_square = mem_new((size_t)F + 1, sizeof *s->row_square);
    s->b_dec_part = mem_new((size_t)step_blocks(F) * d, sizeof *s->b_dec_part);
    s->e_sum = mem_new(d, sizeof *s->e_sum);
    s->x_sum = mem_new(d, sizeof *s->x_sum);
    step_refresh(s);
}

void step_free(train_step *s) {
    for (uint32_t p = 0; p < s->tiles; p++) {
        step_tile *tile = &s->part[p];
        void *const owned[] = {tile->main.item, tile->main.start, tile->aux.item,
                               tile->aux.start, tile->e_sum,      tile->x_sum};
        for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    }
    for (unsigned i = 0; s->room && i < parallel_threads(s->pool); i++) {
        void *const owned[] = {s->room[i].pre, s->room[i].scratch, s->room[i].G, s->room[i].H, s->room[i].selected};
        for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) free(owned[k]);
    }
    transposed_free(&s->by_latent);
    transposed_free(&s->aux_by_latent);
    void *const owned[] = {s->X,          s->E,          s->A,     s->room,      s->part,  s->norm,
                           s->floor,      s->dead,       s->fired, s->threshold, s->e_sum, s->x_sum,
                           s->row_square, s->b_dec_part, s->under, s->is_dead};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *s = (train_step){0};
}

static void refresh_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    train_step *s = context;
    const sae_parameters *m = s->model;
    for (uint32_t j = (uint32_t)piece * LATENT_BLOCK; j < m->F && j < (piece + 1) * LATENT_BLOCK; j++) {
        const real *row = m->W_dec + (size_t)j * m->d;
        s->norm[j] = s->rules.unit_decoder ? 1 : (real)sqrt((double)row_dot(row, row, m->d));
        s->threshold[j] = m->has_threshold ? (real)exp((double)m->log_threshold[j]) : 0;
        s->floor[j] = s->threshold[j] - s->rules.bandwidth / 2;
    }
}

void step_refresh(train_step *s) {
    parallel_for(s->pool, step_blocks(s->model->F), refresh_block, s);
}
