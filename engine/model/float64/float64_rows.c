/* float64_rows.c: norms and activations of rows. */
#include "model/float64/float64.h"

#include <math.h>

enum { ROWS = 16 }; /* of a piece of work */

typedef struct rows_job {
    const float64_pass *p;
    const norm_weights *weights;
    const double *from;
    double *to, *add; /* [rows][d] */
} rows_job;

void float64_norm_row(norm_kind kind, double eps, const norm_weights *weights, const double *from, uint32_t d,
                      double *to) {
    double sum = 0, squares = 0;
    for (uint32_t i = 0; kind == NORM_LAYER && i < d; i++) sum += from[i];
    const double mean = sum / d;
    for (uint32_t i = 0; i < d; i++) squares += (from[i] - mean) * (from[i] - mean);
    const double size = sqrt(squares / d + eps);
    for (uint32_t i = 0; i < d; i++)
        to[i] = (from[i] - mean) / size * (double)weights->weight[i] +
                (kind == NORM_LAYER && weights->bias ? (double)weights->bias[i] : 0);
}

static void norm_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const rows_job *j = context;
    const model_plan *plan = &j->p->run->model->plan;
    const uint32_t d = plan->d_model;
    for (size_t r = piece * ROWS; r < j->p->rows && r < (piece + 1) * ROWS; r++) {
        float64_norm_row(plan->norm, plan->norm_eps, j->weights, j->from + r * d, d, j->to + r * d);
        for (size_t i = 0; j->add && i < d; i++) j->add[r * d + i] += j->to[r * d + i];
    }
}

void float64_norm(const float64_pass *p, const norm_weights *weights, const double *from, double *to, double *add) {
    rows_job j = {p, weights, from, to, add};
    parallel_for(p->run->pool, (p->rows + ROWS - 1) / ROWS, norm_rows, &j);
}

static double activated(activation act, double x) {
    const double half_root = 0.70710678118654752440, two_over_pi_root = 0.79788456080286535588;
    switch (act) {
    case ACTIVATION_SILU:
        return x / (1 + exp(-x));
    case ACTIVATION_GELU:
        return 0.5 * x * erfc(-x * half_root);
    case ACTIVATION_GELU_TANH: /* 0.5 (1 + tanh u) is 1 / (1 + e^(-2 u)) */
        return x / (1 + exp(-2 * two_over_pi_root * (x + 0.044715 * x * x * x)));
    case ACTIVATION_RELU:
        return x > 0 ? x : 0;
    case ACTIVATIONS:
        break;
    }
    return x;
}

static void activate_rows(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const float64_pass *p = context;
    const model_plan *plan = &p->run->model->plan;
    for (size_t r = piece * ROWS; r < p->rows && r < (piece + 1) * ROWS; r++) {
        double *row = p->w + r * p->width;
        for (uint32_t i = 0; i < plan->d_mlp; i++)
            row[i] = activated(plan->act, row[i]) * (plan->gated ? row[plan->d_mlp + i] : 1);
    }
}

void float64_activate(const float64_pass *p) {
    parallel_for(p->run->pool, (p->rows + ROWS - 1) / ROWS, activate_rows, (void *)(uintptr_t)p);
}

void float64_cap(double cap, double *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = cap * tanh(x[i] / cap);
}
