/* float64_run.c: the calls that run a model in double precision to a hook or to the logits. */
#include "base/blas.h"
#include "base/mem.h"
#include "model/float64/float64.h"
#include "model/rope.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- buffers ---- */

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t width_of(const model_plan *plan) {
    return larger((size_t)(plan->heads + 2 * plan->kv_heads) * plan->head_dim,
                  (size_t)plan->d_mlp * (plan->gated ? 2 : 1));
}

static size_t longest_weight(const model_plan *plan) {
    return larger(larger(plan->d_model, plan->d_mlp), (size_t)plan->heads * plan->head_dim);
}

static uint64_t row_bytes(const model_plan *plan) {
    return (2 * (uint64_t)plan->d_model + width_of(plan)) * sizeof(double);
}

/* Bytes for all but the rows, with sequences of at most `longest` tokens. */
static uint64_t fixed_bytes(const scry_run *run, uint64_t longest) {
    const model_plan *plan = &run->model->plan;
    uint64_t tile = FLOAT64_TILE * longest_weight(plan) * (sizeof(float) + sizeof(double)), angles = 0;
    for (int i = 0; i < MODEL_ROPES; i++) angles += longest * plan->rope[i].width * sizeof(double);
    return angles + parallel_threads(run->pool) * (tile + FLOAT64_QUERIES * longest * sizeof(double));
}

/* Rows that are run at a time, unless a sequence is longer. */
static size_t batch_of(const scry_run *run, uint64_t longest) {
    uint64_t half = run->options.memory / 2, fixed = fixed_bytes(run, longest), row = row_bytes(&run->model->plan);
    uint64_t rows = half > fixed ? (half - fixed) / row : 1;
    return rows < run->batch ? (size_t)larger(rows, 1) : run->batch;
}

static bool check_memory(const scry_run *run, uint64_t rows, uint64_t longest, scry_error *err) {
    uint64_t bytes = fixed_bytes(run, longest) + rows * row_bytes(&run->model->plan), most = run->options.memory;
    return bytes <= most ||
           scry_fail(err,
                     "model: %s: %" PRIu64 " tokens in a row need %" PRIu64 " MiB in double precision, expected at "
                     "most the memory limit of %" PRIu64 " MiB; raise --memory or take shorter texts",
                     run->model->folder, rows, (bytes >> 20) + 1, most >> 20);
}

static bool begin(float64_pass *p, scry_run *run, const scry_sequence *sequences, size_t count, scry_error *err) {
    const model_plan *plan = &run->model->plan;
    *p = (float64_pass){
        .run = run, .sequences = sequences, .count = (uint32_t)count, .d = plan->d_model, .width = width_of(plan)};
    uint32_t longest = 0;
    p->first = mem_new(count + 1, sizeof *p->first);
    for (size_t i = 0; i < count; i++) {
        p->first[i + 1] = p->first[i] + (uint32_t)sequences[i].count;
        longest = (uint32_t)larger(longest, sequences[i].count);
    }
    p->rows = p->first[count];
    if (!check_memory(run, p->rows, longest, err)) return false;
    p->x = mem_new((size_t)p->rows + 1, p->d * sizeof *p->x);
    p->h = mem_new((size_t)p->rows + 1, p->d * sizeof *p->h);
    p->w = mem_new((size_t)p->rows + 1, p->width * sizeof *p->w);
    for (int i = 0; i < MODEL_ROPES; i++) {
        p->angles[i] = mem_new((size_t)longest * plan->rope[i].width + 1, sizeof *p->angles[i]);
        if (plan->rope[i].width) rope_angles_float64(&plan->rope[i], 0, longest, p->angles[i]);
    }
    p->scratch = mem_new(parallel_threads(run->pool), sizeof *p->scratch);
    for (unsigned i = 0; i < parallel_threads(run->pool); i++) {
        float64_scratch *s = &p->scratch[i];
        s->narrow = mem_new(FLOAT64_TILE * longest_weight(plan), sizeof *s->narrow);
        s->wide = mem_new(FLOAT64_TILE * longest_weight(plan), sizeof *s->wide);
        s->scores = mem_new((size_t)FLOAT64_QUERIES * (longest + 1), sizeof *s->scores);
    }
    return true;
}

