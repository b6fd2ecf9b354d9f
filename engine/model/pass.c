/* pass.c: sequences through the blocks of a model.
 *
 * A block is a short list of passes over the rows, each on all threads: norm, products q k v, placing of keys,
 * attention, product o; norm, products up (and gate), product down. */
#include "base/mem.h"
#include "model/elementwise.h"
#include "model/few_rows.h"
#include "model/rope.h"
#include "model/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- buffers ---- */

static uint32_t room_for(const scry_run *run, uint64_t tokens) {
    uint32_t columns = run->kernel->columns;
    return (uint32_t)((tokens + columns - 1) / columns * columns);
}

static void grow(float **at, size_t *room, size_t floats) {
    if (floats <= *room) return;
    free(*at);
    *at = mem_new(floats, sizeof **at);
    *room = floats;
}

static bool reserve(pass *p, uint64_t positions, scry_error *err) {
    scry_run *run = p->run;
    const model_plan *plan = &run->model->plan;
    uint64_t bytes = run->fixed + run_bytes(run, p->rows, p->count, positions);
    if (bytes > run->options.memory)
        return scry_fail(err,
                         "model: %s: %u tokens in a row need %" PRIu64
                         " MiB, expected at most the memory limit of %" PRIu64
                         " MiB; raise --memory or take shorter texts",
                         run->model->folder, p->rows, (bytes >> 20) + 1, run->options.memory >> 20);
    if (p->rows > run->rows) {
        uint32_t rows = p->rows < run->batch ? (uint32_t)run->batch : p->rows;
        free(run->x);
        free(run->h);
        free(run->w);
        run->x = mem_new((size_t)rows * run->lead, sizeof(float));
        run->h = mem_new((size_t)rows * run->lead, sizeof(float));
        run->w = mem_new((size_t)rows * run->w_lead, sizeof(float));
        run->rows = rows;
    }
    size_t keys = 0, values = 0;
    for (uint32_t i = 0; i < p->count && !p->making; i++) {
        keys += keys_floats(plan, room_for(run, p->sequences[i].count));
        values += values_floats(plan, run->kernel, room_for(run, p->sequences[i].count));
    }
    grow(&run->keys, &run->keys_room, keys);
    grow(&run->values, &run->values_room, values);
    for (int i = 0; i < MODEL_ROPES && positions > run->positions; i++) {
        const rope *r = &plan->rope[i];
        run->angles[i] = mem_resize(run->angles[i], (size_t)positions * r->width + 1, sizeof(float));
        if (r->width)
            rope_angles(r, run->positions, (uint32_t)positions - run->positions,
                        run->angles[i] + (size_t)run->positions * r->width);
    }
    if (positions > run->positions) run->positions = (uint32_t)positions;
    return true;
}

/* Spans of the sequences, and blocks of their rows. */
static void lay_out(pass *p, uint32_t before) {
    const scry_run *run = p->run;
    const model_plan *plan = &run->model->plan;
    size_t keys = 0, values = 0, n = 0;
    uint32_t row = 0;
    for (uint32_t i = 0; i < p->count; i++) {
        const scry_sequence *s = &p->sequences[i];
        uint32_t room = room_for(run, s->count);
        p->spans[i] = (span){
            .row = row, .count = (uint32_t)s->count, .own_before = before, .prefix = s->prefix ? s->prefix->length : 0};
        if (!p->making) p->spans[i].own = (key_values){run->keys + keys, run->values + values, room};
        keys += keys_floats(plan, room);
        values += values_floats(plan, run->kernel, room);
        for (uint32_t first = 0; first < s->count; first += SPAN_BLOCK, n++) {
            uint32_t left = (uint32_t)s->count - first;
            p->blocks[n] = (span_block){i, first, left < SPAN_BLOCK ? left : SPAN_BLOCK};
        }
        row += (uint32_t)s->count;
    }
    p->block_count = n;
}

bool pass_begin(pass *p, scry_run *run, const scry_sequence *sequences, uint32_t count, scry_prefix *making,
                uint32_t before, scry_error *err) {
    *p = (pass){.run = run, .sequences = sequences, .count = count, .making = making};
    uint64_t rows = 0, positions = 0, blocks = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t end = sequences[i].count + (sequences[i].prefix ? sequences[i].prefix->length : before);
        rows += sequences[i].count;
        blocks += (sequences[i].count + SPAN_BLOCK - 1) / SPAN_BLOCK;
        if (end > positions) positions = end;
    }
    p->rows = (uint32_t)rows;
    if (!reserve(p, positions, err)) return false;
    p->spans = mem_new(count + 1, sizeof *p->spans);
    p->blocks = mem_new((size_t)blocks + 1, sizeof *p->blocks);
    lay_out(p, before);
    return true;
}

void pass_end(pass *p) {
    free(p->spans);
    free(p->blocks);
}

