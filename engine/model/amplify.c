/* amplify.c: base + S (tuned - base), merged while weights are used. */
#include "model/amplify.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void combine(double times, const float *base, size_t n, float *tuned) {
    for (size_t i = 0; i < n; i++) tuned[i] = (float)(times * (double)tuned[i] + (1 - times) * (double)base[i]);
}

static void add_amplified(const weight_delta *delta, const weight_matrix *w, uint32_t first, uint32_t rows,
                          uint32_t from, uint32_t to, float *out) {
    const amplified *a = (const amplified *)(const void *)delta;
    const size_t n = (size_t)rows * (to - from);
    weight_matrix base = *w;
    base.t = a->base;
    base.delta = NULL;
    if (a->inner) a->inner->add(a->inner, w, first, rows, from, to, out);
    float *b = mem_resize(NULL, n + 1, sizeof *b);
    weight_rows(&base, first, rows, from, to, b);
    combine(a->times, b, n, out);
    free(b);
}

/* ---- all weights of a model ----------------------------------------------------------------- */

enum { MATRICES = 7 };

static void matrices_of(block_weights *b, weight_matrix *out[MATRICES]) {
    weight_matrix *all[MATRICES] = {&b->q, &b->k, &b->v, &b->o, &b->gate, &b->up, &b->down};
    memcpy(out, all, sizeof all);
}

static bool is_like(const weight_matrix *a, const weight_matrix *b) {
    return !a->t == !b->t && (!a->t || (a->out == b->out && a->in == b->in && a->in_out == b->in_out &&
                                        a->first == b->first && a->group == b->group && a->step == b->step));
}

/* What is computed besides the weights: S = 0 has to be the base model. */
static bool computes_alike(const model_plan *a, const model_plan *b) {
    if (a->norm != b->norm || a->norm_eps != b->norm_eps || a->act != b->act || a->gated != b->gated ||
        a->qk_norm != b->qk_norm || a->post_norm != b->post_norm || a->parallel != b->parallel ||
        a->learned_positions != b->learned_positions || a->attention_cap != b->attention_cap ||
        a->logit_cap != b->logit_cap || a->embedding_scale != b->embedding_scale)
        return false;
    for (int i = 0; i < MODEL_ROPES; i++)
        if (a->rope[i].width != b->rope[i].width ||
            (a->rope[i].width && memcmp(a->rope[i].frequency, b->rope[i].frequency,
                                        a->rope[i].width / 2 * sizeof *a->rope[i].frequency) != 0))
            return false;
    for (uint32_t l = 0; l < a->layers; l++)
        if (a->layer[l].window != b->layer[l].window || a->layer[l].rope != b->layer[l].rope ||
            a->layer[l].attention_scale != b->layer[l].attention_scale)
            return false;
    return true;
}

static bool is_alike(const scry_model *tuned, const scry_model *base) {
    const scry_model_info *a = &tuned->info, *b = &base->info;
    if (tuned->family != base->family || a->layers != b->layers || a->d_model != b->d_model || a->heads != b->heads ||
        a->kv_heads != b->kv_heads || a->head_dim != b->head_dim || a->d_mlp != b->d_mlp ||
        a->vocabulary != b->vocabulary || !is_like(&tuned->embedding, &base->embedding) ||
        !is_like(&tuned->positions, &base->positions) || !is_like(&tuned->head, &base->head))
        return false;
    for (uint32_t l = 0; l < a->layers; l++) {
        weight_matrix *x[MATRICES], *y[MATRICES];
        matrices_of(&tuned->block[l], x);
        matrices_of(&base->block[l], y);
        for (int i = 0; i < MATRICES; i++)
            if (!is_like(x[i], y[i])) return false;
        const float *const of[2][4] = {
            {tuned->block[l].qkv_bias, tuned->block[l].o_bias, tuned->block[l].gate_up_bias, tuned->block[l].down_bias},
            {base->block[l].qkv_bias, base->block[l].o_bias, base->block[l].gate_up_bias, base->block[l].down_bias}};
        for (int i = 0; i < 4; i++)
            if (!of[0][i] != !of[1][i]) return false;
    }
    return true;
}

