/* gradients.c: the call that runs a model from a hook to the logits and back. */
#include "base/mem.h"
#include "model/attention_backward.h"
#include "model/backward.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 16 }; /* rows of a batch */

/* ---- buffers ---- */

static size_t heads_lead(const model_plan *p) {
    return run_padded((size_t)(p->heads + 2 * p->kv_heads) * p->head_dim);
}

static size_t hidden_lead(const model_plan *p) {
    return run_padded((size_t)p->d_mlp * (p->gated ? 2 : 1));
}

static uint64_t together(uint64_t rows, uint64_t sets) {
    return rows * sets < BACKWARD_ROWS ? rows * sets : BACKWARD_ROWS;
}

uint64_t backward_bytes(const scry_run *run, uint64_t rows, uint64_t longest, uint64_t sets, uint32_t blocks) {
    const model_plan *p = &run->model->plan;
    uint64_t floats = rows * sets * (run->lead + heads_lead(p));
    floats += together(rows, sets) * (run->lead + hidden_lead(p));
    floats += rows * (hidden_lead(p) + (uint64_t)blocks * (p->parallel ? 1 : 2) * p->d_model);
    if (p->qk_norm) floats += rows * heads_lead(p);
    if (p->post_norm) floats += rows * (run->lead + heads_lead(p));
    floats += parallel_threads(run->pool) * attention_backward_floats(p, run->kernel, longest, sets);
    return floats * sizeof(float);
}

static float *floats_of(size_t rows, size_t lead) {
    return mem_resize(NULL, rows * lead + 1, sizeof(float));
}

void backward_reserve(backward *b, uint32_t first, uint32_t longest) {
    const scry_run *run = b->p->run;
    const model_plan *p = &run->model->plan;
    const size_t rows = b->p->rows, all = rows * b->sets, some = (size_t)together(rows, b->sets);
    const unsigned threads = parallel_threads(run->pool);
    b->first = first;
    b->heads_lead = heads_lead(p);
    b->hidden_lead = hidden_lead(p);
    b->pre = mem_new(p->layers - first + 1, sizeof *b->pre);
    b->mid = p->parallel ? NULL : mem_new(p->layers - first + 1, sizeof *b->mid);
    for (uint32_t l = 0; l < p->layers - first; l++) {
        b->pre[l] = floats_of(rows, p->d_model);
        if (b->mid) b->mid[l] = floats_of(rows, p->d_model);
    }
    b->grad = floats_of(all, run->lead);
    b->heads = floats_of(all, b->heads_lead);
    b->hidden = floats_of(some, b->hidden_lead);
    b->h = floats_of(some, run->lead);
    b->slopes = floats_of(rows, b->hidden_lead);
    if (p->qk_norm) b->raw = floats_of(rows, b->heads_lead);
    if (p->post_norm) b->q = floats_of(rows, b->heads_lead);
    if (p->post_norm) b->added = floats_of(rows, run->lead);
    b->attention = mem_new(threads + 1, sizeof *b->attention); /* NULL at the end */
    size_t scratch = (size_t)attention_backward_floats(p, run->kernel, longest, b->sets);
    for (unsigned i = 0; i < threads; i++) b->attention[i] = floats_of(1, scratch);
}

static void free_all(float **at, uint32_t count) {
    for (uint32_t i = 0; at && i < count; i++) free(at[i]);
    free(at);
}

void backward_free(backward *b) {
    const scry_run *run = b->p->run;
    free_all(b->pre, run->model->plan.layers - b->first);
    free_all(b->mid, run->model->plan.layers - b->first);
    free_all(b->attention, parallel_threads(run->pool));
    free(b->grad);
    free(b->heads);
    free(b->hidden);
    free(b->h);
    free(b->slopes);
    free(b->raw);
    free(b->q);
    free(b->added);
}

/* ---- a batch ---- */

/* Runs from the hook to the logits, and keeps the stream before each half of a block. */
static bool run_forward(const backward *b, pass_stage stage, scry_error *err) {
    const uint32_t layers = b->p->run->model->plan.layers;
    for (uint32_t l = b->first; l < layers; l++, stage = STAGE_PRE) {
        if (stage == STAGE_PRE &&
            !pass_to_hook(b->p, l, stage, (scry_hook){l, SCRY_RESID_PRE}, b->pre[l - b->first], err))
            return false;
        if (b->mid && !pass_to_hook(b->p, l, stage, (scry_hook){l, SCRY_RESID_MID}, b->mid[l - b->first], err))
            return false;
        if (!pass_blocks(b->p, l, b->mid ? STAGE_MID : stage, l + 1, err)) return false;
    }
    return true;
}

static bool run_backward(const backward *b, pass_stage stage, scry_error *err) {
    if (!backward_logits(b, err)) return false;
    for (uint32_t l = b->p->run->model->plan.layers; l-- > b->first;)
        if (!backward_block(b, l, l == b->first ? stage : STAGE_PRE, err)) return false;
    return true;
}

