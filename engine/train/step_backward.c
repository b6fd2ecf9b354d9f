/* train/step_backward.c: the gradients, latent by latent.
 *
 * With g = 2/B e . W_dec_j + the penalty's derivative by h, for each token on which j is active:
 *     dW_dec_j += 2/B h e       dW_enc_j += g (x - b_dec)       db_enc_j += g
 * and at the end db_dec = 2/B sum e - sum_j db_enc_j W_enc_j. jumprelu's threshold has no gradient of its
 * own: the straight-through estimator of "Jumping Ahead" takes a rectangle of the bandwidth's width for
 * the derivative of the step, so that entries near the threshold t count whether active or not:
 *     dt_j -= [|pre - t| < bandwidth / 2] / bandwidth (t g + w/B of the L0 penalty) */
#include "train/step.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

/* Blocks with more entries than one in so many are multiplied instead of gathered. */
enum { BACKWARD_DENSE = 10 };

enum { TRANSPOSE_PIECES = 16 };

typedef struct transpose_job {
    train_step *s;
    step_transposed *to;
    bool aux, fill; /* fill: else count */
} transpose_job;

/* The first of the token's entries, which ascend, that is of latent j or a later one. */
static uint32_t first_from(const step_entries *e, uint32_t t, uint32_t j) {
    uint32_t low = e->start[t], high = e->start[t + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (e->item[middle].latent < j) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void transpose_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const transpose_job *job = context;
    const train_step *s = job->s;
    step_transposed *to = job->to;
    const uint64_t F = s->model->F;
    uint32_t from = (uint32_t)(piece * F / TRANSPOSE_PIECES), end = (uint32_t)((piece + 1) * F / TRANSPOSE_PIECES);
    for (uint32_t p = 0; p < s->tiles; p++) {
        const step_entries *e = job->aux ? &s->part[p].aux : &s->part[p].main;
        uint32_t n = step_tokens(s, p);
        for (uint32_t t = 0; t < n; t++)
            for (uint32_t i = first_from(e, t, from); i < e->start[t + 1] && e->item[i].latent < end; i++) {
                size_t at = to->next[e->item[i].latent]++;
                if (!job->fill) continue;
                to->token[at] = p * s->tile + t;
                to->pre[at] = e->item[i].pre;
            }
    }
}

static void transpose(train_step *s, step_transposed *to, bool aux) {
    const uint32_t F = s->model->F;
    transpose_job job = {s, to, aux, false};
    memset(to->next, 0, F * sizeof *to->next);
    parallel_for(s->pool, TRANSPOSE_PIECES, transpose_piece, &job);
    to->first[0] = 0;
    for (uint32_t j = 0; j < F; j++) {
        to->first[j + 1] = to->first[j] + to->next[j];
        to->next[j] = to->first[j];
    }
    if (to->first[F] > to->room) {
        to->room = to->first[F] + to->first[F] / 4;
        to->token = mem_resize(to->token, to->room, sizeof *to->token);
        to->pre = mem_resize(to->pre, to->room, sizeof *to->pre);
    }
    job.fill = true;
    parallel_for(s->pool, TRANSPOSE_PIECES, transpose_piece, &job);
}

typedef struct latent_view {
    const train_step *s;
    uint32_t j;
    const real *w_dec;
    real *d_dec, *d_enc;
    real d_bias, d_threshold, d_norm;
    uint32_t fired;
} latent_view;

CPU_DISPATCH static void add_two_rows(real *a, const real *from_a, real times_a, real *b, const real *from_b,
                                      real times_b, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) a[i] += times_a * from_a[i];
    for (uint32_t i = 0; i < d; i++) b[i] += times_b * from_b[i];
}

/* The penalty's derivative by h, and in *by_norm by |W_dec_j|. */
static real penalty_slope(const latent_view *v, real h, real *by_norm) {
    const step_rules *rules = &v->s->rules;
    real weight = rules->sparsity / (real)v->s->B, norm = v->s->norm[v->j];
    *by_norm = 0;
    if (rules->arch == SCRY_RELU) {
        *by_norm = weight * h;
        return weight * norm;
    }
    if (rules->arch != SCRY_JUMPRELU || rules->penalty != SCRY_PENALTY_TANH) return 0;
    real bent = (real)tanh((double)(rules->tanh_scale * h * norm)),
         slope = weight * rules->tanh_scale * (1 - bent * bent);
    *by_norm = slope * h;
    return slope * norm;
}

