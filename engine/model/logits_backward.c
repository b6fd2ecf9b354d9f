/* logits_backward.c: gradients of log probabilities at the stream behind the last block.
 *
 * The gradient of ln p(label) at the logits is e_label - p, and only e_label differs from set to set: the product of p
 * with the output matrix serves all of them. The most likely token stands apart from it, so that 1 - p of a token that
 * is nearly sure keeps its digits. */
#include "base/mem.h"
#include "model/backward.h"
#include "model/elementwise_backward.h"

#include <stdlib.h>
#include <string.h>

/* What a wanted row needs in addition to the product: its most likely token, the gradients at its logit where it is the
 * label, and (as a number to subtract) where it is not. */
typedef struct row_top {
    uint32_t token;
    float own, other;
} row_top;

typedef struct logits_job {
    const backward *b;
    const uint32_t *rows; /* of the batch, [count] */
    uint32_t count;
    float *logits; /* [count][lead]: then p times the slope of the cap, but 0 at the top */
    size_t lead;
    row_top *top;  /* [count] */
    float *slope;  /* [count][sets] of the cap at the label */
    float *tokens; /* [threads][3][run->lead] */
} logits_job;

static void norm_wanted(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const logits_job *j = context;
    const scry_run *run = j->b->p->run;
    const model_plan *plan = &run->model->plan;
    const norm_weights *n = &run->model->final_norm;
    norm_row(plan->norm, plan->norm_eps, n->weight, n->bias, run->x + j->rows[piece] * run->lead, plan->d_model,
             run->h + piece * run->lead);
}

static uint32_t label_of(const backward *b, uint32_t set, uint32_t row) {
    return b->labels[set * b->labels_step + row];
}

static void soften(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const logits_job *j = context;
    const backward *b = j->b;
    const model_plan *plan = &b->p->run->model->plan;
    const uint32_t V = plan->vocabulary;
    const float cap = (float)plan->logit_cap;
    float *row = j->logits + piece * j->lead, *slope = j->slope + piece * b->sets, top_slope = 1;
    if (cap > 0) cap_row(cap, row, V);
    row_top *t = &j->top[piece];
    t->token = top_of_row(row, V);
    if (cap > 0) cap_slope_row(cap, row + t->token, 1, &top_slope);
    for (uint32_t m = 0; m < b->sets; m++) {
        slope[m] = 1;
        if (cap > 0) cap_slope_row(cap, row + label_of(b, m, j->rows[piece]), 1, &slope[m]);
    }
    double sum = exp_slope_row(row, V, row[t->token], cap);
    scale_row(row, V, (float)(1 / sum));
    row[t->token] = 0;
    t->own = top_slope * (float)((sum - 1) / sum);
    t->other = top_slope * (float)(1 / sum);
}

static void add_scaled(float *x, const float *y, float factor, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) x[i] += factor * y[i];
}

/* The row's gradients of all sets, from the product of the other tokens with the output matrix in b->h. */
static void give(void *context, size_t piece, unsigned worker) {
    const logits_job *j = context;
    const backward *b = j->b;
    const scry_run *run = b->p->run;
    const scry_model *model = run->model;
    const model_plan *plan = &model->plan;
    const uint32_t row = j->rows[piece], d = plan->d_model;
    const row_top *t = &j->top[piece];
    float *top = j->tokens + (size_t)worker * 3 * run->lead, *label = top + run->lead, *at = label + run->lead;
    weight_rows(&model->head, t->token, 1, 0, d, top);
    for (uint32_t m = 0; m < b->sets; m++) {
        uint32_t token = label_of(b, m, row);
        memset(at, 0, d * sizeof *at);
        add_scaled(at, top, token == t->token ? t->own : -t->other, d);
        if (token != t->token) {
            weight_rows(&model->head, token, 1, 0, d, label);
            add_scaled(at, label, j->slope[piece * b->sets + m], d);
        }
        add_scaled(at, b->h + piece * run->lead, -1, d);
        norm_backward_row(plan->norm, plan->norm_eps, model->final_norm.weight, run->x + row * run->lead, at, d, false,
                          b->grad + ((size_t)m * b->p->rows + row) * run->lead);
    }
}

static void run_chunk(const logits_job *j) {
    const backward *b = j->b;
    const scry_run *run = b->p->run;
    linear l = {.part = {&run->model->head},
                .parts = 1,
                .x = run->h,
                .x_lead = run->lead,
                .rows = j->count,
                .end = LINEAR_STORE,
                .out = j->logits,
                .out_lead = j->lead};
    parallel_for(run->pool, j->count, norm_wanted, (void *)(uintptr_t)j);
    linear_run(&l, run->pool, run->kernel, run->linear);
    parallel_for(run->pool, j->count, soften, (void *)(uintptr_t)j);
    l.transposed = true;
    l.x = j->logits;
    l.x_lead = j->lead;
    l.out = b->h;
    l.out_lead = run->lead;
    linear_run(&l, run->pool, run->kernel, run->linear);
    parallel_for(run->pool, j->count, give, (void *)(uintptr_t)j);
}

bool backward_logits(const backward *b, scry_error *err) {
    const scry_run *run = b->p->run;
    const uint32_t rows = b->p->rows;
    logits_job j = {.b = b, .lead = run_padded(run->model->plan.vocabulary)};
    uint32_t *wanted = mem_new((size_t)rows + 1, sizeof *wanted), count = 0;
    for (uint32_t r = 0; r < rows; r++)
        if (!b->wanted || b->wanted[r]) wanted[count++] = r;
    uint64_t fit = run->options.memory / 4 / (j.lead * sizeof(float));
    uint32_t chunk = fit < 1 ? 1 : fit > BACKWARD_ROWS ? BACKWARD_ROWS : (uint32_t)fit;
    if (chunk > count) chunk = count;
    j.logits = mem_resize(NULL, (size_t)chunk * j.lead + 1, sizeof *j.logits);
    j.top = mem_new((size_t)chunk + 1, sizeof *j.top);
    j.slope = mem_new((size_t)chunk * b->sets + 1, sizeof *j.slope);
    j.tokens = mem_new((size_t)parallel_threads(run->pool) * 3 * run->lead, sizeof *j.tokens);
    memset(b->grad, 0, (size_t)b->sets * rows * run->lead * sizeof *b->grad);
    bool ok = true;
    for (uint32_t at = 0; ok && at < count; at += chunk) {
        j.rows = wanted + at;
        j.count = count - at < chunk ? count - at : chunk;
        run_chunk(&j);
        ok = pass_go_on(b->p, err);
    }
    free(j.logits);
    free(j.top);
    free(j.slope);
    free(j.tokens);
    free(wanted);
    return ok;
}
