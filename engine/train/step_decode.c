/* train/step_decode.c: entries back to residuals, and the loss; the forward pass. */
#include "train/step.h"

#include <math.h>
#include <string.h>

/* A tile with more entries than one in DENSE is decoded by a matrix multiplication. */
enum { DENSE = 8 };

/* out[d] += sum over the active entries of token t of pre W_dec_j. */
static void decode_token(const train_step *s, const step_entries *e, uint32_t t, real *out, bool all) {
    const uint32_t d = s->model->d;
    for (uint32_t i = e->start[t]; i < e->start[t + 1]; i++)
        if (all || step_active(s, e->item[i]))
            row_add(out, s->model->W_dec + (size_t)e->item[i].latent * d, e->item[i].pre, d);
}

static void decode_dense(const train_step *s, const step_entries *e, uint32_t n, real *H, real *out) {
    const uint32_t d = s->model->d, F = s->model->F;
    memset(H, 0, (size_t)n * F * sizeof *H);
    for (uint32_t t = 0; t < n; t++)
        for (uint32_t i = e->start[t]; i < e->start[t + 1]; i++)
            if (step_active(s, e->item[i])) H[(size_t)t * F + e->item[i].latent] = e->item[i].pre;
    REAL_GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)n, (blasint)d, (blasint)F, 1, H, (blasint)F,
              s->model->W_dec, (blasint)d, 1, out, (blasint)d);
}

CPU_DISPATCH static double sum_squares(const real *x, uint32_t d) {
    double lane[8] = {0}, sum = 0;
    uint32_t i = 0;
    for (; i + 8 <= d; i += 8, x += 8)
        for (int l = 0; l < 8; l++) lane[l] += (double)x[l] * (double)x[l];
    for (int l = 0; i < d; i++, l++) lane[l] += (double)x[l] * (double)x[l];
    for (int l = 0; l < 8; l++) sum += lane[l];
    return sum;
}

CPU_DISPATCH static void add_to_sum(double *sum, const real *x, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) sum[i] += (double)x[i];
}

/* What an active entry adds to the penalty, without its weight. */
static double penalty_of(const train_step *s, step_entry e) {
    if (s->rules.arch == SCRY_RELU) return (double)(e.pre * s->norm[e.latent]);
    if (s->rules.arch != SCRY_JUMPRELU) return 0;
    if (s->rules.penalty == SCRY_PENALTY_L0) return 1;
    return tanh((double)(s->rules.tanh_scale * e.pre * s->norm[e.latent]));
}

static void add_over(const train_step *s, step_tile *tile, step_entry e) {
    if (s->is_dead[e.latent]) tile->over += (double)(s->norm[e.latent] * (e.pre - s->threshold[e.latent]));
}

static void add_penalties(const train_step *s, step_tile *tile, uint32_t count) {
    bool pre_act = step_has_pre_act(s);
    bool penalised = s->rules.arch == SCRY_RELU || s->rules.arch == SCRY_JUMPRELU;
    if (!s->model->has_threshold) tile->active = count;
    for (uint32_t i = 0; penalised && i < count; i++) {
        if (!step_active(s, tile->main.item[i])) continue;
        tile->penalty += penalty_of(s, tile->main.item[i]);
        tile->active += s->model->has_threshold;
        if (pre_act) add_over(s, tile, tile->main.item[i]);
    }
}

/* AuxK's error: the dead latents are to make -e, without b_dec. */
static void decode_aux(const train_step *s, step_tile *tile, size_t t, uint32_t at) {
    const uint32_t d = s->model->d;
    real *a = s->A + t * d;
    memcpy(a, s->E + t * d, d * sizeof *a);
    decode_token(s, &tile->aux, at, a, true);
    tile->aux_square += sum_squares(a, d);
}