static void end(float64_pass *p) {
    for (unsigned i = 0; p->scratch && i < parallel_threads(p->run->pool); i++) {
        free(p->scratch[i].narrow);
        free(p->scratch[i].wide);
        free(p->scratch[i].scores);
    }
    free(p->scratch);
    for (int i = 0; i < MODEL_ROPES; i++) free(p->angles[i]);
    free(p->first);
    free(p->x);
    free(p->h);
    free(p->w);
}

static bool check_call(const scry_run *run, const scry_sequence *sequences, size_t count, scry_error *err) {
    for (size_t i = 0; i < count; i++)
        if (sequences[i].prefix)
            return scry_misuse(err, "model: %s: sequence %zu has a prefix, expected none in double precision",
                               run->model->folder, i);
    return run_check(run, sequences, count, 0, false, err);
}

/* ---- calls ---- */

static void embed(const float64_pass *p) {
    const scry_model *m = p->run->model;
    float *row = mem_new(p->d, sizeof *row);
    for (uint32_t s = 0; s < p->count; s++)
        for (uint32_t i = 0; i < p->sequences[s].count; i++) {
            double *x = p->x + (p->first[s] + i) * p->d;
            weight_rows(&m->embedding, p->sequences[s].ids[i], 1, 0, (uint32_t)p->d, row);
            for (size_t k = 0; k < p->d; k++) x[k] = (double)row[k] * m->plan.embedding_scale;
            if (!m->plan.learned_positions) continue;
            weight_rows(&m->positions, i, 1, 0, (uint32_t)p->d, row);
            for (size_t k = 0; k < p->d; k++) x[k] += (double)row[k];
        }
    free(row);
}

/* A call on some of its sequences, whose first row is `row` among all. */
typedef bool (*run_part)(void *context, float64_pass *p, size_t row, scry_error *err);

static bool run_parts(scry_run *run, const scry_sequence *sequences, size_t count, run_part part, void *context,
                      scry_error *err) {
    size_t longest = 0, row = 0;
    for (size_t i = 0; i < count; i++) longest = larger(longest, sequences[i].count);
    const size_t batch = batch_of(run, longest);
    blas_single();
    for (size_t first = 0; first < count;) {
        size_t n = run_group(batch, sequences, count, first);
        float64_pass p;
        bool ok = begin(&p, run, sequences + first, n, err) && part(context, &p, row, err);
        row += p.rows;
        end(&p);
        if (!ok) return false;
        first += n;
    }
    return true;
}

typedef struct hook_call {
    scry_hook hook;
    double *out;
} hook_call;

static bool run_to_hook(void *context, float64_pass *p, size_t row, scry_error *err) {
    const hook_call *c = context;
    const double *found;
    embed(p);
    if (!float64_to_hook(p, c->hook, &found, err)) return false;
    memcpy(c->out + row * p->d, found, p->rows * p->d * sizeof *found);
    return true;
}

bool scry_run_to_hook_float64(scry_run *run, scry_hook hook, const scry_sequence *sequences, size_t count, double *out,
                              scry_error *err) {
    hook_call c = {hook, out};
    return scry_model_has_hook(run->model, hook, err) && check_call(run, sequences, count, err) &&
           run_parts(run, sequences, count, run_to_hook, &c, err);
}

/* ---- logits ---- */

enum {
    GROUP = 32, /* rows of a sequence that are multiplied together with the output matrix */
    GROUPS = 32 /* at a time, where memory allows */
};

typedef struct logits_call {
    uint32_t layer;
    pass_stage stage;
    const double *x; /* NULL: from the embeddings */
    const bool *wanted;
    scry_logits_sink_float64 sink;
    void *context;
} logits_call;

typedef struct logits_job {
    const logits_call *call;
    const scry_run *run;
    const size_t *rows; /* of the call, by row of logits */
    double *logits;
} logits_job;

static void give(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const logits_job *j = context;
    const model_plan *plan = &j->run->model->plan;
    double *row = j->logits + piece * plan->vocabulary;
    if (plan->logit_cap > 0) float64_cap(plan->logit_cap, row, plan->vocabulary);
    j->call->sink(j->call->context, j->rows[piece], row);
}

