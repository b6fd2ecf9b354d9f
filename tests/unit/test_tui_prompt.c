/* test_tui_prompt.c: keys and mouse of the page of :prompt. */
#include "check.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "explorer/prompts/prompt_page.h"

#include <stdlib.h>
#include <string.h>

static void key(app *a, uint32_t k) {
    app_key(a, k);
    app_draw(a);
}

static void test_keys(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    check(a->layer == &layer_prompt && s->result && !s->problem[0], "the page shows a text %s", s->problem);
    key(a, 'G');
    check_is(s->token, s->result->tokens - 1, "G goes to the last token");
    key(a, 'l');
    check_is(s->token, s->result->tokens - 1, "l stays there");
    key(a, 'g');
    check_is(s->token, 0, "g goes to the first");
    uint32_t strongest = 0;
    scry_prompt_strongest_latent(s->result, &strongest);
    key(a, 's');
    check_is((uint64_t)s->pinned, s->active[0].latent, "s shades by the latent under the cursor");
    key(a, 'n');
    uint32_t by = 0;
    check(prompt_shade(a, &by) && (s->token == 0 || scry_prompt_activation(s->result, s->token, by) > 0),
          "n goes to a token on which it fires: %zu", s->token);
    key(a, 's');
    uint32_t first = s->active[s->cursor].latent;
    uint32_t before = scry_session_set(a->tab->session)->count;
    key(a, ' ');
    check(scry_session_set(a->tab->session)->count != before, "space toggles latent %u", first);
    key(a, 'R');
    check_is(s->result->ablated, scry_session_set(a->tab->session)->count, "R runs without the selection as it is now");
    key(a, 't');
    check_says(s->problem, SAYS("no template fits"), "t: a chat that this model has no template for");
    key(a, 'R');
    check(s->result && !s->problem[0], "R runs it as plain text again %s", s->problem);
}

static void test_mouse(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    const token_place *p = &s->layout.place[2];
    app_click(a, 1 + s->text_y + p->line - s->top, 1 + p->x, 1);
    app_draw(a);
    check_is(s->token, p->from, "a click on a token puts the cursor there");
    app_click(a, 1 + s->list_y + 1, 10, 1);
    check_is(s->cursor, 1, "a click on a latent, there");
    uint32_t latent = s->active[1].latent;
    app_click(a, 1 + s->list_y + 1, 10, 2);
    check(!a->layer && app_latent(a) == latent, "twice: goes to latent %u, found %u", latent, app_latent(a));
}

static void test_texts(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    app_command(a, "prompt one\xe2\x8f\x8etwo");
    check(s->result && strcmp(s->shown, "one\ntwo") == 0, "the sign of a line break is one: %zu bytes",
          strlen(s->shown));
    app_draw(a);
    check(s->layout.lines == 2, "and breaks the line: %d lines", s->layout.lines);
    key(a, 'r');
    check(a->prompt.then && strcmp(a->prompt.text, "one\xe2\x8f\x8etwo") == 0, "r asks with the text: \"%s\"",
          a->prompt.text);
    key(a, 27);
    key(a, 'q');
    check(!a->layer, "q goes back");
    app_command(a, "prompt");
    check(a->layer == &layer_prompt && !a->prompt.then, "prompt alone shows the page again");
    /* every size at which the explorer draws */
    for (int rows = 10; rows <= 60; rows += 7)
        for (int cols = 40; cols <= 200; cols += 23) {
            app_resize(a, rows, cols);
            app_draw(a);
            key(a, 'l');
            key(a, 'j');
        }
    check(true, "all sizes are drawn");
}

int main(void) {
    app *a = sample_app(sample_index(), 80);
    app_command(a, "prompt The answer is 12, since 3 * 4 = 12.");
    app_draw(a);
    test_keys(a);
    test_mouse(a);
    test_texts(a);
    app_free(a);
    return check_end();
}
