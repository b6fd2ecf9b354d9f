/* train/trainer.c: a trainer from its input and settings, or from a checkpoint. */
#include "train/trainer.h"
#include "base/blas.h"
#include "base/clock.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Memory is counted for so many threads, so that what fits does not depend on the machine's. */
enum { COUNTED_THREADS = 8, CENTER_ROWS = 8192, MEDIAN_ROUNDS = 100, HELD_ROWS = 2048 };

static uint64_t fixed_bytes(const scry_train_settings *s) {
    uint64_t d = (uint64_t)s->d_in, F = (uint64_t)s->width, count = 2 * d * F + 2 * F + d;
    bool counts = (int)s->arch == SCRY_TOPK || (int)s->arch == SCRY_BATCHTOPK;
    double active = counts ? s->k : s->width / 2; /* of a token; relu and jumprelu begin with about half of them */
    uint64_t entries = (uint64_t)(s->batch * (active + s->auxk)) * 2 * (sizeof(step_entry) + 8);
    uint64_t held = s->held_out > 0 ? HELD_ROWS * d * sizeof(float) +
                                          step_bytes((uint32_t)d, (uint32_t)F, HELD_ROWS, COUNTED_THREADS)
                                    : 0;
    return 4 * count * sizeof(real) + 8 * F + entries + held +
           step_bytes((uint32_t)d, (uint32_t)F, (uint32_t)s->batch, COUNTED_THREADS);
}

/* What more threads than were counted take, where that is beyond what may be taken. */
static void note_threads(const trainer *t, uint64_t memory, scry_notes *notes) {
    const scry_train_settings *s = &t->settings;
    uint64_t rows = (uint64_t)fmin(s->window, (double)t->data.train.rows), own = s->held_out > 0 ? 2 : 1;
    unsigned threads = parallel_threads(t->pool);
    uint32_t d = t->data.d, F = (uint32_t)s->width, batch = (uint32_t)s->batch;
    if (threads <= COUNTED_THREADS || !notes) return;
    uint64_t more = own * (step_bytes(d, F, batch, threads) - step_bytes(d, F, batch, COUNTED_THREADS));
    uint64_t all = fixed_bytes(s) + rows * (d * sizeof(float) + sizeof(uint32_t)) + more;
    if (all > memory)
        scry_notes_add(notes,
                       "--memory counts %d threads, so that a seed gives the same weights on any machine; %u "
                       "threads take %.0f MB more",
                       COUNTED_THREADS, threads, (double)more / 1048576);
}

static bool fit_window(scry_train_settings *s, uint64_t memory, scry_error *err) {
    uint64_t a_row = (uint64_t)s->d_in * sizeof(float) + sizeof(uint32_t), fixed = fixed_bytes(s);
    uint64_t least = fixed + 2 * (uint64_t)s->batch * a_row;
    if (memory < least)
        return scry_misuse(
            err,
            "--memory: found %.0f MB, expected at least %.0f MB for %g latents of width %g in batches of "
            "%g tokens; a smaller --width or --batch takes less",
            (double)memory / 1048576, ceil((double)least / 1048576), s->width, s->d_in, s->batch);
    uint64_t rows = (memory - fixed) / a_row;
    s->window = (double)(rows < UINT32_MAX ? rows : UINT32_MAX);
    return true;
}

static double mean_norm(const train_stream *stream) {
    const uint32_t d = stream->data->d;
    double sum = 0;
    for (uint64_t r = 0; r < stream->count; r++) {
        const float *x = stream->rows + (size_t)r * d;
        double square = 0;
        for (uint32_t i = 0; i < d; i++) square += (double)x[i] * (double)x[i];
        sum += sqrt(square);
    }
    return sum / (double)stream->count;
}

/* The mean of rows with weights 1 / |x - guess|, or 1 where guess is NULL. Returns how far it is from guess. */
static double weighted_mean(const train_stream *stream, uint64_t rows, const double *guess, double *out) {
    const uint32_t d = stream->data->d;
    double weights = 0, apart = 0;
    memset(out, 0, d * sizeof *out);
    for (uint64_t r = 0; r < rows; r++) {
        const float *x = stream->rows + (size_t)stream->shuffled[r] * d;
        double square = 0;
        for (uint32_t i = 0; guess && i < d; i++) square += ((double)x[i] - guess[i]) * ((double)x[i] - guess[i]);
        double weight = guess ? 1 / fmax(sqrt(square), 1e-12) : 1;
        for (uint32_t i = 0; i < d; i++) out[i] += weight * (double)x[i];
        weights += weight;
    }
    for (uint32_t i = 0; i < d; i++) {
        out[i] /= weights;
        if (guess) apart += (out[i] - guess[i]) * (out[i] - guess[i]);
    }
    return sqrt(apart);
}

