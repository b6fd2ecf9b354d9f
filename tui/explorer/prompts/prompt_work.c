/* prompt_work.c: runs prompts in the background. */
#include "base/mem.h"
#include "explorer/prompts/prompt_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct work_of_prompt {
    char *text;
    bool chat;
    scry_set *ablated;
    scry_prompt_result *result;
} work_of_prompt;

static void run(void *own, scry_prompt *models, const scry_cancel *stop, scry_error *err) {
    work_of_prompt *w = own;
    scry_prompt_query query = {.text = w->text,
                               .length = strlen(w->text),
                               .chat_template = w->chat ? "auto" : NULL,
                               .next = PROMPT_PAGE_NEXT,
                               .ablated = scry_prompt_info_of(models)->can_ablate ? w->ablated : NULL};
    w->result = scry_prompt_run(models, &query, stop, err);
}

static void take_result(app *a, prompt_page_state *s, work_of_prompt *w, const scry_notes *notes) {
    bool same = s->result && s->result->tokens == w->result->tokens && strcmp(s->shown, w->text) == 0;
    scry_prompt_result_free(s->result);
    scry_set_free(s->ablated);
    free(s->shown);
    s->result = w->result;
    s->result_of = s->models.closed;
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
    if (notes->count) app_say(a, "%s", notes->text[0]);
}

static void end(app *a, tab *t, void *own, const prompt_ending *how) {
    work_of_prompt *w = own;
    prompt_page_state *s = t->prompts;
    const bool last = !s->models.follows || s->models.next.task != PROMPT_RUN;
    if (last && how->whole && w->result) take_result(a, s, w, how->notes);
    else if (last && how->whole) {
        snprintf(s->problem, sizeof s->problem, "%s", how->err->text);
        s->chat = false; /* what may have failed: R runs it as plain text */
    } else if (!s->result) snprintf(s->problem, sizeof s->problem, "cancelled; r asks again");
    scry_prompt_result_free(w->result);
    scry_set_free(w->ablated);
    free(w->text);
    free(w);
}

void prompt_work_begin(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    work_of_prompt *w = mem_new(1, sizeof *w);
    w->text = mem_copy_string(s->text);
    w->chat = s->chat;
    w->ablated = scry_set_copy(scry_session_set(a->tab->session));
    prompt_job one = {.task = PROMPT_RUN, .work = run, .end = end, .own = w};
    snprintf(one.what, sizeof one.what, "prompt %.150s", s->text);
    prompt_models_lend(a, &s->models, &one);
}
