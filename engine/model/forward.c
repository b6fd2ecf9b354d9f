/* forward.c: the calls that run a model to a hook or to the logits, and prefixes. */
#include "base/mem.h"
#include "model/elementwise.h"
#include "model/few_rows.h"
#include "model/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- prefixes ---- */

/* Blocks whose keys and values a sequence needs to come to the hook. */
static uint32_t layers_to(const scry_model *m, const scry_hook *hook) {
    if (!hook) return m->plan.layers;
    bool without = hook->point == SCRY_RESID_PRE || (hook->point == SCRY_MLP_OUT && m->plan.parallel);
    return hook->layer + !without;
}

void scry_prefix_free(scry_prefix *prefix) {
    if (!prefix) return;
    for (uint32_t l = 0; prefix->layer && l < prefix->layers; l++) {
        free(prefix->layer[l].keys);
        free(prefix->layer[l].values);
    }
    free(prefix->layer);
    free(prefix);
}

size_t scry_prefix_length(const scry_prefix *prefix) {
    return prefix->length;
}

uint64_t scry_prefix_bytes(const scry_prefix *prefix) {
    return prefix->bytes;
}

/* Copies the tokens of another store of the layer into this one, which has more room. */
static void copy_store(const model_plan *p, const product_kernel *kernel, const key_values *from, key_values *to) {
    size_t keys = keys_floats(p, from->room) / p->kv_heads, values = values_floats(p, kernel, from->room) / p->kv_heads;
    size_t keys_step = keys_floats(p, to->room) / p->kv_heads;
    size_t values_step = values_floats(p, kernel, to->room) / p->kv_heads;
    for (uint32_t h = 0; h < p->kv_heads; h++) {
        memcpy(to->keys + h * keys_step, from->keys + h * keys, keys * sizeof(float));
        memcpy(to->values + h * values_step, from->values + h * values, values * sizeof(float));
    }
}

static bool prefix_reserve(scry_prefix *made, scry_run *run, const scry_prefix *before, uint64_t length,
                           scry_error *err) {
    const model_plan *p = &run->model->plan;
    uint32_t columns = run->kernel->columns, room = (uint32_t)((length + columns - 1) / columns * columns);
    size_t keys = keys_floats(p, room), values = values_floats(p, run->kernel, room);
    made->bytes = made->layers * (uint64_t)(keys + values) * sizeof(float);
    if (made->bytes > run->options.memory)
        return scry_fail(err,
                         "model: %s: keys and values of %" PRIu64 " tokens need %" PRIu64
                         " MiB, expected at most the memory limit of %" PRIu64 " MiB; raise --memory or take a shorter "
                         "prefix",
                         run->model->folder, length, (made->bytes >> 20) + 1, run->options.memory >> 20);
    made->layer = mem_new(made->layers + 1, sizeof *made->layer);
    for (uint32_t l = 0; l < made->layers; l++) {
        made->layer[l] = (key_values){mem_new(keys, sizeof(float)), mem_new(values, sizeof(float)), room};
        if (before) copy_store(p, run->kernel, &before->layer[l], &made->layer[l]);
    }
    return true;
}

/* Runs `count` tokens that come after made->length others, up to the keys of the last layer. */
static bool prefix_extend(scry_prefix *made, scry_run *run, const uint32_t *ids, size_t count, scry_error *err) {
    pass p;
    scry_sequence s = {NULL, ids, count};
    bool ok = pass_begin(&p, run, &s, 1, made, made->length, err);
    if (ok) {
        pass_embed(&p);
        ok = pass_blocks(&p, 0, STAGE_PRE, made->layers - 1, err) && pass_keys(&p, made->layers - 1, err);
    }
    pass_end(&p);
    made->length += (uint32_t)count;
    return ok;
}

scry_prefix *scry_prefix_new(scry_run *run, const scry_prefix *before, const uint32_t *ids, size_t count,
                             const scry_hook *hook, scry_error *err) {
    const scry_model *m = run->model;
    if (hook && !scry_model_has_hook(m, *hook, err)) return NULL;
    scry_prefix *made = mem_new(1, sizeof *made);
    *made = (scry_prefix){.model = m, .layers = layers_to(m, hook), .to_logits = !hook};
    scry_sequence s = {before, ids, count};
    bool ok = run_check(run, &s, 1, made->layers, made->to_logits, err) &&
              prefix_reserve(made, run, before, scry_prefix_length(before ? before : made) + count, err);
    if (ok && before) made->length = before->length;
    for (size_t at = 0; ok && made->layers && at < count;) {
        size_t n = count - at < run->batch ? count - at : run->batch;
        ok = prefix_extend(made, run, ids + at, n, err);
        at += n;
    }
    if (ok && !made->layers) made->length += (uint32_t)count;
    if (ok) return made;
    scry_prefix_free(made);
    return NULL;
}

/* ---- to a hook ---- */