/* b_dec: the mean of some rows, or their geometric median (E. Weiszfeld's iteration). */
static void center(trainer *t) {
    const uint32_t d = t->data.d;
    uint64_t rows = t->stream.count < CENTER_ROWS ? t->stream.count : CENTER_ROWS;
    double *at = mem_new(d, sizeof *at), *next = mem_new(d, sizeof *next);
    int kind = (int)t->settings.center;
    if (kind != SCRY_ZERO) weighted_mean(&t->stream, rows, NULL, at);
    double near = 1e-5 * sqrt((double)d) / (double)t->scale;
    for (int i = 0; kind == SCRY_MEDIAN && i < MEDIAN_ROUNDS; i++) {
        double apart = weighted_mean(&t->stream, rows, at, next);
        memcpy(at, next, d * sizeof *at);
        if (apart < near) break;
    }
    for (uint32_t i = 0; i < d; i++) t->model.b_dec[i] = (real)(at[i] * (double)t->scale);
    free(at);
    free(next);
}

static void init_parameters(trainer *t) {
    double norm = t->settings.normalize > 0 ? mean_norm(&t->stream) : 0;
    t->scale = norm > 0 ? (real)(sqrt((double)t->data.d) / norm) : 1;
    real encoder, decoder;
    initial_norms(&t->settings, &encoder, &decoder);
    parameters_init(&t->model, (uint64_t)t->settings.seed, encoder, decoder, (real)t->settings.first_threshold);
    center(t);
}

/* Where all rows that are trained on are read at the beginning, those held out are too: what is wrong with them is not
 * to be found out at the end. */
static bool check_held_rows(const trainer *t, scry_error *err) {
    enum { SLICE = HELD_ROWS / CHUNK_ROWS };
    const data_chunks *held = &t->data.held;
    if (t->stream.windows > 1 || t->data.allow_nonfinite || !held->count) return true;
    float *rows = mem_new((size_t)HELD_ROWS * t->data.d, sizeof *rows);
    bool ok = true;
    for (size_t from = 0; from < held->count && ok; from += SLICE) {
        size_t n = held->count - from < SLICE ? held->count - from : SLICE;
        ok = data_read(&t->data, t->pool, held->chunk + from, n, rows, err);
    }
    free(rows);
    return ok;
}

static bool init_held_step(trainer *t, const step_rules *rules, scry_error *err) {
    const data_chunks *held = &t->data.held;
    if (!check_held_rows(t, err)) return false;
    data_chunks some = {0};
    size_t every = (size_t)(held->rows / HELD_ROWS) + 1;
    some.chunk = mem_new(held->count, sizeof *some.chunk);
    for (size_t i = 0; i < held->count; i += every) {
        some.chunk[some.count++] = held->chunk[i];
        some.rows += held->chunk[i].length;
    }
    bool ok = true;
    if (some.rows) {
        t->held_rows = mem_new((size_t)some.rows * t->data.d, sizeof *t->held_rows);
        ok = data_read(&t->data, t->pool, some.chunk, some.count, t->held_rows, err);
        step_new(&t->held, &t->model, t->pool, (uint32_t)some.rows, rules);
        t->held.rules.measure = true;
    }
    free(some.chunk);
    return ok;
}

static bool split(trainer *t, scry_error *err) {
    scry_train_settings *s = &t->settings;
    double share = s->held_out < 0 ? 0.05 : s->held_out;
    if (!(share <= 0.9)) return scry_misuse(err, "train: held_out: found %g, expected a number of 0 to 0.9", share);
    if (!(s->seed <= UINT32_MAX))
        return scry_misuse(err, "train: seed: found %g, expected at most %u", s->seed, UINT32_MAX);
    if (!data_split(&t->data, share, s->seed < 0 ? SCRY_SEED : (uint64_t)s->seed, err)) return false;
    return t->data.train.rows > 0 ||
           scry_fail(err, "%s: every row is held out, expected some to train on; --held-out 0 trains on all",
                     t->data.source[0].name);
}

static void allocate(trainer *t) {
    const scry_train_settings *s = &t->settings;
    step_rules rules = rules_of_settings(s);
    bool thresholds = rules.arch == SCRY_JUMPRELU;
    parameters_new(&t->model, t->data.d, (uint32_t)s->width, thresholds);
    parameters_new(&t->grad, t->data.d, (uint32_t)s->width, thresholds);
    adam_new(&t->adam, t->model.count);
    revive_new(&t->revive, t->model.F, (uint64_t)s->dead_after);
    step_new(&t->step, &t->model, t->pool, (uint32_t)s->batch, &rules);
    stream_open(&t->stream, &t->data, t->pool, (uint64_t)s->seed, (uint64_t)s->window);
}

