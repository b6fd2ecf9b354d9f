/* prompt_work.c: runs prompts in the background. One job of a tab runs at a time, since it has the models. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/prompts/prompt_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct work_of_prompt {
    tab *tab;
    scry_prompt_options open;
    scry_prompt *models; /* the tab's; NULL: to be opened */
    char *text;
    bool chat;
    scry_set *ablated;
    scry_prompt_result *result;
    scry_notes notes;
    scry_error err;
} work_of_prompt;

static void run(void *own, const scry_cancel *stop) {
    work_of_prompt *w = own;
    if (!w->models) w->models = scry_prompt_open(w->tab->index, &w->open, &w->notes, &w->err);
    if (!w->models || scry_cancelled(stop)) return;
    scry_prompt_query query = {.text = w->text,
                               .length = strlen(w->text),
                               .chat_template = w->chat ? "auto" : NULL,
                               .next = PROMPT_PAGE_NEXT,
                               .ablated = scry_prompt_info_of(w->models)->can_ablate ? w->ablated : NULL};
    w->result = scry_prompt_run(w->models, &query, stop, &w->err);
}

static void take_result(app *a, prompt_page_state *s, work_of_prompt *w) {
    bool same = s->result && s->result->tokens == w->result->tokens && strcmp(s->shown, w->text) == 0;
    scry_prompt_result_free(s->result);
    scry_set_free(s->ablated);
    free(s->shown);
    s->result = w->result;
    s->ablated = w->ablated;
    s->shown = w->text;
    w->result = NULL;
    w->ablated = NULL;
    w->text = NULL;
    uint32_t strongest;
    s->strongest = scry_prompt_strongest_latent(s->result, &strongest) ? (int64_t)strongest : -1;
    s->problem[0] = 0;
    if (!same) s->token = s->result->tokens - 1; /* behind it stands how the models go on */
    s->pinned = -1;
    s->top = 0;
    s->cursor = s->list_top = 0;
    s->active_of = SIZE_MAX;
    s->layout.width = 0;
    if (w->notes.count) app_say(a, "%s", w->notes.text[0]);
}

static void end(app *a, void *own, bool whole) {
    work_of_prompt *w = own;
    prompt_page_state *s = w->tab->prompts;
    s->models = w->models;
    s->waits = false;
    if (s->again) {
        s->again = false;
        tab *shown = a->tab;
        a->tab = w->tab;
        prompt_work_begin(a);
        a->tab = shown;
    } else if (whole && w->result) take_result(a, s, w);
    else if (whole) {
        snprintf(s->problem, sizeof s->problem, "%s", w->err.text);
        s->chat = false; /* what may have failed: R runs it as plain text */
    } else if (!s->result) snprintf(s->problem, sizeof s->problem, "cancelled; r asks again");
    scry_prompt_result_free(w->result);
    scry_set_free(w->ablated);
    scry_notes_free(&w->notes);
    free(w->text);
    free(w);
}

void prompt_work_begin(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    if (s->waits) { /* the job has the models: it is cancelled, and this one follows */
        s->again = true;
        while (job_cancel(a, true)) continue;
        return;
    }
    work_of_prompt *w = mem_new(1, sizeof *w);
    w->tab = a->tab;
    w->open = (scry_prompt_options){.model = a->model,
                                    .tuned = a->tuned,
                                    .sae = a->sae,
                                    .train = scry_session_ranking(a->tab->session)->train,
                                    .threads = a->threads,
                                    .memory = a->memory};
    w->models = s->models;
    w->text = mem_copy_string(s->text);
    w->chat = s->chat;
    w->ablated = scry_set_copy(scry_session_set(a->tab->session));
    s->models = NULL;
    s->waits = true;
    job e = {.page = true, .work = run, .end = end, .own = w};
    snprintf(e.what, sizeof e.what, "prompt %.150s", s->text);
    while (job_cancel(a, true)) continue;
    job_begin(a, &e);
}
