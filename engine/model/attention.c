/* attention.c: a block of queries and a head at a time, with running maximum and sum (Milakov and Gimelshein, "Online
 * normalizer calculation for softmax", 2018), KEYS keys at a time. */
#include "model/attention.h"
#include "model/elementwise.h"

#include <math.h>
#include <string.h>

enum { KEYS = 512 }; /* a multiple of the kernels' columns and of EXP_LANES */

static uint32_t value_lead(const model_plan *p, const product_kernel *kernel) {
    return (p->head_dim + kernel->columns - 1) / kernel->columns * kernel->columns;
}

size_t keys_floats(const model_plan *p, uint32_t room) {
    return (size_t)p->kv_heads * room * p->head_dim;
}

size_t values_floats(const model_plan *p, const product_kernel *kernel, uint32_t room) {
    return (size_t)p->kv_heads * room * value_lead(p, kernel);
}

size_t attention_scratch_floats(const model_plan *p, const product_kernel *kernel, size_t *scores) {
    *scores = (size_t)SPAN_BLOCK * KEYS;
    return *scores + (size_t)SPAN_BLOCK * value_lead(p, kernel);
}

/* ---- placing ---- */

static void prepare_head(const attention *a, const float *norm, uint32_t position, float *x) {
    const model_plan *p = a->plan;
    const rope *r = &p->rope[p->layer[a->layer].rope];
    if (norm) norm_row(p->norm == NORM_RMS_PLUS_ONE ? NORM_RMS : p->norm, p->norm_eps, norm, NULL, x, p->head_dim, x);
    if (r->width) rotate_head(x, a->angles + (size_t)position * r->width, r->width);
}

static void place_row(const attention *a, const span *s, uint32_t t) {
    const model_plan *p = a->plan;
    const uint32_t d = p->head_dim, columns = a->kernel->columns, lead = value_lead(p, a->kernel);
    float *q = a->qkv + (s->row + t) * a->lead, *k = q + (size_t)p->heads * d, *v = k + (size_t)p->kv_heads * d;
    uint32_t key = s->own_before + t, position = s->prefix + key;
    for (uint32_t h = 0; h < p->heads; h++) prepare_head(a, a->weights->q_norm, position, q + (size_t)h * d);
    scale_row(q, p->heads * d, (float)p->layer[a->layer].attention_scale);
    for (uint32_t h = 0; h < p->kv_heads; h++, k += d, v += d) {
        prepare_head(a, a->weights->k_norm, position, k);
        float *panel = s->own.keys + ((size_t)h * s->own.room + key / columns * columns) * d + key % columns;
        for (uint32_t i = 0; i < d; i++) panel[(size_t)i * columns] = k[i];
        memcpy(s->own.values + ((size_t)h * s->own.room + key) * lead, v, d * sizeof *v);
    }
}

static void place_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const attention *a = context;
    const span_block *b = &a->blocks[piece];
    for (uint32_t i = 0; i < b->count; i++) place_row(a, &a->spans[b->span], b->first + i);
}

void attention_place(const attention *a) {
    parallel_for(a->pool, a->block_count, place_block, (void *)(uintptr_t)a);
}

/* ---- a block of queries ---- */

typedef struct queries {
    const attention *a;
    const float *q; /* of the head, [count], a->lead floats from one to the next */
    uint32_t count, position, head, window;
    float *scores, *out;
    float max[SPAN_BLOCK], sum[SPAN_BLOCK];
} queries;

/* The keys from 0 that query i sees, by absolute position: *from..result. */
static uint32_t visible(const queries *s, uint32_t i, uint32_t *from) {
    uint32_t end = s->position + i + 1;
    *from = s->window && end > s->window ? end - s->window : 0;
    return end;
}

static uint32_t within(uint32_t position, uint32_t base, uint32_t count) {
    return position <= base ? 0 : position - base < count ? position - base : count;
}

/* Scores of one query to probabilities. Keys begin..end of the block at `base` are computed; those that it does not
 * see, and the rest up to a multiple of EXP_LANES, become 0. */
