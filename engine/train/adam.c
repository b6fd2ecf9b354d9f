/* train/adam.c: Adam with decoupled weight decay, and the schedules of its learning rate. */
#include "train/parameters.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE = 1 << 14 };

void adam_new(train_adam *a, size_t count) {
    a->count = count;
    a->m = mem_new(count, sizeof *a->m);
    a->v = mem_new(count, sizeof *a->v);
}

void adam_free(train_adam *a) {
    free(a->m);
    free(a->v);
    *a = (train_adam){0};
}

typedef struct adam_job {
    train_adam *a;
    sae_parameters *m;
    const sae_parameters *grad;
    real beta1, beta2, times, rate, root; /* root: 1 / sqrt(1 - beta2^step) */
    real keep;                            /* of the matrices, 1 - lr weight_decay */
    size_t matrices;                      /* numbers in them, which come first */
} adam_job;

CPU_DISPATCH static void move(real *x, real *m, real *v, const real *grad, size_t n, real keep, const adam_job *job) {
    const real b1 = job->beta1, b2 = job->beta2, times = job->times, rate = job->rate, root = job->root;
    const real keep1 = 1 - b1, keep2 = 1 - b2, least = (real)1e-8;
    for (size_t i = 0; i < n; i++) {
        real g = grad[i] * times;
        m[i] = b1 * m[i] + keep1 * g;
        v[i] = b2 * v[i] + keep2 * g * g;
        x[i] = keep * x[i] - rate * m[i] / (REAL_SQRT(v[i]) * root + least);
    }
}

static void move_piece(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const adam_job *job = context;
    size_t from = piece * PIECE, n = job->a->count - from < PIECE ? job->a->count - from : PIECE;
    size_t decays = from >= job->matrices ? 0 : job->matrices - from < n ? job->matrices - from : n;
    real *x = job->m->all + from, *m = job->a->m + from, *v = job->a->v + from;
    const real *grad = job->grad->all + from;
    move(x, m, v, grad, decays, job->keep, job);
    move(x + decays, m + decays, v + decays, grad + decays, n - decays, 1, job);
}

static void make_unit(void *context, size_t piece, unsigned worker) {
    (void)worker;
    sae_parameters *m = context;
    size_t rows = PIECE / m->d + 1, from = piece * rows;
    for (size_t j = from; j < m->F && j < from + rows; j++) {
        real *row = m->W_dec + j * m->d;
        double norm = sqrt((double)row_dot(row, row, m->d));
        real times = norm > 0 ? (real)(1 / norm) : 1;
        for (uint32_t i = 0; i < m->d; i++) row[i] *= times;
    }
}

void adam_step(train_adam *a, parallel *pool, sae_parameters *m, const sae_parameters *grad, uint64_t step,
               const scry_train_settings *settings, double lr, double times, bool unit_decoder) {
    adam_job job = {a,
                    m,
                    grad,
                    (real)settings->beta1,
                    (real)settings->beta2,
                    (real)times,
                    (real)(lr / (1 - pow(settings->beta1, (double)step))),
                    (real)(1 / sqrt(1 - pow(settings->beta2, (double)step))),
                    (real)(1 - lr * settings->weight_decay),
                    2 * (size_t)m->d * m->F};
    parallel_for(pool, (a->count + PIECE - 1) / PIECE, move_piece, &job);
    size_t rows = PIECE / m->d + 1;
    if (unit_decoder) parallel_for(pool, (m->F + rows - 1) / rows, make_unit, m);
}

static double rise(uint64_t step, double over) {
    return (double)step + 1 < over ? ((double)step + 1) / over : 1;
}

double adam_rate(const scry_train_settings *s, uint64_t step) {
    double up = rise(step, s->warmup), begin = s->warmup, end = s->steps;
    if (up < 1 || s->decay < SCRY_LINEAR) return s->lr * up;
    if (s->decay < SCRY_COSINE) begin = fmax(begin, 0.8 * end);
    double part = end > begin ? ((double)step - begin) / (end - begin) : 0;
    if (part <= 0) return s->lr;
    return s->decay < SCRY_COSINE ? s->lr * (1 - part) : s->lr * 0.5 * (1 + cos(3.141592653589793 * part));
}

double adam_sparsity(const scry_train_settings *s, uint64_t step) {
    return s->sparsity * rise(step, s->sparsity_warmup);
}
