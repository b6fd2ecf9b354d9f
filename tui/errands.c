/* errands.c: commands that are worked out on threads beside. */
#include "errands.h"
#include "app.h"
#include "background.h"

#include <stdlib.h>
#include <string.h>

typedef struct running {
    errand of;
    app *a;
    background *thread;
    bool given_up, ended;
    struct running *next;
} running;

struct errands {
    int bell;
    bool beside;
    running *newest;
};

errands *errands_new(int bell) {
    errands *all = calloc(1, sizeof *all);
    if (!all) abort();
    all->bell = bell;
    return all;
}

void errands_beside(errands *all) {
    all->beside = true;
}

bool errands_are_beside(const app *a) {
    return works_errands(a->works)->beside && !a->recording.depth;
}

static void work(void *context, const scry_stop *stop) {
    running *r = context;
    r->of.work(r->of.own, stop);
}

static void end(void *context, bool whole) {
    running *r = context;
    r->ended = true;
    r->of.end(r->a, r->of.own, whole);
}

/* Those that have ended go. */
static void sweep_out(errands *all) {
    for (running **at = &all->newest; *at;) {
        running *r = *at;
        if (!r->ended) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        background_free(r->thread);
        free(r);
    }
}

void errands_free(errands *all) {
    if (!all) return;
    for (running *r = all->newest; r; r = r->next) background_cancel(r->thread);
    for (running *r = all->newest; r; r = r->next) background_finish(r->thread);
    sweep_out(all);
    free(all);
}

bool errand_begin(app *a, const errand *e) {
    errands *all = works_errands(a->works);
    for (running *r = all->newest; r; r = r->next)
        if (!r->given_up && strcmp(r->of.what, e->what) == 0) {
            e->end(a, e->own, false);
            app_say(a, "%s: is under way already", e->what);
            return false;
        }
    if (!errands_are_beside(a)) {
        e->work(e->own, NULL);
        e->end(a, e->own, true);
        return true;
    }
    running *r = calloc(1, sizeof *r);
    if (!r) abort();
    *r = (running){.of = *e, .a = a, .thread = background_new(all->bell), .next = all->newest};
    all->newest = r;
    background_begin(r->thread, (background_job){work, end, r});
    return true;
}

static running *find(const app *a, bool page) {
    running *r = works_errands(a->works)->newest;
    while (r && (r->given_up || r->of.page != page)) r = r->next;
    return r;
}

const char *errand_under_way(const app *a, bool page, double *done) {
    running *r = find(a, page);
    if (r && done) *done = background_share(r->thread);
    return r ? r->of.what : NULL;
}

bool errand_give_up(app *a, bool page) {
    running *r = find(a, page);
    if (!r) return false;
    r->given_up = true;
    background_cancel(r->thread);
    return true;
}

bool errands_collect(app *a) {
    errands *all = works_errands(a->works);
    bool any = all->newest != NULL; /* gone on by a hundredth, at least */
    for (running *r = all->newest; r; r = r->next) background_collect(r->thread);
    sweep_out(all);
    return any;
}

void errands_finish(app *a) {
    errands *all = works_errands(a->works);
    for (running *r = all->newest; r; r = r->next) background_finish(r->thread);
    sweep_out(all);
}
