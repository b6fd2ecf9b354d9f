/* prompt_models.c: see prompt_models.h. */
#include "explorer/prompts/prompt_models.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct loan {
    tab *tab;
    prompt_models *of;
    scry_prompt_options open;
    double amplify;
    scry_prompt *models;
    prompt_job job;
    scry_notes notes;
    scry_error err;
} loan;

static void begin(app *a, tab *t, prompt_models *m, const prompt_job *job);

static void run(void *own, const scry_cancel *stop) {
    loan *l = own;
    if (!l->models) l->models = scry_prompt_open(l->tab->index, &l->open, &l->notes, &l->err);
    if (l->models && !scry_cancelled(stop)) l->job.work(l->job.own, l->models, stop, &l->err);
}

static void end(app *a, void *own, bool whole) {
    loan *l = own;
    prompt_models *m = l->of;
    m->open = l->models;
    m->lent = false;
    l->job.end(a, l->tab, l->job.own, &(prompt_ending){whole, &l->notes, &l->err});
    if (m->follows) {
        m->follows = false;
        begin(a, l->tab, m, &m->next);
    }
    scry_notes_free(&l->notes);
    free(l);
}

void prompt_models_close(prompt_models *m) {
    scry_prompt_close(m->open);
    m->open = NULL;
    m->closed++;
}

static void begin(app *a, tab *t, prompt_models *m, const prompt_job *one) {
    const size_t train = scry_session_ranking(t->session)->train;
    if (m->open && (m->train != train || m->amplify < a->amplify || m->amplify > a->amplify)) prompt_models_close(m);
    m->train = train;
    m->amplify = a->amplify;
    m->lent = true;
    m->task = one->task;
    loan *l = mem_new(1, sizeof *l);
    *l = (loan){.tab = t, .of = m, .amplify = a->amplify, .models = m->open, .job = *one};
    l->open = (scry_prompt_options){.model = a->model,
                                    .tuned = a->tuned,
                                    .amplify = app_amplifies(a) ? &l->amplify : NULL,
                                    .sae = a->sae,
                                    .train = train,
                                    .threads = a->threads,
                                    .memory = a->memory};
    job e = {.page = true, .work = run, .end = end, .own = l};
    snprintf(e.what, sizeof e.what, "%s", one->what);
    while (job_cancel(a, true)) continue;
    job_begin(a, &e);
}

void prompt_models_lend(app *a, prompt_models *m, const prompt_job *one) {
    if (!m->lent) {
        begin(a, a->tab, m, one);
        return;
    }
    prompt_models_forget(a, a->tab, m);
    m->next = *one;
    m->follows = true;
    while (job_cancel(a, true)) continue;
}

bool prompt_models_wait(const prompt_models *m, prompt_task task) {
    return (m->lent && m->task == task) || (m->follows && m->next.task == task);
}

void prompt_models_forget(app *a, tab *t, prompt_models *m) {
    static const scry_notes none;
    static const scry_error fine;
    if (!m->follows) return;
    m->follows = false;
    m->next.end(a, t, m->next.own, &(prompt_ending){false, &none, &fine});
}
