/* test_train_gradients.c: the gradients of every architecture against finite differences of a loss that is computed
 * here by plain loops, in double precision. The files of engine/train that make a step are compiled here again with
 * double as their number type, so the tested code is the code that trains. */
#define TRAIN_DOUBLE
#include "train/parameters.c"
#include "train/step_encode.c"
#include "train/step_decode.c"
#include "../../engine/train/pre_act.c"
#include "train/step_backward.c"
#include "../../engine/train/step.c"
#include "../../engine/train/adam.c"

#include "check.h"

#include <stdio.h>

enum { D = 5, F = 28, B = 280, K = 3, AUXK = 2 }; /* two tiles; K/F is below the density at which decoding changes */

typedef struct setup {
    const char *name;
    step_rules rules;
    uint32_t dead; /* number of latents called dead: every fourth */
} test_case;

static const test_case setups[] = {
    {"relu", {.arch = SCRY_RELU, .sparsity = 0.3}, 0},
    {"relu with AuxK", {.arch = SCRY_RELU, .sparsity = 0.3, .auxk = AUXK, .auxk_weight = 0.7}, 4},
    {"topk", {.arch = SCRY_TOPK, .k = K, .unit_decoder = true}, 0},
    {"topk with AuxK", {.arch = SCRY_TOPK, .k = K, .unit_decoder = true, .auxk = AUXK, .auxk_weight = 0.7}, 5},
    {"batchtopk", {.arch = SCRY_BATCHTOPK, .k = K, .unit_decoder = true}, 0},
    {"batchtopk with AuxK",
     {.arch = SCRY_BATCHTOPK, .k = K, .unit_decoder = true, .auxk = AUXK, .auxk_weight = 0.7},
     5},
    {"jumprelu, L0",
     {.arch = SCRY_JUMPRELU, .penalty = SCRY_PENALTY_L0, .sparsity = 0.2, .bandwidth = 0.6, .unit_decoder = true},
     0},
    {"jumprelu, tanh",
     {.arch = SCRY_JUMPRELU, .penalty = SCRY_PENALTY_TANH, .sparsity = 0.2, .bandwidth = 0.6, .tanh_scale = 1.7},
     0},
    {"jumprelu, L0, AuxK",
     {.arch = SCRY_JUMPRELU,
      .penalty = SCRY_PENALTY_L0,
      .sparsity = 0.2,
      .bandwidth = 0.6,
      .unit_decoder = true,
      .auxk = AUXK,
      .auxk_weight = 0.7},
     4},
    {"jumprelu, L0, pre-activation loss",
     {.arch = SCRY_JUMPRELU,
      .penalty = SCRY_PENALTY_L0,
      .sparsity = 0.2,
      .bandwidth = 0.6,
      .unit_decoder = true,
      .pre_act_weight = 0.4},
     5},
    {"jumprelu, tanh, pre-activation loss",
     {.arch = SCRY_JUMPRELU,
      .penalty = SCRY_PENALTY_TANH,
      .sparsity = 0.2,
      .bandwidth = 0.6,
      .tanh_scale = 1.7,
      .pre_act_weight = 0.4},
     6},
    {"jumprelu, tanh, AuxK and pre-activation loss",
     {.arch = SCRY_JUMPRELU,
      .penalty = SCRY_PENALTY_TANH,
      .sparsity = 0.2,
      .bandwidth = 0.6,
      .tanh_scale = 1.7,
      .auxk = AUXK,
      .auxk_weight = 0.7,
      .pre_act_weight = 0.4},
     6},
};
enum { SETUPS = sizeof setups / sizeof *setups };

/* ---- the loss by plain loops --------------------------------------------------------------------- */

/* What finite differences have to hold still: gradients do not flow through it. */
typedef struct frozen {
    bool active[B][F], aux_active[B][F];
    double residual[B][D], variance; /* AuxK's aim: x - x^, and its variance */
    double threshold[F];             /* of the surrogate, see jump */
} frozen;

typedef struct twin_pass {
    const test_case *setup;
    const double *x; /* [B][D] */
    const double *W_dec, *W_enc, *b_enc, *b_dec, *log_threshold;
    const bool *dead; /* [F] */
} twin_pass;