static void soften(queries *s, uint32_t i, uint32_t base, uint32_t begin, uint32_t end) {
    const model_plan *p = s->a->plan;
    const uint32_t lead = value_lead(p, s->a->kernel), n = (end - begin + EXP_LANES - 1) / EXP_LANES * EXP_LANES;
    uint32_t from, to = visible(s, i, &from);
    float *row = s->scores + (size_t)i * KEYS + begin, max;
    from = within(from, base, end) < begin ? 0 : within(from, base, end) - begin;
    to = within(to, base, end) < begin ? 0 : within(to, base, end) - begin;
    if (p->attention_cap > 0) cap_row((float)p->attention_cap, row, end - begin);
    for (uint32_t k = 0; k < from; k++) row[k] = -INFINITY;
    for (uint32_t k = to; k < n; k++) row[k] = -INFINITY;
    max = max_row(row, n, s->max[i]);
    if (max > s->max[i]) {
        float shrink[EXP_LANES] = {s->max[i]};
        exp_row(shrink, EXP_LANES, max);
        s->sum[i] *= shrink[0];
        scale_row(s->out + (size_t)i * lead, lead, shrink[0]);
        s->max[i] = max;
    }
    s->sum[i] += exp_row(row, n, max);
}

/* Adds `count` keys, those from position `base` on. keys, values: of the head. */
static void add_keys(queries *s, const float *keys, const float *values, uint32_t base, uint32_t count) {
    const product_kernel *kernel = s->a->kernel;
    const uint32_t d = s->a->plan->head_dim, columns = kernel->columns, lead = value_lead(s->a->plan, kernel);
    for (uint32_t i = 0, n; i < s->count; i += n) {
        uint32_t from, unused;
        n = product_group(kernel, s->count - i);
        visible(s, i, &from);
        uint32_t begin = within(from, base, count) / columns * columns;
        uint32_t end = within(visible(s, i + n - 1, &unused), base, count);
        float *row = s->scores + (size_t)i * KEYS;
        for (uint32_t c = begin; c < end; c += columns)
            kernel->run(n, d, s->q + i * s->a->lead, s->a->lead, keys + (size_t)c * d, columns, row + c, KEYS, false);
        if (begin >= end) continue;
        for (uint32_t r = i; r < i + n; r++) soften(s, r, base, begin, end);
        for (uint32_t c = 0; c < lead; c += columns)
            kernel->run(n, end - begin, row + begin, KEYS, values + (size_t)begin * lead + c, lead,
                        s->out + (size_t)i * lead + c, lead, true);
    }
}

static void add_store(queries *s, const key_values *kv, uint32_t base, uint32_t count) {
    const model_plan *p = s->a->plan;
    const uint32_t columns = s->a->kernel->columns;
    uint32_t first, unused, h = s->head / (p->heads / p->kv_heads);
    visible(s, 0, &first);
    uint32_t from = within(first, base, count) / columns * columns;
    uint32_t to = within(visible(s, s->count - 1, &unused), base, count);
    const float *keys = kv->keys + keys_floats(p, kv->room) / p->kv_heads * h;
    const float *values = kv->values + values_floats(p, s->a->kernel, kv->room) / p->kv_heads * h;
    const uint32_t lead = value_lead(p, s->a->kernel);
    for (uint32_t k = from / KEYS * KEYS; k < to; k += KEYS)
        add_keys(s, keys + (size_t)k * p->head_dim, values + (size_t)k * lead, base + k, to - k < KEYS ? to - k : KEYS);
}

static void run_block(void *context, size_t piece, unsigned worker) {
    const attention *a = context;
    const model_plan *p = a->plan;
    const span_block *b = &a->blocks[a->block_count - 1 - piece / p->heads];
    const span *sp = &a->spans[b->span];
    const uint32_t lead = value_lead(p, a->kernel), head = (uint32_t)(piece % p->heads);
    float *q = a->qkv + (sp->row + b->first) * a->lead + (size_t)head * p->head_dim;
    queries s = {.a = a,
                 .q = q,
                 .count = b->count,
                 .position = sp->prefix + sp->own_before + b->first,
                 .head = head,
                 .window = p->layer[a->layer].window,
                 .scores = a->scratch[worker].scores,
                 .out = a->scratch[worker].out};
    memset(s.out, 0, (size_t)b->count * lead * sizeof *s.out);
    for (uint32_t i = 0; i < b->count; i++) s.max[i] = -3e38F;
    if (sp->shared) add_store(&s, sp->shared, 0, sp->prefix);
    add_store(&s, &sp->own, sp->prefix, sp->own_before + sp->count);
    for (uint32_t i = 0; i < b->count; i++) {
        scale_row(s.out + (size_t)i * lead, p->head_dim, 1 / s.sum[i]);
        memcpy(q + i * a->lead, s.out + (size_t)i * lead, p->head_dim * sizeof *q);
    }
}

void attention_run(const attention *a) {
    parallel_for(a->pool, a->block_count * a->plan->heads, run_block, (void *)(uintptr_t)a);
}
