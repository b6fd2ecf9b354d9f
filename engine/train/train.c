/* train/train.c: the run: steps, their log and checkpoints, and what is left at the end. */
#include "train.h"
#include "base/clock.h"
#include "base/mem.h"
#include "train/trainer.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* BatchTopK's cut is followed by a running mean at this rate, as in SAELens; a short run's at such a rate that it
 * has about a tenth of the run in mind. */
#define THRESHOLD_RATE 0.01

typedef struct training_run {
    trainer t;
    const char *folder;
    const scry_train_run *run;
    scry_train_progress shown;
    double started, drawn, logged; /* seconds */
    uint64_t first, logged_step;   /* steps done before this call; at the last line */
    uint32_t resampled;            /* since the last line */
} training_run;

static double clip(const trainer *t, double *norm) {
    double square = 0;
    for (uint32_t j = 0; j <= t->model.F; j++) square += t->step.row_square[j];
    *norm = sqrt(square);
    return t->settings.clip > 0 && *norm > t->settings.clip ? t->settings.clip / (*norm + 1e-6) : 1;
}

static void update_threshold(trainer *t) {
    double cut = (double)t->step.cut;
    if (!(cut > 0)) return;
    double rate = fmin(1, fmax(THRESHOLD_RATE, 10 / t->settings.steps));
    t->threshold = t->threshold > 0 ? t->threshold + rate * (cut - t->threshold) : cut;
}

/* Resampling is done with when the learning rate has but a quarter of the run to go. */
static bool resamples_now(const trainer *t) {
    uint64_t batch = t->step.B, every = t->revive.dead_after;
    bool due = t->done * batch / every > (t->done - 1) * batch / every;
    return (int)t->settings.revive == SCRY_RESAMPLE && due && (double)t->done < 0.75 * t->settings.steps;
}

static bool take_step(training_run *c, bool measure, log_line *line, scry_error *err) {
    trainer *t = &c->t;
    train_step *s = &t->step;
    const scry_train_settings *set = &t->settings;
    s->rules.sparsity = (real)adam_sparsity(set, t->done);
    s->rules.measure = measure;
    if (!stream_next(&t->stream, s->X, s->B, t->scale, err)) return false;
    step_refresh(s);
    if (s->rules.auxk_weight > 0 || s->rules.pre_act_weight > 0) revive_list(&t->revive, s);
    step_forward(s);
    if (!isfinite(s->loss))
        return scry_fail(err, "train: the loss of step %" PRIu64 " is not finite; a smaller --lr may do", t->done + 1);
    step_backward(s, &t->grad);
    double times = clip(t, &line->gradient);
    line->lr = adam_rate(set, t->done);
    adam_step(&t->adam, t->pool, &t->model, &t->grad, ++t->done, set, line->lr, times, s->rules.unit_decoder);
    if (s->rules.arch == SCRY_BATCHTOPK) update_threshold(t);
    revive_count(&t->revive, s);
    if (resamples_now(t)) {
        real encoder, decoder;
        initial_norms(set, &encoder, &decoder);
        c->resampled += revive_resample(&t->revive, s, &t->model, &t->adam, decoder, (real)set->first_threshold,
                                        (uint64_t)set->seed ^ t->done << 24);
    }
    return true;
}

static void evaluate_held(trainer *t, log_line *line) {
    line->held_explained_variance = line->held_l0 = (double)NAN;
    train_step *s = &t->held;
    if (!s->B) return;
    for (size_t i = 0; i < (size_t)s->B * t->data.d; i++) s->X[i] = (real)t->held_rows[i] * t->scale;
    s->rules.threshold = (real)t->threshold;
    step_refresh(s);
    step_forward(s);
    line->held_explained_variance = 1 - s->mse / s->variance;
    line->held_l0 = s->l0;
}

static bool report_progress(training_run *c, bool last) {
    double time = clock_seconds();
    if (!c->run->progress || (!last && time - c->drawn < 0.1)) return true;
    c->drawn = time;
    const trainer *t = &c->t;
    double spent = time - c->started, rate = spent > 0 ? (double)(t->done - c->first) / spent : 0;
    c->shown.step = t->done;
    c->shown.steps = (uint64_t)t->settings.steps;
    c->shown.tokens = t->done * t->step.B;
    c->shown.tokens_a_second = rate * t->step.B;
    c->shown.seconds_left = rate > 0 ? (t->settings.steps - (double)t->done) / rate : 0;
    return c->run->progress(c->run->context, &c->shown);
}