static double ramp(double u, double width) {
    double r = u / width + 0.5;
    return r < 0 ? 0 : r > 1 ? 1 : r;
}

/* The straight-through estimator is the derivative of this: the step by a ramp of the bandwidth's width, in
 * the threshold alone and about the value t0 that it has. */
static double jump(double pre, double t, double t0, double width) {
    return (pre > t0 ? pre : 0) + t0 * (ramp(pre - t, width) - ramp(pre - t0, width));
}

static double pre_of(const twin_pass *p, int t, int j) {
    double sum = p->b_enc[j];
    for (int i = 0; i < D; i++) sum += (p->x[t * D + i] - p->b_dec[i]) * p->W_enc[j * D + i];
    return sum;
}

static double norm_of(const twin_pass *p, int j) {
    double square = 0;
    for (int i = 0; i < D; i++) square += p->W_dec[j * D + i] * p->W_dec[j * D + i];
    return sqrt(square);
}

/* Among the values for which use says so and that are above 0: is v[at] one of the k largest? Ties are none. */
static bool among_largest(const double *v, const bool *use, size_t n, size_t at, size_t k) {
    size_t larger = 0;
    for (size_t i = 0; i < n; i++) larger += (!use || use[i % F]) && v[i] > v[at];
    return v[at] > 0 && larger < k;
}

static double h_of(const twin_pass *p, const frozen *f, int t, int j) {
    double pre = pre_of(p, t, j);
    if (p->setup->rules.arch == SCRY_JUMPRELU)
        return jump(pre, exp(p->log_threshold[j]), f->threshold[j], p->setup->rules.bandwidth);
    return f->active[t][j] ? pre : 0;
}

static double penalty_sum(const twin_pass *p, const frozen *f, int t, int j) {
    const step_rules *r = &p->setup->rules;
    double n = r->unit_decoder ? 1 : norm_of(p, j), h = h_of(p, f, t, j);
    if (r->arch == SCRY_RELU) return h * n;
    if (r->arch != SCRY_JUMPRELU) return 0;
    if (r->penalty == SCRY_PENALTY_TANH) return tanh(r->tanh_scale * h * n);
    double pre = pre_of(p, t, j), t0 = f->threshold[j];
    return (pre > t0 ? 1 : 0) + ramp(pre - exp(p->log_threshold[j]), r->bandwidth) - ramp(pre - t0, r->bandwidth);
}

/* The active set at the parameters as they are. */
static void freeze(const twin_pass *p, frozen *f) {
    static double pre[B * F];
    const step_rules *r = &p->setup->rules;
    for (int t = 0; t < B; t++)
        for (int j = 0; j < F; j++) pre[t * F + j] = pre_of(p, t, j);
    for (int j = 0; j < F; j++) f->threshold[j] = p->log_threshold ? exp(p->log_threshold[j]) : 0;
    for (int t = 0; t < B; t++)
        for (int j = 0; j < F; j++) {
            const double *row = pre + t * F;
            bool *active = &f->active[t][j];
            if (r->arch == SCRY_RELU) *active = row[j] > 0;
            if (r->arch == SCRY_TOPK) *active = among_largest(row, NULL, F, (size_t)j, K);
            if (r->arch == SCRY_BATCHTOPK)
                *active = among_largest(pre, NULL, (size_t)B * F, (size_t)(t * F + j), K * B);
            f->aux_active[t][j] = p->dead[j] && among_largest(row, p->dead, F, (size_t)j, AUXK);
        }
    double sum[D] = {0}, square = 0;
    for (int t = 0; t < B; t++)
        for (int i = 0; i < D; i++) {
            double made = p->b_dec[i];
            for (int j = 0; j < F; j++) made += h_of(p, f, t, j) * p->W_dec[j * D + i];
            f->residual[t][i] = p->x[t * D + i] - made;
            sum[i] += f->residual[t][i];
            square += f->residual[t][i] * f->residual[t][i];
        }
    f->variance = square / B;
    for (int i = 0; i < D; i++) f->variance -= sum[i] / B * sum[i] / B;
}