/* The loss's derivative by the entry's h, of which dot = e . W_dec_j gives the most; 0 where it is not active. What
 * it adds to the latent's other numbers is added. *h: the activation. */
static real entry_slope(latent_view *v, real pre, real dot, real *h) {
    const train_step *s = v->s;
    const real threshold = s->threshold[v->j];
    bool active = !s->model->has_threshold || pre > threshold;
    real by_norm;
    *h = active ? pre : 0;
    real g = 2 / (real)s->B * dot + penalty_slope(v, *h, &by_norm);
    if (s->model->has_threshold) {
        real half = s->rules.bandwidth / 2, apart = pre - threshold;
        if (apart < half && apart > -half) {
            real step = s->rules.penalty == SCRY_PENALTY_L0 ? s->rules.sparsity / (real)s->B : 0;
            v->d_threshold -= (threshold * g + step) / s->rules.bandwidth;
        }
    }
    if (!active) return 0;
    v->d_norm += by_norm;
    v->d_bias += g;
    v->fired++;
    return g;
}

static void add_entry(latent_view *v, uint32_t token, real pre) {
    const uint32_t d = v->s->model->d;
    const real *e = v->s->E + (size_t)token * d, *x = v->s->X + (size_t)token * d;
    real h, g = entry_slope(v, pre, row_dot(e, v->w_dec, d), &h);
    if (h > 0) add_two_rows(v->d_dec, e, 2 / (real)v->s->B * h, v->d_enc, x, g, d);
}

static void add_aux_entry(latent_view *v, uint32_t token, real pre) {
    const train_step *s = v->s;
    const uint32_t d = s->model->d;
    const real *a = s->A + (size_t)token * d, *x = s->X + (size_t)token * d;
    real scale = (real)s->aux_scale, g = scale * row_dot(a, v->w_dec, d);
    v->d_bias += g;
    add_two_rows(v->d_dec, a, scale * pre, v->d_enc, x, g, d);
}

/* A row that is kept at norm 1 moves along the sphere only; another feels the penalty on its norm. */
static void finish_decoder(latent_view *v) {
    const uint32_t d = v->s->model->d;
    if (v->s->rules.unit_decoder) row_add(v->d_dec, v->w_dec, -row_dot(v->d_dec, v->w_dec, d), d);
    else if (v->s->norm[v->j] > 0) row_add(v->d_dec, v->w_dec, v->d_norm / v->s->norm[v->j], d);
}

typedef struct backward_job {
    train_step *s;
    sae_parameters *grad;
} backward_job;

static latent_view view_of(const backward_job *job, uint32_t j) {
    const uint32_t d = job->s->model->d;
    return (latent_view){.s = job->s,
                         .j = j,
                         .w_dec = job->s->model->W_dec + (size_t)j * d,
                         .d_dec = job->grad->W_dec + (size_t)j * d,
                         .d_enc = job->grad->W_enc + (size_t)j * d};
}

/* What follows once a latent's own entries are in. */
static void finish_latent(const backward_job *job, latent_view *v) {
    train_step *s = job->s;
    const uint32_t d = s->model->d, j = v->j;
    if (step_has_aux(s))
        for (size_t i = s->aux_by_latent.first[j]; i < s->aux_by_latent.first[j + 1]; i++)
            add_aux_entry(v, s->aux_by_latent.token[i], s->aux_by_latent.pre[i]);
    if (step_has_pre_act(s) && s->is_dead[j]) pre_act_slopes(s, j, v->d_enc, &v->d_bias, &v->d_threshold, &v->d_norm);
    finish_decoder(v);
    s->fired[j] = v->fired;
    job->grad->b_enc[j] = v->d_bias;
    real d_log = v->d_threshold * s->threshold[j];
    if (s->model->has_threshold) job->grad->log_threshold[j] = d_log;
    s->row_square[j] = (double)row_dot(v->d_dec, v->d_dec, d) + (double)row_dot(v->d_enc, v->d_enc, d) +
                       (double)v->d_bias * (double)v->d_bias + (double)d_log * (double)d_log;
}