static bool write_line(training_run *c, log_line *line, scry_error *err) {
    trainer *t = &c->t;
    double time = clock_seconds();
    line->seconds = time - c->started;
    line->tokens_a_second = (double)(t->done - c->logged_step) * t->step.B / (time - c->logged);
    line->resampled = c->resampled;
    c->resampled = 0;
    c->shown.loss = t->step.loss;
    c->shown.explained_variance = 1 - t->step.mse / t->step.variance;
    c->shown.l0 = t->step.l0;
    c->shown.dead = (double)t->revive.dead / t->model.F;
    evaluate_held(t, line);
    bool ok = log_write(t, c->folder, line, err);
    c->logged = clock_seconds();
    c->logged_step = t->done;
    return ok;
}

/* The log is not to be behind a checkpoint when the machine stops. */
static bool save_checkpoint(training_run *c, scry_error *err) {
    return log_sync(&c->t, c->folder, err) && checkpoint_write(&c->t, c->folder, err);
}

static bool stop_run(training_run *c, scry_error *err) {
    if (!save_checkpoint(c, err)) return false;
    return scry_fail(err,
                     "train: stopped after step %" PRIu64 " of %.0f and saved; go on with: scry train --resume -o %s",
                     c->t.done, c->t.settings.steps, c->folder);
}

/* Asked while the rows of a step are read. */
static bool step_goes_on(void *context) {
    return report_progress(context, false);
}

static bool run_steps(training_run *c, scry_error *err) {
    trainer *t = &c->t;
    const scry_train_settings *set = &t->settings;
    uint64_t steps = (uint64_t)set->steps, log_every = (uint64_t)set->log_every;
    uint64_t checkpoint_every = (uint64_t)set->checkpoint_every;
    c->first = c->logged_step = t->done;
    c->started = c->logged = clock_seconds();
    c->shown.step = t->done;
    c->shown.steps = steps;
    t->watch = (data_watch){.goes_on = step_goes_on, .context = c};
    while (t->done < steps) {
        bool logs = (t->done + 1) % log_every == 0 || t->done + 1 == steps;
        log_line line = {0};
        if (!take_step(c, logs, &line, err)) return t->watch.stopped ? stop_run(c, err) : false;
        if (logs && !write_line(c, &line, err)) return false;
        if (!report_progress(c, t->done == steps)) return stop_run(c, err);
        if (t->done % checkpoint_every == 0 && t->done < steps && !save_checkpoint(c, err)) return false;
    }
    return true;
}

/* Still drawn, and asked whether to go on. */
static bool report_evaluation(void *context, const char *what, uint64_t done, uint64_t total) {
    const training_run *c = context;
    (void)what, (void)done, (void)total;
    return !c->run->progress || c->run->progress(c->run->context, &c->shown);
}

/* Reads the SAE as it was saved, by way of the reader that the index uses. False and err where it is not the one that
 * was trained: its checkpoint must stay then. */
static bool read_saved(const training_run *c, sae *s, scry_error *err) {
    const trainer *t = &c->t;
    const bool top = t->settings.arch == SCRY_TOPK, relu = t->settings.arch == SCRY_RELU;
    const sae_activation kind = top ? SAE_TOPK : relu ? SAE_RELU : SAE_JUMPRELU;
    if (!sae_load(s, c->folder, "saelens", NULL, err)) return false;
    if (s->d_in == t->model.d && s->d_sae == t->model.F && s->activation == kind && (!top || s->k == t->settings.k) &&
        s->W_dec)
        return true;
    scry_fail(err, "%s: the SAE that was saved reads as %s, not as it was trained; its %s is kept: scry train --resume",
              c->folder, s->description, CHECKPOINT_NAME);
    sae_free(s);
    return false;
}

