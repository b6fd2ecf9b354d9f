/* explorer/async_results.c: the explorer's background work. */
#include "explorer/async_results.h"
#include "rho_context.h"
#include "base/mem.h"
#include "base/worker_thread.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/jobs.h"
#include "explorer/panes/chart_page.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct plot_job {
    app *a;
    tab *tab;
    chart_request *ask;
    chart_data *data;
    _Atomic(chart_data *) part; /* what there is so far, until the main thread takes it */
} plot_job;

struct async_results {
    int bell[2];
    worker_thread *statistics, *plot, *baseline; /* a long plot does not hold up rho */
    const scry_session *session;                 /* whose statistics are being computed; NULL: none */
    uint64_t version;                            /* and of which state */
    const scry_session *compared;                /* whose best baseline is being found; NULL: none */
    uint64_t compared_key;                       /* and of which state */
    plot_job *plotting;                          /* the plot that is being computed; NULL: none */
    const command *later;                        /* runs when all results are ready; NULL: none */
    char argument[TEXT_MOST];
};

async_results *async_new(void) {
    async_results *w = mem_new(1, sizeof *w);
    if (pipe2(w->bell, O_CLOEXEC | O_NONBLOCK) != 0) abort();
    w->statistics = worker_new(w->bell[1]);
    w->plot = worker_new(w->bell[1]);
    w->baseline = worker_new(w->bell[1]);
    return w;
}

void async_free(async_results *w) {
    if (!w) return;
    worker_cancel(w->plot);
    worker_cancel(w->baseline);
    worker_free(w->statistics);
    worker_free(w->plot);
    worker_free(w->baseline);
    close(w->bell[0]);
    close(w->bell[1]);
    free(w);
}

int async_wake_fd(const async_results *w) {
    return w->bell[0];
}

int async_bell(const async_results *w) {
    return w->bell[1];
}

typedef struct statistics_job {
    app *a;
    scry_session *session;
    uint64_t version;
    const scry_index *index;
    scry_score score;
    scry_scope scope; /* copies */
    scry_set *set, *untouched;
    scry_anchor *anchor;
    scry_result result;
} statistics_job;

static void statistics_work(void *context, const scry_cancel *stop) {
    statistics_job *j = context;
    scry_scorer *scorer = scry_scorer_new(j->index, j->score);
    scry_scorer_set_anchor(scorer, j->anchor);
    scry_scorer_load(scorer, j->set);
    scry_result_fit(&j->result, j->index, scorer, &j->scope);
    scry_scorer_free(scorer);
    scry_result_finish(&j->result, j->index, j->score, j->set, j->untouched, &j->scope, stop);
}

static void statistics_end(void *context, bool whole) {
    statistics_job *j = context;
    async_results *w = j->a->async;
    if (whole) scry_session_take_statistics(j->session, j->version, &j->result);
    if (w->session == j->session && w->version == j->version) w->session = NULL;
    scry_result_free(&j->result);
    scry_scope_free(&j->scope);
    scry_set_free(j->set);
    scry_set_free(j->untouched);
    scry_anchor_free(j->anchor);
    free(j);
}

static void begin_statistics(app *a) {
    scry_session *s = a->tab->session;
    statistics_job *j = mem_new(1, sizeof *j);
    *j = (statistics_job){.a = a,
                          .session = s,
                          .version = scry_session_version(s),
                          .index = a->tab->index,
                          .score = scry_session_score(s),
                          .scope = scry_scope_copy(scry_session_scope(s)),
                          .set = scry_set_copy(scry_session_set(s)),
                          .untouched = scry_session_untouched(s),
                          .anchor = scry_anchor_copy(scry_session_anchor(s))};
    a->async->session = s;
    a->async->version = j->version;
    worker_begin(a->async->statistics, (worker_job){statistics_work, statistics_end, j});
}

static bool statistics_due(app *a) {
    async_results *w = a->async;
    scry_session *s = a->tab->session;
    bool ready = scry_session_statistics_ready(s), same = w->session == s && w->version == scry_session_version(s);
    if (w->session && (ready || !same)) {
        worker_cancel(w->statistics);
        w->session = NULL;
    }
    return !ready && !w->session;
}

typedef struct baseline_job {
    app *a;
    scry_session *session;
    uint64_t key;
    const scry_index *index;
    scry_condition source;
    uint32_t top;
    scry_scope scope; /* a copy */
    scry_best_baseline found;
} baseline_job;

static void baseline_work(void *context, const scry_cancel *stop) {
    baseline_job *j = context;
    scry_best_baseline_find(&j->found, j->index, j->source, j->top, &j->scope, 0, stop);
}

static void baseline_end(void *context, bool whole) {
    baseline_job *j = context;
    async_results *w = j->a->async;
    if (whole) scry_session_take_baseline(j->session, j->key, &j->found);
    if (w->compared == j->session && w->compared_key == j->key) w->compared = NULL;
    scry_scope_free(&j->scope);
    free(j);
}

static void begin_baseline(app *a) {
    scry_session *s = a->tab->session;
    baseline_job *j = mem_new(1, sizeof *j);
    *j = (baseline_job){.a = a,
                        .session = s,
                        .key = scry_session_baseline_key(s),
                        .index = a->tab->index,
                        .source = scry_session_ranking(s)->source,
                        .top = scry_session_n(s),
                        .scope = scry_scope_copy(scry_session_scope(s))};
    a->async->compared = s;
    a->async->compared_key = j->key;
    worker_begin(a->async->baseline, (worker_job){baseline_work, baseline_end, j});
}