static void gather_block(const backward_job *job, uint32_t from, uint32_t end) {
    const train_step *s = job->s;
    const uint32_t d = s->model->d;
    for (uint32_t j = from; j < end; j++) {
        latent_view v = view_of(job, j);
        memset(v.d_dec, 0, d * sizeof *v.d_dec);
        memset(v.d_enc, 0, d * sizeof *v.d_enc);
        for (size_t i = s->by_latent.first[j]; i < s->by_latent.first[j + 1]; i++)
            add_entry(&v, s->by_latent.token[i], s->by_latent.pre[i]);
        finish_latent(job, &v);
    }
}

/* The same by three matrix multiplications over all tokens, for blocks whose latents fire on many. */
static void multiply_block(const backward_job *job, uint32_t from, uint32_t end, const step_room *room) {
    const train_step *s = job->s;
    const blasint d = (blasint)s->model->d, B = (blasint)s->B, n = (blasint)(end - from);
    latent_view v[LATENT_BLOCK] = {0};
    real *G = room->G, *H = room->H;
    REAL_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, n, B, d, 1, s->model->W_dec + (size_t)from * s->model->d, d,
              s->E, d, 0, G, B);
    memset(H, 0, (size_t)(end - from) * s->B * sizeof *H);
    for (uint32_t j = from; j < end; j++) {
        real *g = G + (size_t)(j - from) * s->B, *h = H + (size_t)(j - from) * s->B;
        uint32_t t = 0;
        v[j - from] = view_of(job, j);
        for (size_t i = s->by_latent.first[j]; i < s->by_latent.first[j + 1]; i++) {
            uint32_t token = s->by_latent.token[i];
            for (; t < token; t++) g[t] = 0;
            g[t] = entry_slope(&v[j - from], s->by_latent.pre[i], g[t], &h[t]);
            h[t] *= 2 / (real)s->B;
            t++;
        }
        for (; t < s->B; t++) g[t] = 0;
    }
    REAL_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, B, 1, H, B, s->E, d, 0,
              job->grad->W_dec + (size_t)from * s->model->d, d);
    REAL_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, B, 1, G, B, s->X, d, 0,
              job->grad->W_enc + (size_t)from * s->model->d, d);
    for (uint32_t j = from; j < end; j++) finish_latent(job, &v[j - from]);
}

static void backward_block(void *context, size_t piece, unsigned worker) {
    const backward_job *job = context;
    train_step *s = job->s;
    const uint32_t d = s->model->d, from = (uint32_t)piece * LATENT_BLOCK;
    const uint32_t end = s->model->F - from < LATENT_BLOCK ? s->model->F : from + LATENT_BLOCK;
    size_t entries = s->by_latent.first[end] - s->by_latent.first[from], all = (size_t)(end - from) * s->B;
    if (entries * BACKWARD_DENSE < all) gather_block(job, from, end);
    else multiply_block(job, from, end, &s->room[worker]);
    real *part = s->b_dec_part + piece * d;
    memset(part, 0, d * sizeof *part);
    for (uint32_t j = from; j < end; j++) row_add(part, s->model->W_enc + (size_t)j * d, -job->grad->b_enc[j], d);
}

void step_backward(train_step *s, sae_parameters *grad) {
    const uint32_t d = s->model->d, F = s->model->F;
    backward_job job = {s, grad};
    transpose(s, &s->by_latent, false);
    if (step_has_aux(s)) transpose(s, &s->aux_by_latent, true);
    parallel_for(s->pool, step_blocks(F), backward_block, &job);
    for (uint32_t i = 0; i < d; i++) grad->b_dec[i] = (real)(s->e_sum[i] * 2 / s->B);
    for (uint32_t p = 0; p < step_blocks(F); p++) row_add(grad->b_dec, s->b_dec_part + (size_t)p * d, 1, d);
    s->row_square[F] = (double)row_dot(grad->b_dec, grad->b_dec, d);
}