static bool evaluate_saved(training_run *c, const sae *s, scry_train_result *result, scry_error *err) {
    scry_error why = {0};
    const trainer *t = &c->t;
    result->held = t->data.held.rows > 0;
    result->difference = t->data.difference;
    bool ok = evaluate(s, &t->data, result->held, t->pool, report_evaluation, c, &result->evaluation, &why);
    return ok ||
           scry_fail(err, "%s; the SAE is trained and saved, but not measured: scry eval-sae %s CAPTURE... does it",
                     why.text, c->folder);
}

static bool run_to_end(training_run *c, scry_train_result *result, scry_error *err) {
    trainer *t = &c->t;
    if (!log_open(t, c->folder, c->run->resume, err) || !run_steps(c, err)) return false;
    log_close(t);
    *result = (scry_train_result){.settings = t->settings,
                                  .steps = t->done,
                                  .tokens = t->done * t->step.B,
                                  .rows = t->data.train.rows,
                                  .held_rows = t->data.held.rows,
                                  .seconds = clock_seconds() - c->started};
    sae s;
    if (!save_sae(t, c->folder, err) || !read_saved(c, &s, err)) return false;
    char *path = mem_format("%s/%s", c->folder, CHECKPOINT_NAME);
    unlink(path);
    free(path);
    trainer_end(t);
    bool ok = evaluate_saved(c, &s, result, err);
    sae_free(&s);
    return ok;
}

static bool folder_is_free(const char *folder, scry_error *err) {
    struct stat st;
    if (stat(folder, &st) != 0) return true;
    if (!S_ISDIR(st.st_mode)) return scry_fail(err, "%s: found a file, expected a new or empty directory", folder);
    DIR *d = opendir(folder);
    bool empty = true, begun = false;
    if (!d) return scry_fail(err, "%s: cannot be read: %s", folder, strerror(errno));
    for (const struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) empty = false;
        if (strcmp(e->d_name, CHECKPOINT_NAME) == 0) begun = true;
    }
    closedir(d);
    if (begun)
        return scry_fail(err, "%s: found a run that was not finished; go on with: scry train --resume -o %s", folder,
                         folder);
    return empty || scry_fail(err, "%s: found files in it, expected a new or empty directory", folder);
}

static bool begin_run(training_run *c, const scry_train_input *input, scry_notes *notes, scry_error *err) {
    return folder_is_free(c->folder, err) && trainer_init(&c->t, input, c->run, NULL, notes, err) &&
           (mkdir(c->folder, 0777) == 0 || errno == EEXIST ||
            scry_fail(err, "%s: cannot be made: %s", c->folder, strerror(errno)));
}

static bool resume_run(training_run *c, const scry_train_input *input, scry_notes *notes, scry_error *err) {
    checkpoint from;
    char *path = mem_format("%s/%s", c->folder, CHECKPOINT_NAME);
    bool ok = access(path, F_OK) == 0 ||
              scry_fail(err, "%s: found no %s to go on from, expected one of a run that was stopped", c->folder,
                        CHECKPOINT_NAME);
    free(path);
    if (!ok) return false;
    ok = checkpoint_open(&from, c->folder, err);
    uint64_t condition = from.place[PLACE_CONDITION];
    const scry_train_input same = {.path = input->paths ? input->path : (const char *const *)(void *)from.path,
                                   .paths = input->paths ? input->paths : from.paths,
                                   .minus = input->paths   ? input->minus
                                            : from.minuses ? (const char *const *)(void *)from.minus
                                                           : NULL,
                                   .condition = condition <= SCRY_CONDITIONS ? (int)condition - 1 : -1,
                                   .allow_nonfinite = from.place[PLACE_NONFINITE] || input->allow_nonfinite,
                                   .keep_outliers = from.place[PLACE_OUTLIERS],
                                   .max_norm_ratio = from.number[NUMBER_NORM_RATIO]};
    ok = ok && trainer_init(&c->t, &same, c->run, &from, notes, err);
    checkpoint_close(&from);
    return ok;
}

bool scry_train(const char *out, const scry_train_input *input, const scry_train_run *run, scry_train_result *result,
                scry_notes *notes, scry_error *err) {
    training_run c = {.folder = out, .run = run};
    bool ok = (run->resume ? resume_run(&c, input, notes, err) : begin_run(&c, input, notes, err)) &&
              run_to_end(&c, result, err);
    trainer_free(&c.t);
    return ok;
}