static bool baseline_due(app *a) {
    async_results *w = a->async;
    scry_session *s = a->tab->session;
    bool ready = scry_session_baseline(s) != NULL;
    bool same = w->compared == s && w->compared_key == scry_session_baseline_key(s);
    if (w->compared && (ready || !same)) {
        worker_cancel(w->baseline);
        w->compared = NULL;
    }
    return !ready && !w->compared;
}

static void keep_part(void *context, chart_data *part) {
    plot_job *j = context;
    chart_data_free(atomic_exchange(&j->part, part));
}

static bool collect_part(async_results *w) {
    plot_job *j = w->plotting;
    chart_data *part = j ? atomic_exchange(&j->part, NULL) : NULL;
    if (part) chart_page_take_part(j->tab, j->ask, part);
    return part != NULL;
}

/* The plot that is being computed is no longer wanted, or there. */
static void forget_plot(async_results *w) {
    if (w->plotting) chart_page_take_part(w->plotting->tab, NULL, NULL);
    w->plotting = NULL;
}

static void plot_work(void *context, const scry_cancel *stop) {
    plot_job *j = context;
    j->data = chart_compute(j->ask, stop);
}

static void plot_end(void *context, bool whole) {
    plot_job *j = context;
    if (j->a->async->plotting == j) forget_plot(j->a->async);
    chart_data_free(atomic_exchange(&j->part, NULL));
    if (whole && j->data) {
        chart_page_take(j->tab, j->ask, j->data);
    } else {
        chart_request_free(j->ask);
        chart_data_free(j->data);
    }
    free(j);
}

static void begin_plot(app *a, chart_request *ask) {
    plot_job *j = mem_new(1, sizeof *j);
    j->a = a;
    j->tab = a->tab;
    j->ask = ask;
    ask->take_part = keep_part;
    ask->context = j;
    a->async->plotting = j;
    worker_begin(a->async->plot, (worker_job){plot_work, plot_end, j});
}

/* The request that the plot needs and that is not being computed; NULL: none. */
static chart_request *plot_due(app *a) {
    async_results *w = a->async;
    chart_request *need = chart_page_request(a);
    bool same = need && w->plotting && chart_request_same(need, w->plotting->ask);
    if (w->plotting && !same) {
        worker_cancel(w->plot);
        forget_plot(w);
    }
    if (!same) return need;
    chart_request_free(need);
    return NULL;
}

bool async_is_due(app *a) {
    if (!a->layer || !a->layer->waits_for_job) job_cancel(a, true);
    chart_request *need = plot_due(a);
    bool due = need != NULL;
    chart_request_free(need);
    bool statistics = statistics_due(a), baseline = baseline_due(a), causal = causal_runs_due(a);
    return statistics || baseline || causal || due;
}

void async_begin(app *a) {
    if (statistics_due(a)) begin_statistics(a);
    if (baseline_due(a)) begin_baseline(a);
    causal_runs_begin(a);
    chart_request *need = plot_due(a);
    if (need) begin_plot(a, need);
}

bool async_is_current(app *a) {
    chart_request *need = chart_page_request(a);
    const scry_session *s = a->tab->session;
    bool ready = !need && scry_session_statistics_ready(s) && scry_session_baseline(s) && causal_runs_current(a) &&
                 !job_running(a, true, NULL);
    chart_request_free(need);
    return ready;
}

static bool do_later(app *a) {
    const command *c = a->async->later;
    if (!c || !async_is_current(a)) return false;
    char argument[TEXT_MOST];
    snprintf(argument, sizeof argument, "%s", a->async->argument);
    a->async->later = NULL;
    bool before = a->overwrites;
    a->overwrites = true; /* that was asked before it waited */
    a->functions[c - commands](a, argument);
    a->overwrites = before;
    return true;
}

bool async_collect(app *a) {
    char rung[64];
    while (read(a->async->bell[0], rung, sizeof rung) > 0) continue;
    bool any = worker_collect(a->async->statistics);
    any = collect_part(a->async) || any;
    any = worker_collect(a->async->plot) || any;
    any = worker_collect(a->async->baseline) || any;
    any = causal_runs_collect(a) || any;
    any = jobs_collect(a) || any;
    return do_later(a) || any;
}

bool async_run_when_ready(app *a, const char *name, const char *argument) {
    async_results *w = a->async;
    if (!jobs_use_threads_now(a) || async_is_current(a)) return false;
    w->later = command_find(name);
    snprintf(w->argument, sizeof w->argument, "%s", argument);
    app_say(a, "%s is written once all numbers are ready; Esc cancels", argument);
    return true;
}

bool async_drop_waiting(app *a) {
    bool had = a->async->later != NULL;
    if (had) app_say(a, "%s: cancelled", a->async->argument);
    a->async->later = NULL;
    return had;
}

void async_cancel_all(app *a) {
    async_results *w = a->async;
    w->later = NULL;
    worker_cancel(w->statistics);
    worker_cancel(w->plot);
    worker_cancel(w->baseline);
    while (job_cancel(a, true) || job_cancel(a, false)) continue;
    worker_finish(w->statistics);
    worker_finish(w->plot);
    worker_finish(w->baseline);
    causal_runs_cancel(a);
    jobs_finish(a);
    w->session = NULL;
    w->compared = NULL;
    forget_plot(w);
}

void async_finish_all(app *a) {
    jobs_finish(a);
    scry_session_statistics(a->tab->session);
    scry_session_find_baseline(a->tab->session);
    causal_runs_finish(a);
    chart_page_finish(a);
}
