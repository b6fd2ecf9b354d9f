/* float64_block.c: the parts of a block, in the order of pass.c. */
#include "model/float64/float64.h"

static void multiply(const float64_pass *p, float64_product *product) {
    product->first = p->first;
    product->groups = p->count;
    float64_multiply(product, p->run->pool, p->scratch);
}

/* A product of w that goes to the stream, or to h where `alone`; through a norm where the model has one. */
static void add_product(const float64_pass *p, const weight_matrix *weight, const float *bias, const norm_weights *post,
                        bool alone) {
    const bool normed = p->run->model->plan.post_norm, to_h = alone || normed;
    multiply(p, &(float64_product){.part = {weight},
                                   .parts = 1,
                                   .bias = bias,
                                   .x = p->w,
                                   .x_lead = p->width,
                                   .out = to_h ? p->h : p->x,
                                   .out_lead = p->d,
                                   .add = !to_h});
    if (normed) float64_norm(p, post, p->h, p->h, alone ? NULL : p->x);
}

static bool go_on(const float64_pass *p, scry_error *err) {
    const scry_run_options *o = &p->run->options;
    return !o->cancelled || !o->cancelled(o->context) || scry_fail(err, "cancelled");
}

/* alone: the output goes to h, and not to the stream. In a parallel block h then holds what the MLP reads. */
static bool attend(const float64_pass *p, uint32_t layer, bool alone, scry_error *err) {
    const block_weights *b = &p->run->model->block[layer];
    float64_norm(p, &b->attention_norm, p->x, p->h, NULL);
    multiply(p, &(float64_product){.part = {&b->q, &b->k, &b->v},
                                   .parts = 3,
                                   .bias = b->qkv_bias,
                                   .x = p->h,
                                   .x_lead = p->d,
                                   .out = p->w,
                                   .out_lead = p->width});
    if (!go_on(p, err)) return false;
    float64_attention(p, layer);
    if (p->run->model->plan.parallel && !alone) float64_norm(p, &b->mlp_norm, p->x, p->h, NULL);
    add_product(p, &b->o, b->o_bias, &b->attention_post_norm, alone);
    return go_on(p, err);
}

/* normed: h holds what the MLP reads. alone: its output goes to h, and not to the stream. */
static bool transform(const float64_pass *p, uint32_t layer, bool normed, bool alone, scry_error *err) {
    const block_weights *b = &p->run->model->block[layer];
    const bool gated = p->run->model->plan.gated;
    if (!normed) float64_norm(p, &b->mlp_norm, p->x, p->h, NULL);
    multiply(p, &(float64_product){.part = {gated ? &b->gate : &b->up, &b->up},
                                   .parts = gated ? 2 : 1,
                                   .bias = b->gate_up_bias,
                                   .x = p->h,
                                   .x_lead = p->d,
                                   .out = p->w,
                                   .out_lead = p->width});
    if (!go_on(p, err)) return false;
    float64_activate(p);
    add_product(p, &b->down, b->down_bias, &b->mlp_post_norm, alone);
    return go_on(p, err);
}

bool float64_blocks(const float64_pass *p, uint32_t layer, pass_stage stage, uint32_t end, scry_error *err) {
    const bool side_by_side = p->run->model->plan.parallel;
    for (; layer < end; layer++, stage = STAGE_PRE) {
        if (stage == STAGE_PRE && !attend(p, layer, false, err)) return false;
        if (!transform(p, layer, side_by_side && stage == STAGE_PRE, false, err)) return false;
    }
    return true;
}

bool float64_to_hook(const float64_pass *p, scry_hook hook, const double **out, scry_error *err) {
    const bool side_by_side = p->run->model->plan.parallel;
    *out = hook.point == SCRY_ATTN_OUT || hook.point == SCRY_MLP_OUT ? p->h : p->x;
    if (!float64_blocks(p, 0, STAGE_PRE, hook.layer + (hook.point == SCRY_RESID_POST), err)) return false;
    switch (hook.point) {
    case SCRY_ATTN_OUT:
        return attend(p, hook.layer, true, err);
    case SCRY_RESID_MID:
        return attend(p, hook.layer, false, err);
    case SCRY_MLP_OUT: /* of the stream as it is where attention reads it too */
        return (side_by_side || attend(p, hook.layer, false, err)) && transform(p, hook.layer, false, true, err);
    case SCRY_RESID_PRE:
    case SCRY_RESID_POST:
    case SCRY_HOOK_POINTS:
        break;
    }
    return true;
}
