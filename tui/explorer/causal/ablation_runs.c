/* explorer/causal/ablation_runs.c: ablations on a thread, one at a time: of a latent alone where that was asked for,
 * else of the selection. */
#include "base/mem.h"
#include "base/worker_thread.h"
#include "effects.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/sets/set_layer.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Copies of all that a run needs. */
typedef struct causal_job {
    app *a;
    tab *tab;
    scry_ablation_cache *cache;
    causal_subject of;
    scry_scope scope;
    long latent; /* alone; -1: the selection */
    bool random; /* random sets too */
    causal_figures found;
    scry_error err;
} causal_job;

struct causal_runs {
    worker_thread *thread;
    const causal_job *running; /* NULL: none that is wanted */
};

causal_runs *causal_runs_new(int bell) {
    causal_runs *r = mem_new(1, sizeof *r);
    r->thread = worker_new(bell);
    return r;
}

void causal_runs_free(causal_runs *r) {
    if (!r) return;
    worker_free(r->thread);
    free(r);
}

void causal_open(tab *t) {
    causal_state *s = t->causal = mem_new(1, sizeof *t->causal);
    s->alone = -1;
}

static void free_subject(causal_subject *s) {
    scry_set_free(s->set);
    s->set = NULL;
}

static void free_figures(causal_figures *f) {
    free_subject(&f->of);
    free(f->domain);
    scry_scope_free(&f->scope);
    scry_result_free(&f->result);
    *f = (causal_figures){0};
}

void causal_close(causal_state *s) {
    free_figures(&s->figures);
    free_subject(&s->stopped);
    scry_scorer_free(s->scorer);
    free(s->estimate);
    scry_result_free(&s->likely);
    scry_ablation_cache_free(s->cache);
    free(s);
}

scry_ablation_cache *causal_cache(app *a) {
    causal_state *s = a->tab->causal;
    if (!s->cache) {
        const scry_causal_options of = {.model = a->model, .threads = a->threads, .memory = a->memory};
        s->cache = scry_ablation_cache_new(a->tab->index, &of, 0);
    }
    return s->cache;
}

/* Correlates the differences with the change over other domains. Takes the scope. */
static void correlate(causal_figures *f, scry_ablation_cache *cache, const scry_index *index, scry_scope scope) {
    double *difference = mem_new(scope.domains, sizeof *difference);
    for (size_t d = 0; d < scope.domains; d++) difference[d] = f->domain[d].difference;
    scry_scope_free(&f->scope);
    scry_result_free(&f->result);
    f->scope = scope;
    f->statistics = false;
    scry_result_values(&f->result, index, difference, &scope);
    f->random = scry_ablation_cache_add_random(cache, f->of.set, &f->of.how, &f->result);
    free(difference);
}

static bool same_scope(const scry_scope *a, const scry_scope *b) {
    return a->train == b->train && a->is_signed == b->is_signed && a->domains == b->domains &&
           memcmp(a->use, b->use, a->domains * sizeof *a->use) == 0;
}

static void work(void *context, const scry_cancel *stop) {
    causal_job *j = context;
    causal_figures *f = &j->found;
    f->domain = mem_new(j->scope.domains, sizeof *f->domain);
    if (!scry_ablation_cache_run(j->cache, j->of.set, &j->of.how, f->domain, stop, &j->err) || j->latent >= 0) return;
    f->scope = scry_scope_copy(&j->scope);
    f->statistics = scry_ablation_cache_result(j->cache, j->of.set, &j->of.how, &j->scope, &f->result, stop);
    if (j->random &&
        !scry_ablation_cache_run_random(j->cache, j->of.set, &j->of.how, CAUSAL_RANDOM_SETS, &j->scope, stop, &j->err))
        return;
    f->random = scry_ablation_cache_add_random(j->cache, j->of.set, &j->of.how, &f->result);
}

/* On a thread of their own, runs and the threads that they start give way to frames. */
static void work_on_thread(void *context, const scry_cancel *stop) {
    enum { NICE = 10 };
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE); /* where it fails, frames are slower */
    work(context, stop);
}

/* True when it is the tab's selection, by the settings. */
static bool is_selection(const causal_subject *s, const tab *t) {
    return s->set && scry_ablation_same(&s->how, &t->causal->how) &&
           scry_set_equal(s->set, scry_session_set(t->session));
}

static void stop_running(causal_state *s, causal_stop why, const causal_subject *of) {
    free_subject(&s->stopped);
    s->stopped = (causal_subject){scry_set_copy(of->set), of->how};
    s->stop = why;
    s->asked = false;
}

/* The words of an error; the index that is open need not be named. */
static void take_error(const causal_job *j, char *out, size_t size) {
    snprintf(out, size, "%s", text_without_path(j->err.text, j->tab->info->path));
}

/* The estimate is of latents that are removed, with the SAE's error kept. */
static bool has_estimates(const scry_ablation *how) {
    return how->value == SCRY_VALUE_ZERO && how->scale == 0 && !how->drop_error;
}

