/* prompt_state.c: what the page of :prompt keeps, and what follows from it. */
#include "base/mem.h"
#include "explorer/prompts/continue_page.h"
#include "explorer/prompts/prompt_page.h"

#include <stdio.h>
#include <stdlib.h>

prompt_page_state *prompt_page_new(void) {
    prompt_page_state *s = mem_new(1, sizeof *s);
    s->continues = continue_page_new();
    s->pinned = -1;
    s->active_of = SIZE_MAX;
    return s;
}

void prompt_page_free(prompt_page_state *s) {
    if (!s) return;
    prompt_models_close(&s->models);
    continue_page_free(s->continues);
    scry_prompt_result_free(s->result);
    scry_set_free(s->ablated);
    free(s->text);
    free(s->shown);
    free(s->layout.place);
    free(s->active);
    free(s);
}

bool prompt_waits(const prompt_page_state *s) {
    return prompt_models_wait(&s->models, PROMPT_RUN);
}

bool prompt_has_result(const prompt_page_state *s) {
    return s->result && s->result_of == s->models.closed && !s->problem[0] && !prompt_waits(s);
}

const char *prompt_token_text(const prompt_page_state *s, uint32_t id, char room[PROMPT_ID_TEXT]) {
    const char *piece = s->models.open ? scry_prompt_piece(s->models.open, id) : NULL;
    snprintf(room, PROMPT_ID_TEXT, "<%u>", id);
    return piece ? piece : room;
}

bool prompt_shade(app *a, uint32_t *latent) {
    prompt_page_state *s = prompt_page_of(a);
    if (s->pinned >= 0 && s->pinned_at != app_latent(a)) s->pinned = -1; /* another was chosen in the table */
    *latent = s->pinned >= 0 ? (uint32_t)s->pinned : app_latent(a);
    if (s->pinned >= 0 || scry_prompt_peak(s->result, *latent) > 0) return true;
    *latent = s->strongest >= 0 ? (uint32_t)s->strongest : 0;
    return s->strongest >= 0;
}

void prompt_read_active(prompt_page_state *s) {
    if (s->active_of == s->token) return;
    size_t room = (size_t)(s->result->start[s->token + 1] - s->result->start[s->token]);
    free(s->active);
    s->active = mem_new(room + 1, sizeof *s->active);
    s->count = scry_prompt_strongest(s->result, s->token, room, s->active);
    s->active_of = s->token;
    s->cursor = s->list_top = 0;
}
