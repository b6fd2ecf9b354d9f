/* growing.c: a text that grows: keys and values of its tokens are kept. */
#include "base/mem.h"
#include "model/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct scry_growing {
    scry_run *run;
    scry_prefix kept; /* its tokens, in `room` */
    uint32_t room;
    float *x; /* [x_rows][d] the stream that is changed */
    size_t x_rows;
};

scry_growing *scry_growing_new(scry_run *run, size_t most, scry_error *err) {
    const model_plan *p = &run->model->plan;
    const scry_model_info *info = &run->model->info;
    if (!most || (info->context && most > info->context))
        return (void)scry_misuse(err, "model: %s: found room for %zu tokens, expected 1 to %u, the model's context",
                                 run->model->folder, most, info->context),
               NULL;
    const uint32_t columns = run->kernel->columns;
    const uint64_t room = (most + columns - 1) / columns * columns;
    const uint64_t one = keys_floats(p, columns) + values_floats(p, run->kernel, columns);
    const uint64_t bytes = p->layers * (room / columns) * one * sizeof(float);
    if (room > UINT32_MAX / 2 || bytes > run->options.memory / 2)
        return (void)scry_misuse(err,
                                 "model: %s: keys and values of %zu tokens need %" PRIu64
                                 " MiB, expected at most half of the memory limit, %" PRIu64
                                 " MiB; raise --memory or ask for "
                                 "fewer tokens",
                                 run->model->folder, most, (bytes >> 20) + 1, run->options.memory >> 21),
               NULL;
    scry_growing *g = mem_new(1, sizeof *g);
    g->run = run;
    g->room = (uint32_t)most;
    g->kept = (scry_prefix){.model = run->model, .layers = p->layers, .to_logits = true, .bytes = bytes};
    g->kept.layer = mem_new(p->layers + 1, sizeof *g->kept.layer);
    for (uint32_t l = 0; l < p->layers; l++)
        g->kept.layer[l] =
            (key_values){mem_new(keys_floats(p, (uint32_t)room), sizeof(float)),
                         mem_new(values_floats(p, run->kernel, (uint32_t)room), sizeof(float)), (uint32_t)room};
    return g;
}

void scry_growing_free(scry_growing *g) {
    if (!g) return;
    for (uint32_t l = 0; l < g->kept.layers; l++) {
        free(g->kept.layer[l].keys);
        free(g->kept.layer[l].values);
    }
    free(g->kept.layer);
    free(g->x);
    free(g);
}

size_t scry_growing_length(const scry_growing *g) {
    return g->kept.length;
}

typedef struct growth {
    scry_growing *g;
    scry_hook at;
    scry_stream_edit edit;
    void *context;
    float *logits; /* NULL: not of these tokens */
} growth;

static void take_logits(void *context, size_t row, const float *logits) {
    const growth *w = context;
    (void)row;
    memcpy(w->logits, logits, w->g->run->model->plan.vocabulary * sizeof *logits);
}

/* Blocks up to the hook, what is done to the stream there, and the rest. */
static bool run_blocks(const growth *w, pass *p, scry_error *err) {
    scry_growing *g = w->g;
    const uint32_t layers = g->run->model->plan.layers;
    uint32_t layer;
    pass_stage stage;
    if (!w->edit) return pass_blocks(p, 0, STAGE_PRE, layers, err);
    if (!pass_start(g->run->model, &w->at, &layer, &stage, err)) return false;
    if (p->rows > g->x_rows) {
        free(g->x);
        g->x = mem_resize(NULL, p->rows, g->run->model->plan.d_model * sizeof *g->x);
        g->x_rows = p->rows;
    }
    if (!pass_to_hook(p, 0, STAGE_PRE, w->at, g->x, err) || !w->edit(w->context, g->kept.length, p->rows, g->x, err))
        return false;
    pass_load(p, g->x);
    return pass_blocks(p, layer, stage, layers, err);
}

static bool add_some(const growth *w, const uint32_t *ids, size_t count, scry_error *err) {
    scry_growing *g = w->g;
    pass p;
    scry_sequence s = {NULL, ids, count};
    bool ok = pass_begin(&p, g->run, &s, 1, &g->kept, g->kept.length, err);
    p.grows = true;
    if (ok) {
        pass_embed(&p);
        ok = run_blocks(w, &p, err);
    }
    if (ok && w->logits) {
        bool *wanted = mem_new(count, sizeof *wanted);
        wanted[count - 1] = true;
        ok = pass_logits(&p, 0, wanted, take_logits, (void *)(uintptr_t)w, err);
        free(wanted);
    }
    pass_end(&p);
    if (ok) g->kept.length += (uint32_t)count;
    return ok;
}

bool scry_growing_add(scry_growing *g, const uint32_t *ids, size_t count, scry_hook at, scry_stream_edit edit,
                      void *context, float *logits, scry_error *err) {
    const uint32_t before = g->kept.length;
    scry_sequence s = {NULL, ids, count};
    if (!count || count > g->room - before)
        return scry_misuse(err,
                           "model: %s: found %zu tokens to add to %u, expected 1 to %u, the room that was asked for",
                           g->run->model->folder, count, before, g->room - before);
    if (!run_check(g->run, &s, 1, 0, false, err)) return false;
    growth w = {g, at, edit, context, NULL};
    for (size_t i = 0, n; i < count; i += n) {
        n = count - i < g->run->batch ? count - i : g->run->batch;
        w.logits = i + n == count ? logits : NULL;
        if (add_some(&w, ids + i, n, err)) continue;
        g->kept.length = before;
        return false;
    }
    return true;
}
