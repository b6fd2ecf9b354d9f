/* block_backward.c: gradients through a block, from its end to its beginning. The block's own numbers are computed
 * again from its checkpoints, once for all sets; rows of sets go through products BACKWARD_ROWS at a time. */
#include "base/mem.h"
#include "model/attention_backward.h"
#include "model/backward.h"
#include "model/elementwise_backward.h"

#include <stdlib.h>
#include <string.h>

/* ---- rows of sets ---- */

enum { ROWS = 16 }; /* of a piece of work */

typedef struct rows_job {
    const backward *b;
    const norm_weights *norm;
    const float *x; /* [rows of the batch] what the norm was given */
    const float *from;
    float *to;
    bool add;
    size_t first; /* of the rows of sets */
    uint32_t count;
} rows_job;

static void for_rows(const backward *b, uint32_t count, void (*work)(void *, size_t, unsigned), rows_job *j) {
    parallel_for(b->p->run->pool, (count + ROWS - 1) / ROWS, work, j);
}

static uint32_t rows_end(const rows_job *j, size_t piece) {
    return j->count - (uint32_t)piece * ROWS < ROWS ? j->count : ((uint32_t)piece + 1) * ROWS;
}

static void norm_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const rows_job *j = context;
    const scry_run *run = j->b->p->run;
    const model_plan *plan = &run->model->plan;
    for (uint32_t r = (uint32_t)piece * ROWS; r < rows_end(j, piece); r++)
        norm_backward_row(plan->norm, plan->norm_eps, j->norm->weight,
                          j->x + (j->first + r) % j->b->p->rows * run->lead, j->from + r * run->lead, plan->d_model,
                          j->add, j->to + r * run->lead);
}

/* to = the gradient at x of `from` at its norm, or to +=, for `count` rows of sets from `first` on. */
static void norm_back(const backward *b, const norm_weights *norm, const float *x, size_t first, uint32_t count,
                      const float *from, float *to, bool add) {
    rows_job j = {.b = b, .norm = norm, .x = x, .from = from, .to = to, .add = add, .first = first, .count = count};
    for_rows(b, count, norm_rows, &j);
}

/* out = x W for `count` rows, W of `parts` parts. */
static void product(const backward *b, const weight_matrix *const *part, int parts, uint32_t count, const float *x,
                    size_t x_lead, float *out, size_t out_lead) {
    scry_run *run = b->p->run;
    linear l = {.parts = parts,
                .transposed = true,
                .x = x,
                .x_lead = x_lead,
                .rows = count,
                .end = LINEAR_STORE,
                .out = out,
                .out_lead = out_lead};
    for (int i = 0; i < parts; i++) l.part[i] = part[i];
    linear_run(&l, run->pool, run->kernel, run->linear);
}

/* The gradients of some rows of sets at what attention or MLP add to the stream, before the norm of it if any. */
static const float *at_added(const backward *b, const norm_weights *post, size_t first, uint32_t count) {
    const float *grad = b->grad + first * b->p->run->lead;
    if (!b->added) return grad;
    norm_back(b, post, b->added, first, count, grad, b->h, false);
    return b->h;
}

/* added = x W' + bias, where a norm follows. */
static void add_again(const backward *b, const weight_matrix *w, const float *bias) {
    scry_run *run = b->p->run;
    pass_multiply(b->p, &(linear){.part = {w},
                                  .parts = 1,
                                  .bias = bias,
                                  .x = run->w,
                                  .x_lead = run->w_lead,
                                  .end = LINEAR_STORE,
                                  .out = b->added,
                                  .out_lead = run->lead});
}

/* ---- the MLP ---- */

static void activate_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const rows_job *j = context;
    const scry_run *run = j->b->p->run;
    const model_plan *plan = &run->model->plan;
    for (uint32_t r = (uint32_t)piece * ROWS; r < rows_end(j, piece); r++) {
        const float *x = j->b->slopes + r * j->b->hidden_lead;
        float *w = run->w + r * run->w_lead;
        if (plan->gated) gate_row(plan->act, x, x + plan->d_mlp, plan->d_mlp, w);
        else memcpy(w, x, plan->d_mlp * sizeof *w);
        if (!plan->gated) activate_row(plan->act, w, plan->d_mlp);
    }
}

static void slope_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const rows_job *j = context;
    const model_plan *plan = &j->b->p->run->model->plan;
    for (uint32_t r = (uint32_t)piece * ROWS; r < rows_end(j, piece); r++) {
        float *x = j->b->slopes + r * j->b->hidden_lead;
        if (plan->gated) gate_slope_row(plan->act, x, x + plan->d_mlp, plan->d_mlp);
        else activate_slope_row(plan->act, x, plan->d_mlp);
    }
}

/* The slopes of the MLP that reads run->x, and what it adds. */
static void transform_again(const backward *b, const block_weights *w) {
    scry_run *run = b->p->run;
    const bool gated = run->model->plan.gated;
    pass_norm(b->p, &w->mlp_norm, run->x, run->h, NULL);
    pass_multiply(b->p, &(linear){.part = {gated ? &w->gate : &w->up, &w->up},
                                  .parts = gated ? 2 : 1,
                                  .bias = w->gate_up_bias,
                                  .x = run->h,
                                  .x_lead = run->lead,
                                  .end = LINEAR_STORE,
                                  .out = b->slopes,
                                  .out_lead = b->hidden_lead});
    rows_job j = {.b = b, .count = b->p->rows};
    if (b->added) {
        for_rows(b, j.count, activate_rows, &j);
        add_again(b, &w->down, w->down_bias);
    }
    for_rows(b, j.count, slope_rows, &j);
}

