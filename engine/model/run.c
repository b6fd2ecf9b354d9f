/* run.c: a place to run a model: its threads, its memory, and what a call may ask for. */
#include "model/run.h"
#include "base/mem.h"
#include "scry.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    BATCH = 1056, /* rows: enough that widening weights costs little, few enough that a layer's numbers stay in cache */
    LEAST = 64
};

size_t run_padded(size_t floats) {
    floats = (floats + 15) / 16 * 16;
    return floats % 256 == 0 ? floats + 16 : floats;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

uint64_t run_bytes(const scry_run *run, uint64_t rows, uint64_t sequences, uint64_t positions) {
    const model_plan *p = &run->model->plan;
    uint64_t floats = rows * (2 * run->lead + run->w_lead), kept = rows + sequences * (run->kernel->columns - 1);
    floats += kept * (keys_floats(p, run->kernel->columns) + values_floats(p, run->kernel, run->kernel->columns)) /
              run->kernel->columns;
    for (int i = 0; i < MODEL_ROPES; i++) floats += positions * p->rope[i].width;
    return floats * sizeof(float);
}

/* Sets what does not depend on threads of its own; returns the least memory limit that will do. */
static uint64_t size_run(scry_run *run, const scry_model *model, unsigned threads) {
    const model_plan *p = &model->plan;
    size_t scores;
    run->model = model;
    run->kernel = product_kernel_best();
    run->lead = run_padded(p->d_model);
    run->w_lead = run_padded(larger((size_t)(p->heads + 2 * p->kv_heads) * p->head_dim, p->d_mlp));
    run->fixed = threads * (linear_scratch_bytes() + attention_scratch_floats(p, run->kernel, &scores) * sizeof(float));
    return 2 * (run->fixed + LEAST * (run_bytes(run, LEAST, 1, LEAST) / LEAST));
}

uint64_t scry_run_least_memory(const scry_model *model, unsigned threads) {
    scry_run run = {0};
    return size_run(&run, model, threads);
}

scry_run *scry_run_new(const scry_model *model, const scry_run_options *options, scry_error *err) {
    scry_run *run = mem_new(1, sizeof *run);
    run->pool = parallel_start(options->threads);
    unsigned threads = parallel_threads(run->pool);
    uint64_t least = size_run(run, model, threads);
    run->options = *options;
    if (!run->options.memory) run->options.memory = SCRY_MEMORY;
    if (run->options.memory < least) {
        scry_misuse(err,
                    "model: %s: found a memory limit of %" PRIu64 " MiB, expected at least %" PRIu64
                    " MiB on %u threads; raise --memory or take fewer threads",
                    model->folder, run->options.memory >> 20, (least >> 20) + 1, threads);
        parallel_stop(run->pool);
        free(run);
        return NULL;
    }
    size_t scores, floats = attention_scratch_floats(&model->plan, run->kernel, &scores);
    uint64_t memory = run->options.memory / 2, row = run_bytes(run, LEAST, 1, LEAST) / LEAST;
    run->batch = (size_t)((memory - run->fixed) / row);
    if (run->batch > BATCH) run->batch = BATCH;
    run->linear = mem_new(threads, sizeof *run->linear);
    run->attention = mem_new(threads, sizeof *run->attention);
    for (unsigned i = 0; i < threads; i++) {
        linear_scratch_new(&run->linear[i]);
        run->attention[i].scores = mem_new(floats, sizeof(float));
        run->attention[i].out = run->attention[i].scores + scores;
    }
    return run;
}

void scry_run_free(scry_run *run) {
    if (!run) return;
    for (unsigned i = 0; i < parallel_threads(run->pool); i++) {
        linear_scratch_free(&run->linear[i]);
        free(run->attention[i].scores);
    }
    parallel_stop(run->pool);
    free(run->linear);
    free(run->attention);
    free(run->x);
    free(run->h);
    free(run->w);
    free(run->keys);
    free(run->values);
    for (int i = 0; i < MODEL_ROPES; i++) free(run->angles[i]);
    free(run);
}

size_t scry_run_batch(const scry_run *run) {
    return run->batch;
}

static bool check_sequence(const scry_run *run, const scry_sequence *s, size_t number, uint32_t layers, bool to_logits,
                           scry_error *err) {
    const scry_model_info *info = &run->model->info;
    uint64_t before = s->prefix ? s->prefix->length : 0, most = info->context ? info->context : UINT32_MAX / 2;
    if (s->prefix && s->prefix->model != run->model)
        return scry_misuse(err, "model: %s: sequence %zu has a prefix of another model, expected one of this",
                           run->model->folder, number);
    if (s->prefix && (s->prefix->layers < layers || (to_logits && !s->prefix->to_logits)))
        return scry_misuse(err, "model: %s: sequence %zu has a prefix of %u blocks, expected one that reaches %s",
                           run->model->folder, number, s->prefix->layers, to_logits ? "the logits" : "the hook");
    if (before + s->count > most)
        return scry_fail(
            err, "model: %s: sequence %zu has %" PRIu64 " tokens, expected at most %" PRIu64 ", the model's context",
            run->model->folder, number, before + s->count, most);
    for (size_t i = 0; i < s->count; i++)
        if (s->ids[i] >= info->vocabulary)
            return scry_fail(err, "model: %s: sequence %zu, token %zu: found id %u, expected 0 to %u, the vocabulary",
                             run->model->folder, number, i, s->ids[i], info->vocabulary - 1);
    return true;
}

bool run_check(const scry_run *run, const scry_sequence *sequences, size_t count, uint32_t layers, bool to_logits,
               scry_error *err) {
    for (size_t i = 0; i < count; i++)
        if (!check_sequence(run, &sequences[i], i, layers, to_logits, err)) return false;
    return true;
}

size_t run_group(size_t batch, const scry_sequence *sequences, size_t count, size_t first) {
    size_t n = 1, rows = sequences[first].count;
    while (first + n < count && rows + sequences[first + n].count <= batch) rows += sequences[first + n++].count;
    return n;
}
