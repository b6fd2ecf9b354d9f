/* diff/logit_pairs.c: two distributions over the vocabulary, compared in double. */
#include "diff/logit_pairs.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

void pairs_new(logit_pairs *p, uint32_t vocabulary, size_t room) {
    *p = (logit_pairs){.vocabulary = vocabulary, .room = room};
    for (int m = 0; m < 2; m++) p->values[m] = mem_resize(NULL, room * vocabulary, sizeof(float));
    p->target = mem_new(room, sizeof *p->target);
    p->figures = mem_new(room, sizeof *p->figures);
}

void pairs_free(logit_pairs *p) {
    for (int m = 0; m < 2; m++) free(p->values[m]);
    free(p->target);
    free(p->figures);
    *p = (logit_pairs){0};
}

static uint32_t largest(const float *x, uint32_t n) {
    uint32_t top = 0;
    for (uint32_t v = 1; v < n; v++)
        if (x[v] > x[top]) top = v;
    return top;
}

/* The largest of tuned - base, ties to the lower id, in falling order. */
static void keep_pushed(pair_figures *f, float *kept, uint32_t id, float difference) {
    const uint32_t most = SCRY_DIFF_PUSHED;
    if (f->pushed_count == most && !(difference > kept[most - 1])) return;
    uint32_t at = f->pushed_count < most ? f->pushed_count++ : most - 1;
    for (; at > 0 && difference > kept[at - 1]; at--) {
        kept[at] = kept[at - 1];
        f->pushed[at] = f->pushed[at - 1];
    }
    kept[at] = difference;
    f->pushed[at] = id;
}

/* With s the sums of e^(x - largest), KL is the mean under p of tuned - base less ln of the ratio of their normalisers:
 * one exponential of each number. */
static void compare_row(void *context, size_t row, unsigned worker) {
    (void)worker;
    logit_pairs *p = context;
    const uint32_t V = p->vocabulary, target = p->target[row];
    float *base = p->values[0] + row * V, *tuned = p->values[1] + row * V, kept[SCRY_DIFF_PUSHED];
    pair_figures f = {.top = {largest(base, V), largest(tuned, V)}};
    const double most[2] = {(double)base[f.top[0]], (double)tuned[f.top[1]]};
    const double of_target[2] = {(double)base[target], (double)tuned[target]};
    double sum[2] = {0}, difference = 0;
    for (uint32_t v = 0; v < V; v++) {
        double q = exp((double)base[v] - most[0]), t = exp((double)tuned[v] - most[1]);
        keep_pushed(&f, kept, v, tuned[v] - base[v]);
        if (t != 0) difference += t * ((double)tuned[v] - (double)base[v]);
        sum[0] += q;
        sum[1] += t;
        base[v] = (float)q;
        tuned[v] = (float)t;
    }
    double normaliser[2];
    for (int m = 0; m < 2; m++) {
        normaliser[m] = most[m] + log(sum[m]);
        f.log_probability[m] = of_target[m] - normaliser[m];
        f.scale[m] = 1 / sum[m];
    }
    f.kl = difference / sum[1] - (normaliser[1] - normaliser[0]);
    if (f.kl < 0) f.kl = 0; /* by rounding, where both are the same */
    p->figures[row] = f;
}

void pairs_compare(logit_pairs *p, parallel *pool) {
    parallel_for(pool, p->rows, compare_row, p);
}

enum { STRETCH = 1024 }; /* of the vocabulary, a piece of work */

typedef struct change_job {
    const logit_pairs *p;
    size_t first, count;
    double *change;
} change_job;

static void add_change(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const change_job *j = context;
    const uint32_t V = j->p->vocabulary, from = (uint32_t)piece * STRETCH, to = V - from < STRETCH ? V : from + STRETCH;
    for (size_t r = j->first; r < j->first + j->count; r++) {
        const float *base = j->p->values[0] + r * V, *tuned = j->p->values[1] + r * V;
        const double *scale = j->p->figures[r].scale;
        for (uint32_t v = from; v < to; v++) j->change[v] += (double)tuned[v] * scale[1] - (double)base[v] * scale[0];
    }
}

void pairs_add_change(const logit_pairs *p, size_t first, size_t count, double *change, parallel *pool) {
    change_job job = {p, first, count, change};
    parallel_for(pool, (p->vocabulary + STRETCH - 1) / STRETCH, add_change, &job);
}

size_t pairs_top(const logit_pairs *p, int model, size_t row, size_t most, uint32_t *ids, double *probabilities) {
    const float *x = p->values[model] + row * p->vocabulary;
    size_t count = 0;
    for (uint32_t v = 0; v < p->vocabulary && most; v++) {
        const double probability = (double)x[v] * p->figures[row].scale[model];
        if (count == most && !(probability > probabilities[most - 1])) continue;
        size_t at = count < most ? count++ : most - 1;
        for (; at > 0 && probability > probabilities[at - 1]; at--) {
            probabilities[at] = probabilities[at - 1];
            ids[at] = ids[at - 1];
        }
        probabilities[at] = probability;
        ids[at] = v;
    }
    return count;
}