static void amplify_matrix(struct model_amplification *all, weight_matrix *w, const weight_matrix *base) {
    if (!w->t) return;
    amplified *a = &all->matrix[all->count++];
    *a = (amplified){{add_amplified}, w->delta, base->t, all->times};
    w->delta = &a->delta;
}

static void amplify_vector(double times, float *tuned, const float *base, size_t n) {
    if (tuned && base) combine(times, base, n, tuned);
}

static void amplify_norm(double times, norm_weights *tuned, const norm_weights *base, size_t n) {
    amplify_vector(times, tuned->weight, base->weight, n);
    amplify_vector(times, tuned->bias, base->bias, n);
}

static void amplify_block(struct model_amplification *all, const model_plan *p, block_weights *tuned,
                          block_weights *base) {
    weight_matrix *x[MATRICES], *y[MATRICES];
    const double times = all->times;
    const size_t d = p->d_model, q = (size_t)p->heads * p->head_dim, kv = (size_t)p->kv_heads * p->head_dim;
    matrices_of(tuned, x);
    matrices_of(base, y);
    for (int i = 0; i < MATRICES; i++) amplify_matrix(all, x[i], y[i]);
    amplify_norm(times, &tuned->attention_norm, &base->attention_norm, d);
    amplify_norm(times, &tuned->attention_post_norm, &base->attention_post_norm, d);
    amplify_norm(times, &tuned->mlp_norm, &base->mlp_norm, d);
    amplify_norm(times, &tuned->mlp_post_norm, &base->mlp_post_norm, d);
    amplify_vector(times, tuned->q_norm, base->q_norm, p->head_dim);
    amplify_vector(times, tuned->k_norm, base->k_norm, p->head_dim);
    amplify_vector(times, tuned->qkv_bias, base->qkv_bias, q + 2 * kv);
    amplify_vector(times, tuned->o_bias, base->o_bias, d);
    amplify_vector(times, tuned->gate_up_bias, base->gate_up_bias, (size_t)p->d_mlp * (p->gated ? 2 : 1));
    amplify_vector(times, tuned->down_bias, base->down_bias, d);
}

bool scry_model_amplify(scry_model *tuned, const scry_model *base, double times, scry_error *err) {
    if (!isfinite(times)) return scry_misuse(err, "--amplify: found %g, expected a finite number", times);
    if (tuned->amplification)
        return scry_misuse(err, "model: %s: is amplified already, expected a model as its files have it",
                           tuned->folder);
    if (!is_alike(tuned, base))
        return scry_misuse(err,
                           "--amplify: %s has other weights than %s, expected the same shapes: a tuned model and the "
                           "base model that it was made from",
                           tuned->folder, base->folder);
    if (!computes_alike(&tuned->plan, &base->plan))
        return scry_misuse(err,
                           "--amplify: config.json of %s has other settings (norms, activation, rotary positions, "
                           "windows or caps) than %s, expected the same: only weights can be amplified",
                           tuned->folder, base->folder);
    if (times == 1) return true;
    struct model_amplification *all = mem_new(1, sizeof *all);
    all->times = times;
    all->base = scry_model_fingerprint(base);
    all->matrix = mem_new((size_t)tuned->info.layers * MATRICES + 3, sizeof *all->matrix);
    amplify_matrix(all, &tuned->embedding, &base->embedding);
    amplify_matrix(all, &tuned->positions, &base->positions);
    amplify_matrix(all, &tuned->head, &base->head);
    amplify_norm(times, &tuned->final_norm, &base->final_norm, tuned->plan.d_model);
    for (uint32_t l = 0; l < tuned->info.layers; l++)
        amplify_block(all, &tuned->plan, &tuned->block[l], &base->block[l]);
    tuned->amplification = all;
    tuned->fingerprint = 0;
    return true;
}
