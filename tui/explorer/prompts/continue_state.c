/* continue_state.c: what the page of :continue keeps. */
#include "base/mem.h"
#include "explorer/prompts/continue_page.h"
#include "explorer/prompts/prompt_page.h"

#include <stdlib.h>
#include <string.h>

continue_page_state *continue_page_new(void) {
    continue_page_state *s = mem_new(1, sizeof *s);
    s->set.tokens = CONTINUE_TOKENS;
    s->set.seed = SCRY_SEED;
    return s;
}

void continue_page_free(continue_page_state *s) {
    if (!s) return;
    spoken_free(s->said);
    scry_set_free(s->ablated);
    for (int kind = 0; kind < SCRY_VOICES; kind++) free(s->layout[kind].place);
    free(s->text);
    free(s);
}

continue_page_state *continue_page_of(const app *a) {
    return prompt_page_of(a)->continues;
}

bool continue_waits(const app *a) {
    return prompt_models_wait(&prompt_page_of(a)->models, PROMPT_CONTINUE);
}

bool continue_is_current(const app *a) {
    const continue_page_state *s = continue_page_of(a);
    const prompt_page_state *p = prompt_page_of(a);
    const continue_settings *now = &s->set, *then = &s->of;
    const bool same = !(now->temperature < then->temperature || now->temperature > then->temperature ||
                        s->amplify < a->amplify || s->amplify > a->amplify) &&
                      now->tokens == then->tokens && now->seed == then->seed && strcmp(now->steer, then->steer) == 0;
    return s->said && !s->stopped && !s->problem[0] && same && p->text && strcmp(p->text, s->text) == 0 &&
           p->chat == s->chat && scry_set_equal(s->ablated, scry_session_set(a->tab->session));
}
