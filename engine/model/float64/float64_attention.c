/* float64_attention.c: causal attention of each sequence within itself, some queries of a head at a time. */
#include "model/float64/float64.h"

#include <cblas.h>
#include <math.h>

/* ---- q and k ---- */

static void prepare_head(const float64_pass *p, const model_layer *layer, const float *weight, uint32_t position,
                         double *x) {
    const model_plan *plan = &p->run->model->plan;
    const rope *r = &plan->rope[layer->rope];
    const uint32_t half = r->width / 2;
    if (weight) {
        const norm_weights of = {.weight = (float *)(uintptr_t)weight};
        float64_norm_row(plan->norm, plan->norm_eps, &of, x, plan->head_dim, x);
    }
    const double *cosine = p->angles[layer->rope] + (size_t)position * r->width, *sine = cosine + half;
    for (uint32_t i = 0; i < half; i++) {
        const double a = x[i], b = x[half + i];
        x[i] = a * cosine[i] - b * sine[i];
        x[half + i] = b * cosine[i] + a * sine[i];
    }
}

typedef struct attention_job {
    const float64_pass *p;
    uint32_t layer;
} attention_job;

static void prepare_sequence(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const attention_job *j = context;
    const float64_pass *p = j->p;
    const model_plan *plan = &p->run->model->plan;
    const block_weights *b = &p->run->model->block[j->layer];
    for (uint32_t row = p->first[piece]; row < p->first[piece + 1]; row++)
        for (uint32_t h = 0; h < plan->heads + plan->kv_heads; h++)
            prepare_head(p, &plan->layer[j->layer], h < plan->heads ? b->q_norm : b->k_norm, row - p->first[piece],
                         p->w + row * p->width + (size_t)h * plan->head_dim);
}

/* ---- scores ---- */

/* Scores [keys] of the query at `position` of its sequence to probabilities; the first is of the key at `base`. */
static void soften(const model_plan *plan, const model_layer *layer, uint32_t position, uint32_t base, uint32_t keys,
                   double *scores) {
    const uint32_t end = position + 1 - base, from = layer->window && end > layer->window ? end - layer->window : 0;
    double most = -INFINITY, sum = 0;
    for (uint32_t k = from; k < end; k++) scores[k] *= layer->attention_scale;
    if (plan->attention_cap > 0) float64_cap(plan->attention_cap, scores + from, end - from);
    for (uint32_t k = from; k < end; k++) most = fmax(most, scores[k]);
    for (uint32_t k = from; k < end; k++) sum += scores[k] = exp(scores[k] - most);
    for (uint32_t k = 0; k < keys; k++) scores[k] = k < from || k >= end ? 0 : scores[k] / sum;
}

/* Queries of all heads of one sequence; a piece is a head of it. */
static void attend_head(void *context, size_t piece, unsigned worker) {
    const attention_job *j = context;
    const float64_pass *p = j->p;
    const model_plan *plan = &p->run->model->plan;
    const model_layer *layer = &plan->layer[j->layer];
    const uint32_t head = (uint32_t)(piece % plan->heads), kv = head / (plan->heads / plan->kv_heads);
    const size_t sequence = piece / plan->heads, lead = p->width, depth = plan->head_dim;
    const uint32_t row = p->first[sequence], count = p->first[sequence + 1] - row;
    double *q = p->w + row * lead + head * depth, *scores = p->scratch[worker].scores;
    const double *k = p->w + row * lead + (plan->heads + kv) * depth, *v = k + plan->kv_heads * depth;
    for (uint32_t i = 0; i < count; i += FLOAT64_QUERIES) {
        const uint32_t n = count - i < FLOAT64_QUERIES ? count - i : FLOAT64_QUERIES;
        const uint32_t base = layer->window && i + 1 > layer->window ? i + 1 - layer->window : 0, keys = i + n - base;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)keys, (blasint)depth, 1, q + i * lead,
                    (blasint)lead, k + base * lead, (blasint)lead, 0, scores, (blasint)keys);
        for (uint32_t r = 0; r < n; r++) soften(plan, layer, i + r, base, keys, scores + (size_t)r * keys);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)n, (blasint)depth, (blasint)keys, 1, scores,
                    (blasint)keys, v + base * lead, (blasint)lead, 0, q + i * lead, (blasint)lead);
    }
}

void float64_attention(const float64_pass *p, uint32_t layer) {
    attention_job j = {p, layer};
    parallel_for(p->run->pool, p->count, prepare_sequence, &j);
    parallel_for(p->run->pool, (size_t)p->count * p->run->model->plan.heads, attend_head, &j);
}
