/* train_watch.c: scry train --watch. */
#include "shell/train_parts.h"
#include "base/worker_thread.h"
#include "shell/cli_context.h"
#include "shell/config.h"
#include "watch/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 24, COLS = 80, LEAST_ROWS = 8, LEAST_COLS = 20, SHOW_MS = 100 };

bool train_watch_can(void) {
    return isatty(STDOUT_FILENO);
}

/* Draws the curves with the explorer's theme and settings. */
static watch_end watch_with_settings(watch_run *run, int *number, scry_error *err) {
    config c;
    char *path = config_path();
    config_read(&c, path, NULL);
    free(path);
    theme look = c.theme ? *c.theme : *theme_usual();
    memcpy(look.own, c.own, sizeof look.own);
    run->look = &look;
    if (c.ascii == 1) run->ascii = true;
    watch_end end = watch(run, number, err);
    config_free(&c);
    return end;
}

typedef struct training {
    const char *out;
    const scry_train_input *input;
    scry_train_run run;
    scry_train_result *result;
    scry_notes *notes;
    scry_error *err;
    bool ok;
    const scry_cancel *stop; /* of the worker thread */
    worker_thread *thread;
    pthread_mutex_t lock; /* protects the fields below */
    scry_train_progress progress;
    bool begun;
} training;

/* Called on the training thread. */
static bool note_progress(void *context, const scry_train_progress *p) {
    training *b = context;
    pthread_mutex_lock(&b->lock);
    b->progress = *p;
    b->begun = true;
    pthread_mutex_unlock(&b->lock);
    return !scry_cancelled(b->stop);
}

static void work(void *context, const scry_cancel *stop) {
    training *b = context;
    b->stop = stop;
    b->ok = scry_train(b->out, b->input, &b->run, b->result, b->notes, b->err);
}

static void has_ended(void *context, bool whole) {
    (void)context;
    (void)whole;
}

static bool begun(training *b) {
    pthread_mutex_lock(&b->lock);
    bool is = b->begun;
    pthread_mutex_unlock(&b->lock);
    return is;
}

/* Called on the main thread. False: the run has ended. */
static bool take_progress(void *context, scry_train_progress *p) {
    training *b = context;
    pthread_mutex_lock(&b->lock);
    *p = b->progress;
    pthread_mutex_unlock(&b->lock);
    worker_collect(b->thread);
    return worker_is_busy(b->thread);
}

/* Waits for the end, showing the ordinary progress; or, where shown is NULL, only for the first step. */
static void wait_with(training *b, int bell, const scry_train_run *shown) {
    scry_train_progress p;
    struct pollfd in = {.fd = bell, .events = POLLIN};
    bool stopping = false;
    while (take_progress(b, &p) && (shown || !begun(b))) {
        bool stop = shown && p.steps ? !shown->progress(shown->context, &p) : cli_interrupted();
        if (stop && !stopping) worker_cancel(b->thread);
        stopping = stopping || stop;
        poll(&in, 1, SHOW_MS);
    }
}

static void reset_hang_up(const struct sigaction *before) {
    sigaction(SIGHUP, before, NULL);
    cli_catch_interrupt();
}

/* Shows the curves until the user leaves them. Any other end stops the run. */
static void show_curves(training *b, int bell, bool ascii) {
    watch_run of = {.folder = b->out, .ascii = ascii, .progress = take_progress, .context = b, .bell = bell};
    scry_error err = {0};
    struct sigaction hang_up;
    int number = 0;
    sigaction(SIGHUP, NULL, &hang_up);
    watch_end end = watch_with_settings(&of, &number, &err);
    reset_hang_up(&hang_up);
    if (end == WATCH_FAILED) output_say("--watch: %s", err.text);
    if (end == WATCH_LEFT)
        output_say("training continues; Ctrl-C saves a checkpoint and stops it; in another terminal, "
                   "scry train --watch %s shows its curves",
                   b->out);
    if (end == WATCH_STOPPED) output_say("stopping after this step, once a checkpoint is saved");
    if (end == WATCH_STOPPED || end == WATCH_SIGNALLED) worker_cancel(b->thread);
}

bool train_watched(const options *o, const scry_train_input *input, const scry_train_run *run,
                   scry_train_result *result, scry_notes *notes, scry_error *err) {
    int bell[2];
    training b = {.out = o->out, .input = input, .run = *run, .result = result, .notes = notes, .err = err};
    if (pipe2(bell, O_CLOEXEC | O_NONBLOCK) != 0) abort();
    output_warn_locale(o);
    pthread_mutex_init(&b.lock, NULL);
    b.run.progress = note_progress;
    b.run.context = &b;
    b.thread = worker_new(bell[1]);
    cli_catch_interrupt();
    worker_begin(b.thread, (worker_job){work, has_ended, &b});
    wait_with(&b, bell[0], NULL);
    if (worker_is_busy(b.thread) && !cli_interrupted()) show_curves(&b, bell[0], output_is_ascii(o));
    wait_with(&b, bell[0], run);
    cli_release_interrupt();
    worker_free(b.thread);
    pthread_mutex_destroy(&b.lock);
    close(bell[0]);
    close(bell[1]);
    if (b.ok && !o->json && !o->csv) watch_print(o->out, ROWS, COLS, output_is_ascii(o), stderr, err);
    return b.ok;
}

static bool check_words(const options *o, scry_error *err) {
    const char *setting = train_options_first(o);
    if (!setting && o->json) setting = "--json";
    if (!setting && o->csv) setting = "--csv";
    if (o->words > 1) return scry_misuse(err, "train --watch: found %d folders, expected one", o->words);
    return !setting || scry_misuse(err, "train --watch %s shows a run and starts none: remove %s, or add -o DIR",
                                   o->word[0], setting);
}

int train_watch_folder(const options *o) {
    scry_error err = {0};
    int rows = ROWS, cols = COLS, number = 0;
    if (!check_words(o, &err) || !options_size(o->size, LEAST_ROWS, LEAST_COLS, &rows, &cols, &err))
        return output_error(&err);
    output_warn_locale(o);
    if (o->size || !train_watch_can())
        return watch_print(o->word[0], rows, cols, output_is_ascii(o), stdout, &err) ? 0 : output_error(&err);
    watch_run of = {.folder = o->word[0], .ascii = output_is_ascii(o), .bell = -1};
    watch_end end = watch_with_settings(&of, &number, &err);
    return end == WATCH_FAILED ? output_error(&err) : end == WATCH_SIGNALLED ? 128 + number : 0;
}