bool scry_run_to_hook(scry_run *run, scry_hook hook, const scry_sequence *sequences, size_t count, float *out,
                      scry_error *err) {
    const scry_model *m = run->model;
    if (!scry_model_has_hook(m, hook, err) || !run_check(run, sequences, count, layers_to(m, &hook), false, err))
        return false;
    for (size_t first = 0; first < count;) {
        pass p;
        size_t n = run_group(run->batch, sequences, count, first);
        bool ok = pass_begin(&p, run, sequences + first, (uint32_t)n, NULL, 0, err);
        if (ok) {
            pass_embed(&p);
            ok = pass_to_hook(&p, 0, STAGE_PRE, hook, out, err);
        }
        out += (size_t)p.rows * m->plan.d_model;
        pass_end(&p);
        if (!ok) return false;
        first += n;
    }
    return true;
}

/* ---- to the logits ---- */

enum { LOGIT_ROWS = 1008 }; /* at a time, where memory allows */

typedef struct logits_job {
    const pass *p;
    const uint32_t *rows; /* of the batch, [count] */
    uint32_t count;
    size_t first_row; /* of the batch among all */
    float *logits;    /* [count][lead] */
    size_t lead;
    scry_logits_sink sink;
    void *context;
} logits_job;

static void norm_wanted(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const logits_job *j = context;
    const scry_run *run = j->p->run;
    const model_plan *plan = &run->model->plan;
    const norm_weights *n = &run->model->final_norm;
    norm_row(plan->norm, plan->norm_eps, n->weight, n->bias, run->x + j->rows[piece] * run->lead, plan->d_model,
             run->h + piece * run->lead);
}

static void give(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const logits_job *j = context;
    const model_plan *plan = &j->p->run->model->plan;
    float *row = j->logits + piece * j->lead;
    if (plan->logit_cap > 0) cap_row((float)plan->logit_cap, row, plan->vocabulary);
    j->sink(j->context, j->first_row + j->rows[piece], row);
}

static bool wanted_logits(const logits_job *all, uint32_t chunk, scry_error *err) {
    const pass *p = all->p;
    scry_run *run = p->run;
    const scry_run_options *o = &run->options;
    for (uint32_t at = 0; at < all->count; at += chunk) {
        logits_job j = *all;
        j.rows += at;
        j.count = all->count - at < chunk ? all->count - at : chunk;
        parallel_for(run->pool, j.count, norm_wanted, &j);
        linear l = {.part = {&run->model->head},
                    .parts = 1,
                    .x = run->h,
                    .x_lead = run->lead,
                    .rows = j.count,
                    .end = LINEAR_STORE,
                    .out = j.logits,
                    .out_lead = j.lead};
        if (p->grows && few_rows_fit(&l)) few_rows_run(&l, run->pool, run->linear);
        else linear_run(&l, run->pool, run->kernel, run->linear);
        parallel_for(run->pool, j.count, give, &j);
        if (o->cancelled && o->cancelled(o->context)) return scry_fail(err, "cancelled");
    }
    return true;
}

bool pass_logits(const pass *p, size_t first_row, const bool *wanted, scry_logits_sink sink, void *context,
                 scry_error *err) {
    scry_run *run = p->run;
    logits_job j = {.p = p,
                    .first_row = first_row,
                    .lead = ((size_t)run->model->plan.vocabulary + 15) / 16 * 16,
                    .sink = sink,
                    .context = context};
    uint32_t *rows = mem_new(p->rows + 1, sizeof *rows);
    for (uint32_t r = 0; r < p->rows; r++)
        if (!wanted || wanted[first_row + r]) rows[j.count++] = r;
    j.rows = rows;
    uint64_t row = j.lead * sizeof(float), fit = run->options.memory / 4 / row, chunk = fit < 1 ? 1 : fit;
    if (chunk > LOGIT_ROWS) chunk = LOGIT_ROWS;
    if (chunk > j.count) chunk = j.count;
    j.logits = mem_resize(NULL, chunk * j.lead + 1, sizeof *j.logits);
    bool ok = wanted_logits(&j, (uint32_t)chunk, err);
    free(j.logits);
    free(rows);
    return ok;
}

bool scry_run_logits(scry_run *run, const scry_sequence *sequences, size_t count, const scry_hook *from, const float *x,
                     const bool *wanted, scry_logits_sink sink, void *context, scry_error *err) {
    const scry_model *m = run->model;
    uint32_t layer;
    pass_stage stage;
    if (!pass_start(m, from, &layer, &stage, err) || !run_check(run, sequences, count, m->plan.layers, true, err))
        return false;
    size_t row = 0;
    for (size_t first = 0; first < count;) {
        pass p;
        size_t n = run_group(run->batch, sequences, count, first);
        bool ok = pass_begin(&p, run, sequences + first, (uint32_t)n, NULL, 0, err);
        if (ok && from) pass_load(&p, x + row * m->plan.d_model);
        if (ok && !from) pass_embed(&p);
        ok = ok && pass_blocks(&p, layer, stage, m->plan.layers, err) &&
             pass_logits(&p, row, wanted, sink, context, err);
        row += p.rows;
        pass_end(&p);
        if (!ok) return false;
        first += n;
    }
    return true;
}
