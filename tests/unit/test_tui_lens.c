/* test_tui_lens.c: keys and mouse of the page of :lens, and the share on it, which follows the selection in the same
 * frame. */
#include "check.h"
#include "sample_app.h"

#include "base/mem.h"
#include "explorer/app.h"
#include "explorer/lens/lens_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void key(app *a, uint32_t k) {
    app_key(a, k);
    app_draw(a);
}

enum { SCREEN = 1 << 16 };

/* The screen as text. The caller frees it. */
static char *screen(const app *a) {
    char *text = mem_new(SCREEN, 1);
    FILE *f = fmemopen(text, SCREEN - 1, "w");
    if (!f) abort();
    grid_write(a->grid, f, false);
    fclose(f);
    return text;
}

/* The share of the selection, made anew, stands in the row of all positions. */
static bool share_is_shown(const app *a) {
    const lens_page_state *s = lens_page_of(a);
    scry_span *span = scry_span_new(a->tab->index, NULL);
    scry_span_work(span, scry_session_set(a->tab->session), 0);
    char number[20], *text = screen(a);
    snprintf(number, sizeof number, " %.4f", scry_span_share(span, s->found->means.mean[0].mean));
    if (number[1] == '0') memmove(number + 1, number + 2, strlen(number + 1)); /* ".8943" */
    const char *row = strstr(text, "\n all ");
    const char *end = row ? strchr(row + 1, '\n') : NULL, *at = row ? strstr(row, number) : NULL;
    bool shown = at && end && at < end;
    if (!shown) check(false, "expected%s in %.80s", number, row ? row + 1 : text);
    free(text);
    scry_span_free(span);
    return shown;
}

static void shares(app *a) {
    size_t wrong = !share_is_shown(a), steps = 0;
    uint32_t before = scry_session_set(a->tab->session)->count;
    for (int i = 0; i < 6; i++, steps++) {
        key(a, ' ');
        wrong += !share_is_shown(a);
        key(a, i % 2 ? 'o' : 'j');
    }
    static const char *const words[] = {"toggle 17",   "top 3", "top 400", "undo",
                                        "choose 1-40", "top 0", "top 100", "reset"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++, steps++) {
        app_command(a, words[i]);
        app_draw(a);
        wrong += !share_is_shown(a);
    }
    check_is(wrong, 0, "the share is that of the selection after each of %zu steps, from %u latents", steps, before);
}

static void keys(app *a) {
    lens_page_state *s = lens_page_of(a);
    const scry_info *info = a->tab->info;
    key(a, 'l');
    key(a, 'l');
    check_is(s->row, 2, "l goes to a position");
    key(a, 'h');
    check_is(s->row, 1, "h back");
    check(s->found->query.of == SCRY_SFT && s->found->means.source == SCRY_LENS_CAPTURES, "sft comes first");
    key(a, 's');
    check(!s->problem[0] && s->found->query.of == SCRY_ICL, "s: the next source is icl %s", s->problem);
    key(a, 'n');
    check(!s->problem[0] && s->found->query.domain == 0 && s->found->query.of == SCRY_ICL,
          "n: the first domain, still icl");
    key(a, 's');
    check(!s->problem[0] && s->found->query.of == SCRY_SFT && s->found->means.source == SCRY_LENS_MODELS,
          "s: sft of a domain comes from the models %s", s->problem);
    key(a, 'N');
    key(a, 'N');
    check_is((uint64_t)s->found->query.domain, info->domains - 1, "N: past the training set, the last domain");
    key(a, 'n');
    check(s->found->query.domain == SCRY_LENS_TRAIN, "n: the training set again");
    char first[40];
    snprintf(first, sizeof first, "%u", s->found->tokens[0][SCRY_PROMOTED][0].id);
    key(a, 't');
    check(s->found->through == SCRY_THROUGH_TUNED && s->found->tokens[0][SCRY_PROMOTED][0].id == 1931,
          "t: tokens through the tuned model begin with %u, before with %s", s->found->tokens[0][SCRY_PROMOTED][0].id,
          first);
    key(a, 't');
    key(a, 'o');
    check_is(s->cursor, s->found->latent_count[0][0], "o: the most opposite latents");
    uint32_t latent = lens_latent_at(s, s->cursor)->latent;
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    key(a, ' ');
    check(scry_set_has(scry_session_set(a->tab->session), latent) != in, "space toggles it");
    key(a, '\r');
    check(!a->layer && app_latent(a) == latent, "Enter goes to latent %u, found %u", latent, app_latent(a));
    app_command(a, "lens");
    app_draw(a);
    check(a->layer == &layer_lens && s->found, "lens shows the page again");
}

static void mouse(app *a) {
    lens_page_state *s = lens_page_of(a);
    app_click(a, 1 + 2 + 3, 10, 1);
    app_draw(a);
    check_is(s->row, 3, "a click on a position puts the cursor there");
    app_click(a, 1 + s->list_y + 2, s->list_x + 10, 1);
    app_draw(a);
    check_is(s->cursor, 2, "a click on a latent, there");
    uint32_t latent = lens_latent_at(s, 2)->latent;
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    app_click(a, 1 + s->list_y + 2, s->list_x, 1);
    check(scry_set_has(scry_session_set(a->tab->session), latent) != in, "in its first columns: a toggle");
    app_click(a, 1 + s->list_y + 2, s->list_x + 10, 2);
    check(!a->layer && app_latent(a) == latent, "twice: goes to it");
}

static void arguments(app *a) {
    lens_page_state *s = lens_page_of(a);
    app_command(a, "lens nothing");
    check(a->message_is_error, "a source or place that there is not is refused");
    check_says(a->message, SAYS("nothing", "icl", "train"), "and the choices named");
    app_command(a, "lens icl math");
    app_draw(a);
    check(s->found->query.of == SCRY_ICL && s->found->query.domain >= 0 && !s->problem[0], "a source and a domain");
    app_command(a, "lens train");
    app_draw(a);
    check(s->found->query.of == SCRY_ICL && s->found->query.domain == SCRY_LENS_TRAIN,
          "a place alone keeps the source");
    app_command(a, "lens rl");
    app_draw(a);
    check_says(s->problem, SAYS("rl", "not captured"), "what was not captured");
    char *text = screen(a);
    check_says(text, SAYS("rl"), "stands on the page");
    free(text);
    key(a, 'q');
    check(!a->layer, "q goes back to the panes");
    app_command(a, "lens sft");
    app_draw(a);
    check(!s->problem[0] && s->found->query.of == SCRY_SFT, "and another source is looked at %s", s->problem);
}

int main(void) {
    app *a = sample_app(sample_index(), 80);
    app_command(a, "lens");
    app_draw(a);
    lens_page_state *s = lens_page_of(a);
    check(a->layer == &layer_lens && s->found && !s->problem[0], "the page shows a difference %s", s->problem);
    shares(a);
    keys(a);
    mouse(a);
    arguments(a);
    app_free(a);
    return check_end();
}