static void decode_tile(void *context, size_t piece, unsigned worker) {
    train_step *s = context;
    step_tile *tile = &s->part[piece];
    const uint32_t d = s->model->d, n = step_tokens(s, piece), entries = tile->main.start[n];
    const size_t from = piece * s->tile;
    tile->square = tile->penalty = tile->aux_square = tile->active = tile->x_square = tile->over = 0;
    memset(tile->e_sum, 0, d * sizeof *tile->e_sum);
    memset(tile->x_sum, 0, d * sizeof *tile->x_sum);
    for (size_t i = from * d; i < (from + n) * d; i++) s->E[i] = -s->X[i];
    bool dense = entries > (size_t)n * s->model->F / DENSE;
    if (dense) decode_dense(s, &tile->main, n, s->room[worker].pre, s->E + from * d);
    for (uint32_t t = 0; t < n; t++) {
        real *e = s->E + (from + t) * d;
        if (!dense) decode_token(s, &tile->main, t, e, false);
        tile->square += sum_squares(e, d);
        add_to_sum(tile->e_sum, e, d);
        if (s->rules.measure || step_has_pre_act(s)) {
            tile->x_square += sum_squares(s->X + (from + t) * d, d);
            add_to_sum(tile->x_sum, s->X + (from + t) * d, d);
        }
        if (step_has_aux(s)) decode_aux(s, tile, from + t, t);
    }
    add_penalties(s, tile, entries);
}

/* E |y - E y|^2 from a batch's sum of squares and its sums. */
static double variance_of(const train_step *s, double square, const double *sum) {
    double mean_square = 0;
    for (uint32_t i = 0; i < s->model->d; i++) mean_square += sum[i] / s->B * (sum[i] / s->B);
    return square / s->B - mean_square;
}

static void add_up(train_step *s) {
    double square = 0, penalty = 0, aux = 0, active = 0, x_square = 0;
    memset(s->e_sum, 0, s->model->d * sizeof *s->e_sum);
    memset(s->x_sum, 0, s->model->d * sizeof *s->x_sum);
    for (uint32_t p = 0; p < s->tiles; p++) {
        const step_tile *tile = &s->part[p];
        square += tile->square;
        penalty += tile->penalty;
        aux += tile->aux_square;
        active += tile->active;
        x_square += tile->x_square;
        for (uint32_t i = 0; i < s->model->d; i++) {
            s->e_sum[i] += tile->e_sum[i];
            s->x_sum[i] += tile->x_sum[i];
        }
    }
    s->mse = square / s->B;
    s->penalty = penalty / s->B;
    s->l0 = active / s->B;
    s->variance = s->rules.measure ? variance_of(s, x_square, s->x_sum) : (double)NAN;
    s->aux_loss = s->aux_scale = 0;
    double left = step_has_aux(s) ? variance_of(s, square, s->e_sum) : 0;
    if (left > 0) {
        s->aux_loss = aux / s->B / left;
        s->aux_scale = 2 * (double)s->rules.auxk_weight / (s->B * left);
    }
    s->pre_act_loss = step_has_pre_act(s) ? pre_act_loss(s) : 0;
    s->loss = s->mse + (double)s->rules.sparsity * s->penalty + (double)s->rules.auxk_weight * s->aux_loss +
              (double)s->rules.pre_act_weight * s->pre_act_loss;
}

void step_decode(train_step *s) {
    if (step_has_pre_act(s)) pre_act_mark(s);
    parallel_for(s->pool, s->tiles, decode_tile, s);
    add_up(s);
}

static void center_tile(void *context, size_t piece, unsigned worker) {
    (void)worker;
    train_step *s = context;
    const uint32_t d = s->model->d, n = step_tokens(s, piece);
    real *x = s->X + piece * s->tile * d;
    for (uint32_t t = 0; t < n; t++, x += d)
        for (uint32_t i = 0; i < d; i++) x[i] -= s->model->b_dec[i];
}

void step_forward(train_step *s) {
    parallel_for(s->pool, s->tiles, center_tile, s);
    step_encode(s);
    step_decode(s);
}