static double twin_loss(const twin_pass *p, const frozen *f) {
    const step_rules *r = &p->setup->rules;
    double loss = 0;
    for (int t = 0; t < B; t++) {
        double h[F];
        for (int j = 0; j < F; j++) {
            h[j] = h_of(p, f, t, j);
            loss += r->sparsity * penalty_sum(p, f, t, j) / B;
            if (r->pre_act_weight > 0 && p->dead[j])
                loss += r->pre_act_weight * fmax(0, exp(p->log_threshold[j]) - pre_of(p, t, j)) *
                        (r->unit_decoder ? 1 : norm_of(p, j)) / B;
        }
        for (int i = 0; i < D; i++) {
            double made = p->b_dec[i], aux = 0;
            for (int j = 0; j < F; j++) {
                made += h[j] * p->W_dec[j * D + i];
                if (f->aux_active[t][j]) aux += pre_of(p, t, j) * p->W_dec[j * D + i];
            }
            loss += (made - p->x[t * D + i]) * (made - p->x[t * D + i]) / B;
            if (r->auxk_weight > 0)
                loss += r->auxk_weight * (aux - f->residual[t][i]) * (aux - f->residual[t][i]) / B / f->variance;
        }
    }
    return loss;
}

/* ---- the comparison ------------------------------------------------------------------------------ */

static double normal_number(uint64_t *state) {
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += roll_unit(state);
    return sum;
}

static void fill_model(sae_parameters *m, const test_case *setup, uint64_t *state) {
    for (size_t i = 0; i < m->count; i++) m->all[i] = 0.6 * normal_number(state);
    for (int j = 0; j < F; j++) {
        double n = 0;
        if (m->has_threshold) m->log_threshold[j] = log(0.2 + 0.5 * roll_unit(state));
        for (int i = 0; i < D; i++) n += m->W_dec[j * D + i] * m->W_dec[j * D + i];
        for (int i = 0; i < D && setup->rules.unit_decoder; i++) m->W_dec[j * D + i] /= sqrt(n);
    }
}

/* The derivative along the sphere where the decoder is kept on it. */
static double wanted(const twin_pass *p, const frozen *f, sae_parameters *m, size_t at) {
    const double step = 1e-6;
    double old = m->all[at];
    m->all[at] = old + step;
    double up = twin_loss(p, f);
    m->all[at] = old - step;
    double down = twin_loss(p, f);
    m->all[at] = old;
    return (up - down) / (2 * step);
}

static void test_setup(const test_case *setup, parallel *pool) {
    uint64_t state = 77;
    sae_parameters m, grad;
    bool jumps = setup->rules.arch == SCRY_JUMPRELU;
    parameters_new(&m, D, F, jumps);
    parameters_new(&grad, D, F, jumps);
    fill_model(&m, setup, &state);
    static double x[B * D];
    for (int i = 0; i < B * D; i++) x[i] = 1.5 * normal_number(&state) + (i % D == 2);
    train_step s;
    step_new(&s, &m, pool, B, &setup->rules);
    check_is(s.tiles, 2, "%s: tiles", setup->name);
    bool dead[F] = {false};
    for (uint32_t i = 0; i < setup->dead; i++) dead[4 * i] = true;
    for (uint32_t j = 0; j < F; j++)
        if (dead[j]) s.dead[s.dead_count++] = j;
    memcpy(s.X, x, sizeof x);
    step_forward(&s);
    step_backward(&s, &grad);

    twin_pass p = {setup, x, m.W_dec, m.W_enc, m.b_enc, m.b_dec, m.log_threshold, dead};
    static frozen f;
    memset(&f, 0, sizeof f);
    freeze(&p, &f);
    check_near(s.loss, twin_loss(&p, &f), 1e-12, "%s: the loss", setup->name);
    double most = 0, square = 0;
    double *by_differences = mem_new(m.count, sizeof *by_differences);
    for (size_t i = 0; i < m.count; i++) by_differences[i] = wanted(&p, &f, &m, i);
    for (int j = 0; j < F && setup->rules.unit_decoder; j++) {
        double along = 0;
        for (int i = 0; i < D; i++) along += by_differences[j * D + i] * m.W_dec[j * D + i];
        for (int i = 0; i < D; i++) by_differences[j * D + i] -= along * m.W_dec[j * D + i];
    }
    for (size_t i = 0; i < m.count; i++) most = fmax(most, fabs(by_differences[i]));
    worst w = {.tolerance = 1e-7};
    size_t moving = 0;
    for (size_t i = 0; i < m.count; i++) {
        worst_add(&w, grad.all[i], by_differences[i], most, "number %zu of %zu", i, m.count);
        moving += fabs(by_differences[i]) > 1e-4 * most;
        square += grad.all[i] * grad.all[i];
    }
    worst_line(&w, "%s: gradients and finite differences", setup->name);
    check(moving > m.count / 2, "%s: %zu of %zu gradients are not near 0", setup->name, moving, m.count);
    double rows = 0;
    for (int j = 0; j <= F; j++) rows += s.row_square[j];
    check_near(rows, square, 1e-12, "%s: the gradient's square", setup->name);
    free(by_differences);
    step_free(&s);
    parameters_free(&m);
    parameters_free(&grad);
}

