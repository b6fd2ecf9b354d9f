/* unembed.c: what directions of the stream do to the logits, by the direct path: through the final norm's weights and
 * the output matrix. */
#include "base/mem.h"
#include "model/run.h"

#include <stdlib.h>

/* Rows and tokens of a tile; the tokens are a multiple of the tiles of linear.c. */
enum { UNEMBED_ROWS = 1008, UNEMBED_TOKENS = 3840 };

typedef struct unembed_job {
    scry_run *run;
    const float *directions; /* [rows][d] */
    float *scaled;           /* [rows][run->lead] */
    float *logits;           /* [rows][UNEMBED_TOKENS] */
    size_t first_row;
    uint32_t rows, first, count; /* tokens first .. first + count */
    scry_unembed_sink sink;
    void *context;
} unembed_job;

static void scale_direction(void *context, size_t row, unsigned worker) {
    (void)worker;
    const unembed_job *j = context;
    const model_plan *plan = &j->run->model->plan;
    const float *g = j->run->model->final_norm.weight, *x = j->directions + row * plan->d_model;
    float *out = j->scaled + row * j->run->lead;
    double sum = 0;
    for (uint32_t i = 0; i < plan->d_model && plan->norm == NORM_LAYER; i++) sum += (double)x[i];
    const double mean = sum / plan->d_model;
    for (uint32_t i = 0; i < plan->d_model; i++) out[i] = (float)(((double)x[i] - mean) * (double)g[i]);
}

static void give_tile(void *context, size_t row, unsigned worker) {
    (void)worker;
    const unembed_job *j = context;
    j->sink(j->context, j->first_row + row, j->first, j->count, j->logits + row * UNEMBED_TOKENS);
}

/* Drops the resident pages of the weights where the whole matrix would take too much of the run's memory. */
static void drop_pages(const scry_run *run) {
    const weight_matrix *head = &run->model->head;
    uint64_t bytes = (uint64_t)head->out * head->in * tensor_size(head->t->dtype);
    if (bytes > run->options.memory / 4) tensor_file_drop_pages(&run->model->file);
}

/* All tokens, for the rows of j. */
static bool unembed_rows(unembed_job *j, scry_error *err) {
    scry_run *run = j->run;
    const scry_run_options *o = &run->options;
    const uint32_t vocabulary = run->model->plan.vocabulary;
    parallel_for(run->pool, j->rows, scale_direction, j);
    for (j->first = 0; j->first < vocabulary; j->first += j->count) {
        j->count = vocabulary - j->first < UNEMBED_TOKENS ? vocabulary - j->first : UNEMBED_TOKENS;
        weight_matrix tile = run->model->head;
        tile.first += j->first;
        tile.out = tile.group = j->count;
        linear l = {.part = {&tile},
                    .parts = 1,
                    .x = j->scaled,
                    .x_lead = run->lead,
                    .rows = j->rows,
                    .end = LINEAR_STORE,
                    .out = j->logits,
                    .out_lead = UNEMBED_TOKENS};
        linear_run(&l, run->pool, run->kernel, run->linear);
        parallel_for(run->pool, j->rows, give_tile, j);
        drop_pages(run);
        if (o->cancelled && o->cancelled(o->context)) return scry_fail(err, "cancelled");
    }
    return true;
}

bool scry_run_unembed(scry_run *run, const float *directions, size_t count, scry_unembed_sink sink, void *context,
                      scry_error *err) {
    unembed_job j = {.run = run, .sink = sink, .context = context};
    const size_t d = run->model->plan.d_model;
    uint64_t fit = run->options.memory / 4 / ((run->lead + UNEMBED_TOKENS) * sizeof(float));
    uint32_t rows = fit < 1 ? 1 : fit > UNEMBED_ROWS ? UNEMBED_ROWS : (uint32_t)fit;
    if (rows > count) rows = (uint32_t)count;
    j.scaled = mem_new((size_t)rows * run->lead + 1, sizeof *j.scaled);
    j.logits = mem_resize(NULL, (size_t)rows * UNEMBED_TOKENS + 1, sizeof *j.logits);
    bool ok = true;
    for (size_t at = 0; ok && at < count; at += j.rows) {
        j.rows = count - at < rows ? (uint32_t)(count - at) : rows;
        j.first_row = at;
        j.directions = directions + at * d;
        ok = unembed_rows(&j, err);
    }
    free(j.scaled);
    free(j.logits);
    return ok;
}