/* The session's score abl is anchored at what was run last. */
static void anchor_at(tab *t, const causal_figures *f) {
    if (!has_estimates(&f->of.how)) return;
    size_t D = t->info->domains;
    double *exact = mem_new(D, sizeof *exact);
    for (size_t d = 0; d < D; d++) exact[d] = f->domain[d].difference;
    scry_anchor *anchor = scry_anchor_new(f->of.set, exact, D);
    scry_session_set_anchor(t->session, anchor);
    scry_anchor_free(anchor);
    free(exact);
}

static void take_selection(causal_job *j) {
    causal_state *s = j->tab->causal;
    if (!is_selection(&j->of, j->tab)) return;
    s->asked = false;
    s->random = s->random && !j->random && !j->err.status;
    if (j->err.status) {
        stop_running(s, CAUSAL_FAILED, &j->of);
        take_error(j, s->error, sizeof s->error);
        return;
    }
    free_figures(&s->figures);
    s->figures = j->found;
    s->figures.of = j->of;
    j->found = (causal_figures){0};
    j->of.set = NULL;
    anchor_at(j->tab, &s->figures);
    s->seen_version = 0; /* other domains may take part by now */
}

static void take_alone(causal_job *j) {
    causal_state *s = j->tab->causal;
    if (s->alone == j->latent) s->alone = -1;
    take_error(j, s->alone_error, sizeof s->alone_error);
}

static void end(void *context, bool whole) {
    causal_job *j = context;
    if (j->a->causal_runs->running == j) j->a->causal_runs->running = NULL;
    j->tab->causal->runs++;
    if (whole && j->latent >= 0) take_alone(j);
    else if (whole) take_selection(j);
    free_figures(&j->found);
    free_subject(&j->of);
    scry_scope_free(&j->scope);
    free(j);
}

bool causal_is_stopped(const app *a, causal_stop *why) {
    const causal_state *s = a->tab->causal;
    *why = s->stop;
    return is_selection(&s->stopped, a->tab);
}

/* True when the selection is to be run, or its statistics to be computed. */
static bool is_wanted(app *a) {
    causal_state *s = a->tab->causal;
    causal_stop why;
    if (!s->on || !a->tab->info->domains) return false;
    causal_refresh(a);
    if (causal_is_fresh(a)) return !s->figures.statistics || s->random;
    return s->asked || (!s->manual && !causal_is_stopped(a, &why));
}

/* The same, and the pane is in sight: only then is it begun. */
static bool selection_is_due(app *a) {
    return !a->layer && a->layout.pane[PANE_DOMAINS].rows && is_wanted(a);
}

/* Cancels a run for which nobody waits any more. */
static void drop_outdated(app *a) {
    causal_runs *r = a->causal_runs;
    const causal_job *j = r->running;
    if (!j) return;
    bool wanted = j->latent >= 0 ? a->tab->causal->alone == j->latent : is_selection(&j->of, a->tab) && is_wanted(a);
    if (wanted && j->tab == a->tab) return;
    if (j->random) j->tab->causal->random = false; /* asked for of another set */
    worker_cancel(r->thread);
    r->running = NULL;
}

bool causal_runs_due(app *a) {
    drop_outdated(a);
    return !a->causal_runs->running && (a->tab->causal->alone >= 0 || selection_is_due(a));
}

static causal_job *new_job(app *a) {
    causal_state *s = a->tab->causal;
    const scry_session *session = a->tab->session;
    causal_job *j = mem_new(1, sizeof *j);
    *j = (causal_job){.a = a,
                      .tab = a->tab,
                      .cache = causal_cache(a),
                      .of.how = s->how,
                      .scope = scry_scope_copy(scry_session_scope(session)),
                      .latent = s->alone,
                      .random = s->random && s->alone < 0};
    j->of.set = s->alone >= 0 ? scry_set_new(a->tab->info->d_sae) : scry_set_copy(scry_session_set(session));
    if (s->alone >= 0) scry_set_put(j->of.set, (uint32_t)s->alone, true);
    a->causal_runs->running = j;
    return j;
}

void causal_runs_begin(app *a) {
    if (causal_runs_due(a)) worker_begin(a->causal_runs->thread, (worker_job){work_on_thread, end, new_job(a)});
}

bool causal_runs_collect(app *a) {
    bool was_running = a->causal_runs->running != NULL; /* its progress has changed by 1 % or more */
    return worker_collect(a->causal_runs->thread) || was_running;
}

bool causal_runs_current(app *a) {
    return !a->causal_runs->running && !causal_runs_due(a);
}

void causal_runs_cancel(app *a) {
    worker_cancel(a->causal_runs->thread);
    worker_finish(a->causal_runs->thread);
    a->causal_runs->running = NULL;
}

void causal_runs_finish(app *a) {
    worker_finish(a->causal_runs->thread);
    while (causal_runs_due(a)) {
        causal_job *j = new_job(a);
        work(j, NULL);
        end(j, true);
    }
}