static bool restore(trainer *t, const checkpoint *from, scry_error *err) {
    const uint64_t *place = from->place;
    t->done = place[PLACE_STEP];
    t->scale = (real)from->number[NUMBER_SCALE];
    t->threshold = from->number[NUMBER_THRESHOLD];
    if (!checkpoint_fill(from, t, err)) return false;
    for (uint32_t j = 0; j < t->model.F; j++) t->revive.dead += t->revive.silent[j] >= t->revive.dead_after;
    bool inside = place[PLACE_WINDOW] < t->stream.windows && (double)t->done <= t->settings.steps;
    if (inside && !stream_seek(&t->stream, place[PLACE_EPOCH], place[PLACE_WINDOW], place[PLACE_AT], err)) return false;
    return (inside && place[PLACE_AT] <= t->stream.count) ||
           scry_fail(err,
                     "%s: found a place beyond the captures' rows or the last step, expected one before; the "
                     "checkpoint is damaged",
                     t->data.source[0].name);
}

/* A checkpoint's names stand, unlike its captures' own: a run that goes on ends with what it was begun with. */
static void set_names(trainer *t, const scry_train_run *run, const checkpoint *from) {
    char **own[2] = {&t->data.model, &t->data.hook};
    for (int i = 0; from && i < 2; i++) {
        free(*own[i]);
        *own[i] = from->name[i] ? mem_copy_string(from->name[i]) : NULL;
    }
    t->model_name = run->model_name && !from ? run->model_name : t->data.model;
    t->hook_name = run->hook_name && !from ? run->hook_name : t->data.hook;
}

/* While rows are judged and read there is no step to save: the run is asked only where that takes longer than a
 * moment. */
static bool goes_on(void *context) {
    const scry_train_run *run = context;
    const scry_train_progress none = {.steps = 1};
    return run->progress(run->context, &none);
}

static bool judge_on(void *context, uint64_t rows, uint64_t total) {
    (void)rows, (void)total;
    return data_goes_on(context, NULL);
}

bool trainer_init(trainer *t, const scry_train_input *input, const scry_train_run *run, const checkpoint *from,
                  scry_notes *notes, scry_error *err) {
    *t = (trainer){.settings = from ? from->settings : run->settings};
    if (!data_open(&t->data, input, notes, err)) return false;
    t->watch = (data_watch){.goes_on = goes_on, .context = (void *)(uintptr_t)run, .asked = clock_seconds() + 0.9};
    if (run->progress) t->data.watch = &t->watch;
    set_names(t, run, from);
    blas_single(); /* our threads each run their own tiles */
    t->pool = parallel_start(run->threads);
    t->fingerprint = data_fingerprint(&t->data);
    if (from && t->fingerprint != from->place[PLACE_DATA])
        return scry_fail(err, "%s: found other residuals than the checkpoint was made from, expected the same",
                         t->data.source[0].name);
    if (!data_judge(&t->data, t->pool, judge_on, &t->data, notes, err)) return false;
    if (!split(t, err)) return from && !t->watch.stopped && checkpoint_damaged(from, err);
    uint64_t memory = run->memory ? run->memory : SCRY_MEMORY;
    bool window_given = t->settings.window > 0;
    if (!resolve_defaults(&t->settings, t->data.d, t->data.train.rows, 1, err))
        return from && checkpoint_damaged(from, err);
    if (!window_given && !fit_window(&t->settings, memory, err)) return false;
    bool jumps = rules_of_settings(&t->settings).arch == SCRY_JUMPRELU;
    if (from && !checkpoint_has(from, parameters_size(t->data.d, (uint32_t)t->settings.width, jumps), err))
        return false;
    note_threads(t, memory, notes);
    allocate(t);
    if (from ? !restore(t, from, err) : !stream_seek(&t->stream, 0, 0, 0, err)) return false;
    if (!from) init_parameters(t);
    step_rules rules = rules_of_settings(&t->settings);
    return init_held_step(t, &rules, err);
}

void trainer_end(trainer *t) {
    if (t->held.B) step_free(&t->held);
    if (t->step.B) step_free(&t->step);
    stream_close(&t->stream);
    revive_free(&t->revive);
    adam_free(&t->adam);
    parameters_free(&t->model);
    parameters_free(&t->grad);
    free(t->held_rows);
    t->held_rows = NULL;
}

void trainer_free(trainer *t) {
    log_close(t);
    trainer_end(t);
    parallel_stop(t->pool);
    data_close(&t->data);
    *t = (trainer){0};
}