typedef struct gradients {
    uint32_t layer; /* where the pass begins */
    pass_stage stage;
    const scry_sequence *sequences;
    const float *x;
    const bool *wanted;
    const uint32_t *labels;
    size_t tokens, sets;
    float *out;
} gradients;

static uint64_t longest_of(const scry_sequence *sequences, size_t count) {
    uint64_t longest = 0;
    for (size_t i = 0; i < count; i++)
        if (sequences[i].count > longest) longest = sequences[i].count;
    return longest;
}

/* `count` sequences from the packed row `row` on. */
static bool run_batch(scry_run *run, const gradients *g, const scry_sequence *sequences, size_t count, size_t row,
                      scry_error *err) {
    const uint32_t d = run->model->plan.d_model;
    pass p;
    bool ok = pass_begin(&p, run, sequences, (uint32_t)count, NULL, 0, err);
    if (ok) {
        backward b = {.p = &p,
                      .wanted = g->wanted ? g->wanted + row : NULL,
                      .labels = g->labels + row,
                      .labels_step = g->tokens,
                      .sets = (uint32_t)g->sets};
        backward_reserve(&b, g->layer, (uint32_t)longest_of(sequences, count));
        pass_load(&p, g->x + row * d);
        ok = run_forward(&b, g->stage, err) && run_backward(&b, g->stage, err);
        for (size_t m = 0; ok && m < g->sets; m++)
            for (size_t r = 0; r < p.rows; r++)
                memcpy(g->out + (m * g->tokens + row + r) * d, b.grad + (m * p.rows + r) * run->lead,
                       d * sizeof(float));
        backward_free(&b);
    }
    pass_end(&p);
    return ok;
}

/* ---- the call ---- */

static bool check_labels(const scry_model *m, const gradients *g, scry_error *err) {
    for (size_t set = 0; set < g->sets; set++)
        for (size_t r = 0; r < g->tokens; r++)
            if ((!g->wanted || g->wanted[r]) && g->labels[set * g->tokens + r] >= m->info.vocabulary)
                return scry_fail(
                    err, "model: %s: label of token %zu in set %zu: found id %u, expected 0 to %u, the vocabulary",
                    m->folder, r, set, g->labels[set * g->tokens + r], m->info.vocabulary - 1);
    return true;
}

/* Bytes of a batch of `rows` rows and `count` sequences. */
static uint64_t batch_bytes(const scry_run *run, const gradients *g, uint64_t rows, uint64_t count, uint64_t longest) {
    return run->fixed + run_bytes(run, rows, count, longest) +
           backward_bytes(run, rows, longest, g->sets, run->model->plan.layers - g->layer);
}

static bool check_memory(const scry_run *run, const gradients *g, uint64_t longest, scry_error *err) {
    uint64_t bytes = batch_bytes(run, g, longest, 1, longest), memory = run->options.memory;
    return bytes <= memory || scry_fail(err,
                                        "model: %s: gradients of %zu sets at %" PRIu64 " tokens in a row need %" PRIu64
                                        " MiB, expected at most the memory limit of %" PRIu64
                                        " MiB; raise --memory, or take shorter texts or fewer sets at a time",
                                        run->model->folder, g->sets, longest, (bytes >> 20) + 1, memory >> 20);
}

/* Rows of a batch: as many as fit half of the memory, as in a forward pass. */
static size_t batch_of(const scry_run *run, const gradients *g, uint64_t longest) {
    size_t batch = run->batch;
    while (batch > LEAST && batch_bytes(run, g, batch, 1 + batch / 16, longest) > run->options.memory / 2)
        batch -= batch / 8 + 1;
    return batch;
}

bool scry_run_gradients(scry_run *run, const scry_sequence *sequences, size_t count, scry_hook from, const float *x,
                        const bool *wanted, const uint32_t *labels, size_t sets, float *out, scry_error *err) {
    const scry_model *m = run->model;
    gradients g = {.x = x, .wanted = wanted, .labels = labels, .sets = sets, .out = out};
    if (!pass_start(m, &from, &g.layer, &g.stage, err) || !run_check(run, sequences, count, m->plan.layers, true, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        g.tokens += sequences[i].count;
        if (sequences[i].prefix)
            return scry_misuse(err, "model: %s: sequence %zu has a prefix, expected none where gradients are computed",
                               m->folder, i);
    }
    const uint64_t longest = longest_of(sequences, count);
    if (!check_labels(m, &g, err) || !check_memory(run, &g, longest, err)) return false;
    const size_t batch = batch_of(run, &g, longest);
    size_t row = 0;
    for (size_t first = 0; first < count && sets;) {
        size_t n = run_group(batch, sequences, count, first), rows = row;
        for (size_t i = first; i < first + n; i++) rows += sequences[i].count;
        if (!run_batch(run, &g, sequences + first, n, row, err)) return false;
        row = rows;
        first += n;
    }
    return true;
}
