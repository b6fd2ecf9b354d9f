/* continue_work.c: has the models go on from a text in the background. After each token a copy of what was said waits
 * for the page. */
#include "base/mem.h"
#include "base/worker_thread.h"
#include "explorer/prompts/continue_page.h"
#include "explorer/prompts/prompt_page.h"
#include "shell/steering.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct continue_work {
    const scry_index *index;
    size_t train;
    int bell;
    char *text;
    bool chat;
    continue_settings set;
    scry_set *ablated;
    double amplify;
    _Atomic(spoken *) part; /* what has been said so far, until the page takes it */
} continue_work;

/* Shows what has been said. */
static void publish(continue_work *w, const scry_continuation *said, const scry_prompt *models) {
    spoken_free(atomic_exchange(&w->part, spoken_of(said, models)));
    worker_ring(w->bell);
}

static void run(void *own, scry_prompt *models, const scry_cancel *stop, scry_error *err) {
    continue_work *w = own;
    float *direction = NULL;
    bool more = true;
    for (size_t i = 0; i < w->set.steers; i++) {
        if (!w->set.lens[i]) continue;
        if (!direction && !(direction = steering_lens(w->index, w->train, models, stop, err))) return;
        w->set.steering[i].direction = direction;
    }
    const scry_continuation_query query = {
        .prompt = {.text = w->text,
                   .length = strlen(w->text),
                   .chat_template = w->chat ? "auto" : NULL,
                   .next = 1,
                   .ablated = scry_prompt_info_of(models)->can_ablate ? w->ablated : NULL},
        .steering = w->set.steering,
        .steering_count = w->set.steers,
        .tokens = w->set.tokens,
        .temperature = w->set.temperature,
        .seed = w->set.seed};
    scry_continuation *said = scry_continue_begin(models, &query, stop, err);
    if (said) publish(w, said, models);
    while (said && more && scry_continue_next(said, &more, stop, err)) publish(w, said, models);
    scry_continue_end(said);
    free(direction);
}

static void take(continue_page_state *s, continue_work *w) {
    spoken *part = atomic_exchange(&w->part, NULL);
    if (!part) return;
    spoken_free(s->said);
    s->said = part;
}

static void end(app *a, tab *t, void *own, const prompt_ending *how) {
    continue_work *w = own;
    continue_page_state *s = t->prompts->continues;
    if (s->running == w) {
        take(s, w);
        s->running = NULL;
        s->stopped = !how->whole;
        if (how->whole && how->err->status && s->said) app_fail(a, "%s", how->err->text);
        else if (how->whole && how->err->status) snprintf(s->problem, sizeof s->problem, "%s", how->err->text);
        else if (how->whole && how->notes->count) app_say(a, "%s", how->notes->text[0]);
    }
    spoken_free(atomic_exchange(&w->part, NULL));
    scry_set_free(w->ablated);
    free(w->text);
    free(w);
}

void continue_work_collect(app *a) {
    continue_page_state *s = continue_page_of(a);
    if (s->running) take(s, s->running);
}

/* From here on the page is of this work. */
static void clear_page(continue_page_state *s, const continue_work *w) {
    spoken_free(s->said);
    scry_set_free(s->ablated);
    free(s->text);
    s->said = NULL;
    s->ablated = scry_set_copy(w->ablated);
    s->text = mem_copy_string(w->text);
    s->chat = w->chat;
    s->of = w->set;
    s->amplify = w->amplify;
    s->problem[0] = 0;
    s->stopped = false;
    s->follows = true;
    s->top = 0;
}

void continue_work_begin(app *a) {
    prompt_page_state *p = prompt_page_of(a);
    continue_page_state *s = p->continues;
    continue_work *w = mem_new(1, sizeof *w);
    *w = (continue_work){.index = a->tab->index,
                         .train = scry_session_ranking(a->tab->session)->train,
                         .bell = jobs_bell(a),
                         .text = mem_copy_string(p->text),
                         .chat = p->chat,
                         .set = s->set,
                         .ablated = scry_set_copy(scry_session_set(a->tab->session)),
                         .amplify = a->amplify};
    clear_page(s, w);
    s->running = w;
    prompt_job one = {.task = PROMPT_CONTINUE, .work = run, .end = end, .own = w};
    snprintf(one.what, sizeof one.what, "continue %.150s", p->text);
    prompt_models_lend(a, &p->models, &one);
}