/* The scorer of the selection around the session's anchor. */
static scry_scorer *scorer_of(app *a) {
    causal_state *s = a->tab->causal;
    const scry_index *index = a->tab->index;
    if (s->scorer && s->columns != scry_effects_version(index)) {
        scry_scorer_free(s->scorer);
        s->scorer = NULL;
    }
    if (!s->scorer) s->scorer = scry_scorer_new(index, SCRY_ABL);
    s->columns = scry_effects_version(index);
    scry_scorer_set_anchor(s->scorer, scry_session_anchor(a->tab->session));
    scry_scorer_load(s->scorer, scry_session_set(a->tab->session));
    return s->scorer;
}

/* Estimates, where the figures are of another set and the index has what it takes. */
static void estimate(app *a) {
    causal_state *s = a->tab->causal;
    size_t D = a->tab->info->domains;
    s->estimated = !is_selection(&s->figures.of, a->tab) && has_estimates(&s->how) &&
                   scry_session_anchor(a->tab->session) && scry_has_score(a->tab->index, SCRY_ABL);
    if (!s->estimated) return;
    scry_error err = {0}; /* of a damaged file the anchor has no name */
    if (!a->tab->sets->kept) a->tab->sets->kept = scry_named_sets_open(a->tab->index, &err);
    const scry_scorer *scorer = scorer_of(a);
    if (!s->estimate) s->estimate = mem_new(D, sizeof *s->estimate);
    for (size_t d = 0; d < D; d++) s->estimate[d] = scry_scorer_value(scorer, d);
    scry_result_free(&s->likely);
    scry_result_values(&s->likely, a->tab->index, s->estimate, scry_session_scope(a->tab->session));
}

scry_domain_effect causal_shown(const app *a, size_t d) {
    const causal_state *s = a->tab->causal;
    scry_domain_effect e = {NAN, NAN, NAN, NAN, NAN, NAN};
    if (!s->estimated) return s->figures.domain ? s->figures.domain[d] : e;
    if (s->figures.domain) e.loss = s->figures.domain[d].loss, e.accuracy = s->figures.domain[d].accuracy;
    e.difference = s->estimate[d];
    e.loss_ablated = e.loss + e.difference;
    return e;
}

void causal_refresh(app *a) {
    causal_state *s = a->tab->causal;
    uint64_t version = scry_session_version(a->tab->session);
    if (s->seen_version == version && s->seen_runs == s->runs && scry_ablation_same(&s->seen_how, &s->how)) return;
    s->seen_version = version;
    s->seen_runs = s->runs;
    s->seen_how = s->how;
    const scry_set *set = scry_session_set(a->tab->session);
    const scry_scope *scope = scry_session_scope(a->tab->session);
    causal_figures *f = &s->figures;
    if (!is_selection(&f->of, a->tab)) {
        scry_domain_effect *found = mem_new(scope->domains, sizeof *found);
        if (scry_ablation_cache_find(causal_cache(a), set, &s->how, found)) {
            free_figures(f);
            *f = (causal_figures){.of = {scry_set_copy(set), s->how}, .domain = found};
        } else {
            free(found);
        }
    }
    if (f->of.set && (!f->scope.use || !same_scope(&f->scope, scope)))
        correlate(f, causal_cache(a), a->tab->index, scry_scope_copy(scope));
    estimate(a);
}

bool causal_is_fresh(const app *a) {
    return is_selection(&a->tab->causal->figures.of, a->tab);
}

bool causal_is_running(const app *a, long latent, double *done, bool *opening) {
    const causal_job *j = a->causal_runs->running;
    if (!j || j->tab != a->tab || j->latent != latent) return false;
    if (done) *done = worker_progress(a->causal_runs->thread);
    if (opening) *opening = !scry_ablation_cache_is_open(j->cache);
    return true;
}

bool causal_alone(app *a, uint32_t latent, scry_domain_effect *out) {
    scry_set *set = scry_set_new(a->tab->info->d_sae);
    scry_set_put(set, latent, true);
    bool found = scry_ablation_cache_find(causal_cache(a), set, &a->tab->causal->how, out);
    scry_set_free(set);
    return found;
}

void causal_run_alone(app *a, uint32_t latent) {
    a->tab->causal->alone = (long)latent;
    a->tab->causal->alone_error[0] = 0;
}

void causal_retry(app *a) {
    free_subject(&a->tab->causal->stopped);
}

void causal_run(app *a) {
    a->tab->causal->asked = true;
    causal_retry(a);
}

void causal_run_random(app *a) {
    a->tab->causal->random = true;
    causal_run(a);
}

bool causal_give_up(app *a) {
    causal_runs *r = a->causal_runs;
    causal_state *s = a->tab->causal;
    const causal_job *j = r->running;
    if (!j || j->tab != a->tab) return false;
    if (j->latent >= 0) s->alone = -1;
    else if (!j->random || !causal_is_fresh(a)) stop_running(s, CAUSAL_GIVEN_UP, &j->of);
    s->random = s->random && j->latent >= 0;
    worker_cancel(r->thread);
    r->running = NULL;
    return true;
}