/* Gradients behind the activation, where those at up lie, to those at gate and up. */
static void hidden_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const rows_job *j = context;
    const backward *b = j->b;
    const model_plan *plan = &b->p->run->model->plan;
    for (uint32_t r = (uint32_t)piece * ROWS; r < rows_end(j, piece); r++) {
        const float *slope = b->slopes + (j->first + r) % b->p->rows * b->hidden_lead;
        float *d = b->hidden + r * b->hidden_lead, *up = plan->gated ? d + plan->d_mlp : d;
        if (plan->gated) product_row(up, slope, plan->d_mlp, d);
        multiply_row(up, plan->gated ? slope + plan->d_mlp : slope, plan->d_mlp);
    }
}

/* Adds to grad what goes through the MLP that reads run->x. */
static bool transform_back(const backward *b, const block_weights *w, scry_error *err) {
    const scry_run *run = b->p->run;
    const model_plan *plan = &run->model->plan;
    const size_t rows = (size_t)b->sets * b->p->rows;
    transform_again(b, w);
    for (size_t first = 0; first < rows; first += BACKWARD_ROWS) {
        uint32_t count = rows - first < BACKWARD_ROWS ? (uint32_t)(rows - first) : BACKWARD_ROWS;
        if (!pass_go_on(b->p, err)) return false;
        const float *at = at_added(b, &w->mlp_post_norm, first, count);
        product(b, (const weight_matrix *[]){&w->down}, 1, count, at, run->lead,
                b->hidden + (plan->gated ? plan->d_mlp : 0), b->hidden_lead);
        rows_job j = {.b = b, .first = first, .count = count};
        for_rows(b, count, hidden_rows, &j);
        product(b, (const weight_matrix *[]){plan->gated ? &w->gate : &w->up, &w->up}, plan->gated ? 2 : 1, count,
                b->hidden, b->hidden_lead, b->h, run->lead);
        norm_back(b, &w->mlp_norm, run->x, first, count, b->h, b->grad + first * run->lead, true);
    }
    return true;
}

/* ---- attention ---- */

static void copy_heads(const backward *b, uint32_t heads, bool back, float *kept) {
    const scry_run *run = b->p->run;
    size_t bytes = (size_t)heads * run->model->plan.head_dim * sizeof *kept;
    for (uint32_t r = 0; r < b->p->rows; r++) {
        float *w = run->w + r * run->w_lead, *k = kept + r * b->heads_lead;
        memcpy(back ? w : k, back ? k : w, bytes);
    }
}

/* q, k and v of the block that reads run->x, in their places, and what its attention adds. */
static void attend_again(const backward *b, const block_weights *w, const attention *a, uint32_t layer) {
    const model_plan *plan = &b->p->run->model->plan;
    pass_project(b->p, layer);
    if (b->raw) copy_heads(b, plan->heads + plan->kv_heads, false, b->raw);
    attention_place(a);
    if (!b->added) return;
    copy_heads(b, plan->heads, false, b->q);
    attention_run(a);
    add_again(b, &w->o, w->o_bias);
    copy_heads(b, plan->heads, true, b->q);
}

/* heads = the gradients at q, k and v. */
static bool heads_back(const backward *b, const block_weights *w, const attention *a, scry_error *err) {
    const size_t rows = (size_t)b->sets * b->p->rows;
    for (size_t first = 0; first < rows; first += BACKWARD_ROWS) {
        uint32_t count = rows - first < BACKWARD_ROWS ? (uint32_t)(rows - first) : BACKWARD_ROWS;
        const float *at = at_added(b, &w->attention_post_norm, first, count);
        product(b, (const weight_matrix *[]){&w->o}, 1, count, at, b->p->run->lead, b->heads + first * b->heads_lead,
                b->heads_lead);
        if (!pass_go_on(b->p, err)) return false;
    }
    attention_backward_run(&(attention_backward){.of = a,
                                                 .raw = b->raw,
                                                 .raw_lead = b->heads_lead,
                                                 .rows = b->p->rows,
                                                 .sets = b->sets,
                                                 .grad = b->heads,
                                                 .lead = b->heads_lead,
                                                 .scratch = b->attention});
    return pass_go_on(b->p, err);
}

/* Adds to grad what goes through attention, from the gradients in heads. */
static bool attend_back(const backward *b, const block_weights *w, scry_error *err) {
    const scry_run *run = b->p->run;
    const size_t rows = (size_t)b->sets * b->p->rows;
    for (size_t first = 0; first < rows; first += BACKWARD_ROWS) {
        uint32_t count = rows - first < BACKWARD_ROWS ? (uint32_t)(rows - first) : BACKWARD_ROWS;
        if (!pass_go_on(b->p, err)) return false;
        product(b, (const weight_matrix *[]){&w->q, &w->k, &w->v}, 3, count, b->heads + first * b->heads_lead,
                b->heads_lead, b->h, run->lead);
        norm_back(b, &w->attention_norm, run->x, first, count, b->h, b->grad + first * run->lead, true);
    }
    return true;
}

/* ---- a block ---- */

bool backward_block(const backward *b, uint32_t layer, pass_stage stage, scry_error *err) {
    const block_weights *w = &b->p->run->model->block[layer];
    const float *pre = b->pre[layer - b->first], *mid = b->mid ? b->mid[layer - b->first] : NULL;
    if (mid) {
        pass_load(b->p, mid);
        if (!transform_back(b, w, err) || stage == STAGE_MID) return pass_go_on(b->p, err);
    }
    pass_load(b->p, pre);
    attention a = pass_attention(b->p, layer);
    attend_again(b, w, &a, layer);
    /* side by side: the MLP adds to grad what attention must not get */
    return heads_back(b, w, &a, err) && (mid || transform_back(b, w, err)) && attend_back(b, w, err) &&
           pass_go_on(b->p, err);
}