bool pass_go_on(const pass *p, scry_error *err) {
    const scry_run_options *o = &p->run->options;
    return !o->cancelled || !o->cancelled(o->context) || scry_fail(err, "cancelled");
}

/* ---- rows ---- */

enum { ROWS = 16 }; /* of a piece of work */

typedef struct rows_job {
    const pass *p;
    const norm_weights *norm;
    const float *from;
    float *to, *add; /* [rows][lead] */
} rows_job;

static void embed_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const pass *p = context;
    const scry_model *m = p->run->model;
    const span_block *b = &p->blocks[piece];
    const span *s = &p->spans[b->span];
    const uint32_t d = m->plan.d_model;
    for (uint32_t i = b->first; i < b->first + b->count; i++) {
        uint32_t id = p->sequences[b->span].ids[i], position = s->prefix + s->own_before + i;
        float *x = p->run->x + (s->row + i) * p->run->lead;
        weight_rows(&m->embedding, id, 1, 0, d, x);
        if (m->plan.embedding_scale != 1) scale_row(x, d, (float)m->plan.embedding_scale);
        if (!m->plan.learned_positions) continue;
        float *h = p->run->h + (s->row + i) * p->run->lead;
        weight_rows(&m->positions, position, 1, 0, d, h);
        add_row(x, h, d);
    }
}

void pass_embed(const pass *p) {
    parallel_for(p->run->pool, p->block_count, embed_rows, (void *)(uintptr_t)p);
}

void pass_load(const pass *p, const float *x) {
    const uint32_t d = p->run->model->plan.d_model;
    for (uint32_t r = 0; r < p->rows; r++) memcpy(p->run->x + r * p->run->lead, x + (size_t)r * d, d * sizeof *x);
}

static void norm_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const rows_job *j = context;
    const model_plan *plan = &j->p->run->model->plan;
    const size_t lead = j->p->run->lead;
    for (uint32_t r = (uint32_t)piece * ROWS; r < j->p->rows && r < ((uint32_t)piece + 1) * ROWS; r++) {
        norm_row(plan->norm, plan->norm_eps, j->norm->weight, j->norm->bias, j->from + r * lead, plan->d_model,
                 j->to + r * lead);
        if (j->add) add_row(j->add + r * lead, j->to + r * lead, plan->d_model);
    }
}

void pass_norm(const pass *p, const norm_weights *n, const float *from, float *to, float *add) {
    rows_job j = {p, n, from, to, add};
    parallel_for(p->run->pool, (p->rows + ROWS - 1) / ROWS, norm_rows, &j);
}

static void copy_out(const pass *p, const float *from, float *out) {
    const uint32_t d = p->run->model->plan.d_model;
    for (uint32_t r = 0; r < p->rows; r++) memcpy(out + (size_t)r * d, from + r * p->run->lead, d * sizeof *out);
}

void pass_multiply(const pass *p, linear *l) {
    l->rows = p->rows;
    if (p->grows && few_rows_fit(l)) few_rows_run(l, p->run->pool, p->run->linear);
    else linear_run(l, p->run->pool, p->run->kernel, p->run->linear);
}

/* ---- the parts of a block ---- */

attention pass_attention(const pass *p, uint32_t layer) {
    scry_run *run = p->run;
    const model_plan *plan = &run->model->plan;
    for (uint32_t i = 0; i < p->count; i++) {
        if (p->sequences[i].prefix) p->spans[i].shared = &p->sequences[i].prefix->layer[layer];
        if (p->making) p->spans[i].own = p->making->layer[layer];
    }
    return (attention){.plan = plan,
                       .weights = &run->model->block[layer],
                       .layer = layer,
                       .kernel = run->kernel,
                       .pool = run->pool,
                       .scratch = run->attention,
                       .qkv = run->w,
                       .lead = run->w_lead,
                       .angles = run->angles[plan->layer[layer].rope],
                       .spans = p->spans,
                       .blocks = p->blocks,
                       .block_count = p->block_count};
}

void pass_project(const pass *p, uint32_t layer) {
    scry_run *run = p->run;
    const block_weights *b = &run->model->block[layer];
    pass_norm(p, &b->attention_norm, run->x, run->h, NULL);
    pass_multiply(p, &(linear){.part = {&b->q, &b->k, &b->v},
                               .parts = 3,
                               .bias = b->qkv_bias,
                               .x = run->h,
                               .x_lead = run->lead,
                               .end = LINEAR_STORE,
                               .out = run->w,
                               .out_lead = run->w_lead});
}

/* x -> w: q, k and v, the latter two also in their places. */
static void project(const pass *p, uint32_t layer) {
    pass_project(p, layer);
    attention a = pass_attention(p, layer);
    attention_place(&a);
}

