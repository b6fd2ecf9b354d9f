/* works.c: what the explorer has worked out beside its frames. */
#include "works.h"
#include "app.h"
#include "background.h"
#include "views/plots.h"
#include "views/view.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct works {
    int bell[2];
    background *company, *plot;  /* a long plot does not hold up rho */
    const scry_session *session; /* whose company is under way; NULL: none */
    uint64_t version;            /* and of which state */
    const figure_ask *ask;       /* the plot that is under way; NULL: none */
    errands *errands;            /* owned */
    const command *later;        /* is done when all is there; NULL: none */
    char argument[TEXT_MOST];
};

works *works_new(void) {
    works *w = calloc(1, sizeof *w);
    if (!w || pipe2(w->bell, O_CLOEXEC | O_NONBLOCK) != 0) abort();
    w->company = background_new(w->bell[1]);
    w->plot = background_new(w->bell[1]);
    w->errands = errands_new(w->bell[1]);
    return w;
}

void works_free(works *w) {
    if (!w) return;
    background_cancel(w->plot);
    errands_free(w->errands);
    background_free(w->company);
    background_free(w->plot);
    close(w->bell[0]);
    close(w->bell[1]);
    free(w);
}

errands *works_errands(works *w) {
    return w->errands;
}

int works_bell(const works *w) {
    return w->bell[0];
}

/* ---- company -------------------------------------------------------------------------------- */

typedef struct company_job {
    app *a;
    scry_session *session;
    uint64_t version;
    const scry_index *index;
    scry_score score;
    scry_scope scope; /* copies */
    scry_set *set;
    scry_result result;
} company_job;

static void company_work(void *context, const scry_stop *stop) {
    company_job *j = context;
    scry_scorer *scorer = scry_scorer_new(j->index, j->score);
    scry_scorer_load(scorer, j->set);
    scry_result_fit(&j->result, j->index, scorer, &j->scope);
    scry_scorer_free(scorer);
    scry_result_complete(&j->result, j->index, j->score, j->set, stop);
}

static void company_end(void *context, bool whole) {
    company_job *j = context;
    works *w = j->a->works;
    if (whole) scry_session_take_company(j->session, j->version, &j->result);
    if (w->session == j->session && w->version == j->version) w->session = NULL;
    scry_result_free(&j->result);
    scry_scope_free(&j->scope);
    scry_set_free(j->set);
    free(j);
}

static void begin_company(app *a) {
    scry_session *s = a->tab->session;
    company_job *j = calloc(1, sizeof *j);
    if (!j) abort();
    *j = (company_job){.a = a,
                       .session = s,
                       .version = scry_session_version(s),
                       .index = a->tab->index,
                       .score = scry_session_score(s),
                       .scope = scry_scope_copy(scry_session_scope(s)),
                       .set = scry_set_copy(scry_session_set(s))};
    a->works->session = s;
    a->works->version = j->version;
    background_begin(a->works->company, (background_job){company_work, company_end, j});
}

static bool company_due(app *a) {
    works *w = a->works;
    scry_session *s = a->tab->session;
    bool ready = scry_session_company_ready(s), same = w->session == s && w->version == scry_session_version(s);
    if (w->session && (ready || !same)) {
        background_cancel(w->company);
        w->session = NULL;
    }
    return !ready && !w->session;
}

/* ---- the plot ------------------------------------------------------------------------------- */

typedef struct plot_job {
    app *a;
    tab *tab;
    figure_ask *ask;
    figure_data *data;
} plot_job;

static void plot_work(void *context, const scry_stop *stop) {
    plot_job *j = context;
    j->data = figure_work(j->ask, stop);
}

static void plot_end(void *context, bool whole) {
    plot_job *j = context;
    if (j->a->works->ask == j->ask) j->a->works->ask = NULL;
    if (whole && j->data) {
        plots_take(j->tab, j->ask, j->data);
    } else {
        figure_ask_free(j->ask);
        figure_data_free(j->data);
    }
    free(j);
}

static void begin_plot(app *a, figure_ask *ask) {
    plot_job *j = calloc(1, sizeof *j);
    if (!j) abort();
    *j = (plot_job){a, a->tab, ask, NULL};
    a->works->ask = ask;
    background_begin(a->works->plot, (background_job){plot_work, plot_end, j});
}

/* What the plot needs and is not under way; NULL: nothing. */
static figure_ask *plot_due(app *a) {
    works *w = a->works;
    figure_ask *need = plots_need(a);
    bool same = need && w->ask && figure_same(need, w->ask);
    if (w->ask && !same) {
        background_cancel(w->plot);
        w->ask = NULL;
    }
    if (!same) return need;
    figure_ask_free(need);
    return NULL;
}

/* ---- all ----------------------------------------------------------------------------------- */

bool works_due(app *a) {
    if (a->layer != &layer_page) errand_give_up(a, true);
    figure_ask *need = plot_due(a);
    bool due = need != NULL;
    figure_ask_free(need);
    return company_due(a) || due;
}

void works_begin(app *a) {
    if (company_due(a)) begin_company(a);
    figure_ask *need = plot_due(a);
    if (need) begin_plot(a, need);
}

bool works_ready(app *a) {
    figure_ask *need = plots_need(a);
    bool ready = !need && scry_session_company_ready(a->tab->session) && !errand_under_way(a, true, NULL);
    figure_ask_free(need);
    return ready;
}

static bool do_later(app *a) {
    const command *c = a->works->later;
    if (!c || !works_ready(a)) return false;
    char argument[TEXT_MOST];
    snprintf(argument, sizeof argument, "%s", a->works->argument);
    a->works->later = NULL;
    c->explorer(a, argument);
    return true;
}

bool works_collect(app *a) {
    char rung[64];
    while (read(a->works->bell[0], rung, sizeof rung) > 0) continue;
    bool any = background_collect(a->works->company);
    any = background_collect(a->works->plot) || any;
    any = errands_collect(a) || any;
    return do_later(a) || any;
}

bool works_later(app *a, const char *name, const char *argument) {
    works *w = a->works;
    if (!errands_are_beside(a) || works_ready(a)) return false;
    w->later = command_find(name);
    snprintf(w->argument, sizeof w->argument, "%s", argument);
    app_say(a, "%s is written when all numbers are there; Esc gives it up", argument);
    return true;
}

bool works_forget_later(app *a) {
    bool had = a->works->later != NULL;
    if (had) app_say(a, "%s: given up", a->works->argument);
    a->works->later = NULL;
    return had;
}

void works_halt(app *a) {
    works *w = a->works;
    w->later = NULL;
    background_cancel(w->company);
    background_cancel(w->plot);
    while (errand_give_up(a, true) || errand_give_up(a, false)) continue;
    background_finish(w->company);
    background_finish(w->plot);
    errands_finish(a);
    w->session = NULL;
    w->ask = NULL;
}

void works_settle(app *a) {
    errands_finish(a);
    scry_session_company(a->tab->session);
    plots_settle(a);
}
