/* explorer/jobs.c: commands that run in the background. */
#include "explorer/jobs.h"
#include "base/mem.h"
#include "base/worker_thread.h"

#include <stdlib.h>
#include <string.h>

typedef struct running {
    job of;
    app *a;
    worker_thread *thread;
    bool given_up, ended;
    struct running *next;
} running;

struct jobs {
    int bell;
    bool threaded;
    running *newest;
};

jobs *jobs_new(int bell) {
    jobs *all = mem_new(1, sizeof *all);
    all->bell = bell;
    return all;
}

void jobs_use_threads(jobs *all) {
    all->threaded = true;
}

bool jobs_use_threads_now(const app *a) {
    return a->jobs->threaded && !a->recording.depth;
}

int jobs_bell(const app *a) {
    return a->jobs->threaded ? a->jobs->bell : -1;
}

static void work(void *context, const scry_cancel *stop) {
    running *r = context;
    r->of.work(r->of.own, stop);
}

static void end(void *context, bool whole) {
    running *r = context;
    r->ended = true;
    r->of.end(r->a, r->of.own, whole);
}

/* Removes jobs that have ended. */
static void sweep_out(jobs *all) {
    for (running **at = &all->newest; *at;) {
        running *r = *at;
        if (!r->ended) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        worker_free(r->thread);
        free(r);
    }
}

void jobs_free(jobs *all) {
    if (!all) return;
    for (running *r = all->newest; r; r = r->next) worker_cancel(r->thread);
    for (running *r = all->newest; r; r = r->next) worker_finish(r->thread);
    sweep_out(all);
    free(all);
}

bool job_begin(app *a, const job *e) {
    jobs *all = a->jobs;
    for (running *r = all->newest; r; r = r->next)
        if (!r->given_up && strcmp(r->of.what, e->what) == 0) {
            e->end(a, e->own, false);
            app_say(a, "%s: already running", e->what);
            return false;
        }
    if (!jobs_use_threads_now(a)) {
        e->work(e->own, NULL);
        e->end(a, e->own, true);
        return true;
    }
    running *r = mem_new(1, sizeof *r);
    *r = (running){.of = *e, .a = a, .thread = worker_new(all->bell), .next = all->newest};
    all->newest = r;
    worker_begin(r->thread, (worker_job){work, end, r});
    return true;
}

static running *find(const app *a, bool page) {
    running *r = a->jobs->newest;
    while (r && (r->given_up || r->of.page != page)) r = r->next;
    return r;
}

const char *job_running(const app *a, bool page, double *done) {
    running *r = find(a, page);
    if (r && done) *done = worker_progress(r->thread);
    return r ? r->of.what : NULL;
}

bool job_cancel(app *a, bool page) {
    running *r = find(a, page);
    if (!r) return false;
    r->given_up = true;
    worker_cancel(r->thread);
    return true;
}

void job_cancel_titled(app *a, const char *what) {
    for (running *r = a->jobs->newest; r; r = r->next) {
        if (r->given_up || strcmp(r->of.what, what) != 0) continue;
        r->given_up = true;
        worker_cancel(r->thread);
    }
}

bool jobs_collect(app *a) {
    jobs *all = a->jobs;
    bool any = all->newest != NULL; /* their progress has changed by 1 % or more */
    for (running *r = all->newest; r; r = r->next) worker_collect(r->thread);
    sweep_out(all);
    return any;
}

void jobs_finish(app *a) {
    jobs *all = a->jobs;
    for (running *r = all->newest; r; r = r->next) worker_finish(r->thread);
    sweep_out(all);
}