/* The k largest of many rows with ties, against counting. */
static void test_selection(void) {
    uint64_t state = 5;
    size_t wrong = 0;
    for (int round = 0; round < 400; round++) {
        enum { MOST = 700 };
        double row[MOST], spare[MOST];
        uint32_t out[MOST + 16], n = 1 + roll_below(&state, MOST), k = 1 + roll_below(&state, round % 3 ? 20 : n);
        for (uint32_t i = 0; i < n; i++) row[i] = (double)roll_below(&state, round % 2 ? 40 : 100000) - 15;
        uint32_t count = top_k_select(row, n, k, out, spare), at = 0;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t before = 0;
            for (uint32_t l = 0; l < n; l++) before += row[l] > row[i] || (l < i && fabs(row[l] - row[i]) < 0.5);
            if (row[i] > 0 && before < k) wrong += at >= count || out[at++] != i;
        }
        wrong += at != count;
    }
    check(wrong == 0, "select_top: the k largest of 400 rows, ties to the lower number (%zu differ)", wrong);
}

/* Three steps of AdamW, with gradients that are clipped, against its formula number by number. */
static void test_decay(parallel *pool) {
    enum { WIDTH = 4001 }; /* the matrices end within a piece of work */
    uint64_t state = 12;
    sae_parameters m, grad;
    train_adam a;
    parameters_new(&m, D, WIDTH, true);
    parameters_new(&grad, D, WIDTH, true);
    adam_new(&a, m.count);
    double *x = mem_new(m.count, sizeof *x), *first = mem_new(m.count, sizeof *first),
           *second = mem_new(m.count, sizeof *second);
    scry_train_settings s = {.beta1 = 0.8, .beta2 = 0.97, .weight_decay = 0.3};
    const double lr = 0.01, times = 0.5;
    worst w = {.tolerance = 1e-12};
    for (size_t i = 0; i < m.count; i++) x[i] = m.all[i] = normal_number(&state);
    for (int step = 1; step <= 3; step++) {
        for (size_t i = 0; i < m.count; i++) {
            double g = times * (grad.all[i] = normal_number(&state));
            first[i] = s.beta1 * first[i] + (1 - s.beta1) * g;
            second[i] = s.beta2 * second[i] + (1 - s.beta2) * g * g;
            if (i < 2 * (size_t)D * WIDTH) x[i] -= lr * s.weight_decay * x[i];
            x[i] -= lr * (first[i] / (1 - pow(s.beta1, step))) / (sqrt(second[i] / (1 - pow(s.beta2, step))) + 1e-8);
        }
        adam_step(&a, pool, &m, &grad, (uint64_t)step, &s, lr, times, false);
    }
    for (size_t i = 0; i < m.count; i++) worst_add(&w, m.all[i], x[i], 1, "number %zu of %zu", i, m.count);
    worst_line(&w, "AdamW: both matrices decay apart from the gradient, biases and thresholds do not");
    free(x);
    free(first);
    free(second);
    adam_free(&a);
    parameters_free(&m);
    parameters_free(&grad);
}

int main(void) {
    openblas_set_num_threads(1);
    parallel *pool = parallel_start(3);
    for (int i = 0; i < SETUPS; i++) test_setup(&setups[i], pool);
    test_selection();
    test_decay(pool);
    parallel_stop(pool);
    return check_end();
}