/* A product whose result goes to the stream, or to h where `alone` or where a norm follows; then that norm. */
static void add_product(const pass *p, const weight_matrix *w, const float *bias, const norm_weights *post,
                        bool alone) {
    scry_run *run = p->run;
    bool normed = run->model->plan.post_norm;
    pass_multiply(p, &(linear){.part = {w},
                               .parts = 1,
                               .bias = bias,
                               .x = run->w,
                               .x_lead = run->w_lead,
                               .end = alone || normed ? LINEAR_STORE : LINEAR_ADD,
                               .out = alone || normed ? run->h : run->x,
                               .out_lead = run->lead});
    if (normed) pass_norm(p, post, run->h, run->h, alone ? NULL : run->x);
}

/* Attention of a block. alone: its output goes to h, else it is added to the stream. In a parallel block h then holds
 * what the MLP reads. */
static bool attend(const pass *p, uint32_t layer, bool alone, scry_error *err) {
    scry_run *run = p->run;
    const block_weights *b = &run->model->block[layer];
    project(p, layer);
    if (!pass_go_on(p, err)) return false;
    attention a = pass_attention(p, layer);
    attention_run(&a);
    if (run->model->plan.parallel && !alone) pass_norm(p, &b->mlp_norm, run->x, run->h, NULL);
    add_product(p, &b->o, b->o_bias, &b->attention_post_norm, alone);
    return pass_go_on(p, err);
}

/* The MLP of a block. normed: h holds what it reads. alone: its output goes to h, else it is added to the stream. */
static bool transform(const pass *p, uint32_t layer, bool normed, bool alone, scry_error *err) {
    scry_run *run = p->run;
    const model_plan *plan = &run->model->plan;
    const block_weights *b = &run->model->block[layer];
    if (!normed) pass_norm(p, &b->mlp_norm, run->x, run->h, NULL);
    linear up = {.part = {&b->up},
                 .parts = 1,
                 .bias = b->gate_up_bias,
                 .x = run->h,
                 .x_lead = run->lead,
                 .end = LINEAR_ACTIVATE,
                 .act = plan->act,
                 .out = run->w,
                 .out_lead = run->w_lead};
    if (plan->gated) {
        up.part[0] = &b->gate;
        up.part[1] = &b->up;
        up.parts = 2;
        up.end = LINEAR_GATE;
    }
    pass_multiply(p, &up);
    if (!pass_go_on(p, err)) return false;
    add_product(p, &b->down, b->down_bias, &b->mlp_post_norm, alone);
    return pass_go_on(p, err);
}

/* ---- the pass ---- */

bool pass_start(const scry_model *m, const scry_hook *from, uint32_t *layer, pass_stage *stage, scry_error *err) {
    char text[SCRY_HOOK_TEXT];
    *layer = 0;
    *stage = STAGE_PRE;
    if (!from) return true;
    if (!scry_model_has_hook(m, *from, err)) return false;
    *layer = from->layer + (from->point == SCRY_RESID_POST);
    *stage = from->point == SCRY_RESID_MID ? STAGE_MID : STAGE_PRE;
    return (from->point != SCRY_ATTN_OUT && from->point != SCRY_MLP_OUT) ||
           scry_misuse(err, "hook %s is not the stream, expected hook_resid_pre, hook_resid_mid or hook_resid_post",
                       scry_hook_text(*from, text));
}

bool pass_keys(const pass *p, uint32_t layer, scry_error *err) {
    project(p, layer);
    return pass_go_on(p, err);
}

bool pass_blocks(const pass *p, uint32_t layer, pass_stage stage, uint32_t end, scry_error *err) {
    bool side_by_side = p->run->model->plan.parallel;
    for (; layer < end; layer++, stage = STAGE_PRE) {
        if (stage == STAGE_PRE && !attend(p, layer, false, err)) return false;
        if (!transform(p, layer, side_by_side && stage == STAGE_PRE, false, err)) return false;
    }
    return true;
}

bool pass_to_hook(const pass *p, uint32_t layer, pass_stage stage, scry_hook hook, float *out, scry_error *err) {
    bool side_by_side = p->run->model->plan.parallel;
    uint32_t whole = hook.layer + (hook.point == SCRY_RESID_POST); /* blocks that are run to their end */
    if (!pass_blocks(p, layer, stage, whole, err)) return false;
    if (layer < whole) stage = STAGE_PRE;
    bool alone = hook.point == SCRY_ATTN_OUT || hook.point == SCRY_MLP_OUT, ok = true;
    bool mid = hook.point == SCRY_RESID_MID || (hook.point == SCRY_MLP_OUT && !side_by_side);
    if (hook.point == SCRY_ATTN_OUT) ok = attend(p, hook.layer, true, err);
    else if (mid && stage == STAGE_PRE) ok = attend(p, hook.layer, false, err);
    if (ok && hook.point == SCRY_MLP_OUT) ok = transform(p, hook.layer, false, true, err);
    if (ok) copy_out(p, alone ? p->run->h : p->run->x, out);
    return ok;
}