/* Rows of the wanted tokens of the pass, and their groups, which no other sequence changes. */
static uint32_t group_rows(const float64_pass *p, const bool *wanted, size_t row, uint32_t *rows, uint32_t *group) {
    uint32_t n = 0, groups = 0;
    for (uint32_t s = 0; s < p->count; s++)
        for (uint32_t r = p->first[s], own = 0; r < p->first[s + 1]; r++) {
            if (wanted && !wanted[row + r]) continue;
            if (own++ % GROUP == 0) group[groups++] = n;
            rows[n++] = r;
        }
    group[groups] = n;
    return groups;
}

static bool give_groups(const logits_call *c, float64_pass *p, size_t row, const uint32_t *rows, const uint32_t *group,
                        uint32_t groups, uint32_t at_a_time, scry_error *err) {
    const scry_run *run = p->run;
    const scry_run_options *o = &run->options;
    const model_plan *plan = &run->model->plan;
    double *logits = mem_new((size_t)at_a_time * GROUP, plan->vocabulary * sizeof *logits);
    size_t number[GROUPS * GROUP];
    bool ok = true;
    for (uint32_t g = 0; ok && g < groups; g += at_a_time) {
        const uint32_t n = groups - g < at_a_time ? groups - g : at_a_time, from = group[g],
                       count = group[g + n] - from;
        uint32_t first[GROUPS + 1];
        for (uint32_t i = 0; i <= n; i++) first[i] = group[g + i] - from;
        for (uint32_t i = 0; i < count; i++) {
            float64_norm_row(plan->norm, plan->norm_eps, &run->model->final_norm, p->x + rows[from + i] * p->d,
                             plan->d_model, p->h + i * p->d);
            number[i] = row + rows[from + i];
        }
        float64_multiply(&(float64_product){.part = {&run->model->head},
                                            .parts = 1,
                                            .x = p->h,
                                            .x_lead = p->d,
                                            .out = logits,
                                            .out_lead = plan->vocabulary,
                                            .first = first,
                                            .groups = n},
                         run->pool, p->scratch);
        logits_job j = {c, run, number, logits};
        parallel_for(run->pool, count, give, &j);
        ok = !o->cancelled || !o->cancelled(o->context) || scry_fail(err, "cancelled");
    }
    free(logits);
    return ok;
}

static bool run_to_logits(void *context, float64_pass *p, size_t row, scry_error *err) {
    const logits_call *c = context;
    const model_plan *plan = &p->run->model->plan;
    if (c->x) memcpy(p->x, c->x + row * p->d, p->rows * p->d * sizeof *p->x);
    else embed(p);
    if (!float64_blocks(p, c->layer, c->stage, plan->layers, err)) return false;
    uint32_t *rows = mem_new((size_t)p->rows + 1, sizeof *rows), *group = mem_new((size_t)p->rows + 2, sizeof *group);
    uint32_t groups = group_rows(p, c->wanted, row, rows, group);
    uint64_t fit = p->run->options.memory / 4 / (GROUP * sizeof(double) * plan->vocabulary);
    bool ok = give_groups(c, p, row, rows, group, groups, fit < 1 ? 1 : fit > GROUPS ? GROUPS : (uint32_t)fit, err);
    free(rows);
    free(group);
    return ok;
}

bool scry_run_logits_float64(scry_run *run, const scry_sequence *sequences, size_t count, const scry_hook *from,
                             const double *x, const bool *wanted, scry_logits_sink_float64 sink, void *context,
                             scry_error *err) {
    logits_call c = {.x = from ? x : NULL, .wanted = wanted, .sink = sink, .context = context};
    return pass_start(run->model, from, &c.layer, &c.stage, err) && check_call(run, sequences, count, err) &&
           run_parts(run, sequences, count, run_to_logits, &c, err);
}

scry_next_token scry_next_token_of_float64(const double *logits, uint32_t vocabulary, uint32_t target) {
    scry_next_token out = {.top = 0};
    double sum = 0;
    for (uint32_t v = 1; v < vocabulary; v++)
        if (logits[v] > logits[out.top]) out.top = v;
    for (uint32_t v = 0; v < vocabulary; v++) sum += exp(logits[v] - logits[out.top]);
    out.log_probability = logits[target] - logits[out.top] - log(sum);
    return out;
}
