/* test_tui_diff.c: keys and mouse of the page of :diff, the way to it from an example, and what all texts give. */
#include "check.h"
#include "sample_app.h"

#include "columns.h"
#include "differences.h"
#include "explorer/app.h"
#include "explorer/diff/diff_page.h"
#include "explorer/latent/latent_page.h"

#include <math.h>
#include <string.h>

static void key(app *a, uint32_t k) {
    app_key(a, k);
    app_draw(a);
}

static bool at_place(const diff_page_state *s, size_t i) {
    return s->place[i].text == s->found->text && s->place[i].token == s->token;
}

static void places(app *a) {
    diff_page_state *s = diff_page_of(a);
    double most = 0;
    for (size_t t = 0; t < s->found->at.tokens; t++) most = fmax(most, s->found->kl[t]);
    check(s->found->kl[s->token] == most && at_place(s, 0), "it opens at the text's largest KL, %.3f", most);
    key(a, 'n');
    check(at_place(s, 1) && s->found->kl[s->token] <= most, "n goes to the next place");
    key(a, 'N');
    key(a, 'N');
    check(at_place(s, 0), "N back, and no further");
    key(a, 'b');
    most = 0;
    for (size_t t = 0; t + 1 < s->found->at.tokens; t++) most = fmax(most, fabs(s->found->gain[t]));
    check(s->by == SCRY_DIFF_LOSS && fabs(s->place[0].gain) == most, "b: places by loss, from %.3f", most);
    key(a, 'b');
    size_t text = s->found->text;
    key(a, 't');
    check(s->found->text == text + 1 && !s->problem[0], "t: the next text %s", s->problem);
    key(a, 'T');
    check(s->found->text == text && at_place(s, 0), "T: back, at its first place");
}

static void tokens(app *a) {
    diff_page_state *s = diff_page_of(a);
    key(a, 'G');
    check_is(s->token, s->found->at.tokens - 1, "G goes to the last token");
    key(a, 'l');
    check_is(s->token, s->found->at.tokens - 1, "l stays there");
    key(a, 'g');
    check_is(s->token, 0, "g goes to the first");
    key(a, 'l');
    check_is(s->token, 1, "l to the second");
    scry_diff_latent first[2];
    check(scry_diff_text_latents(s->found, 1, false, 2, first) == s->latents && s->latent[1].latent == first[1].latent,
          "and the latents are its own: %zu", s->latents);
    key(a, 'o');
    check(s->by_activation && fmaxf(s->latent[0].base, s->latent[0].tuned) >= fmaxf(first[0].base, first[0].tuned),
          "o: the strongest first");
    key(a, 'o');
    key(a, 'j');
    check_is(s->cursor, 1, "j goes down the latents");
    const uint32_t latent = s->latent[1].latent;
    const bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    key(a, ' ');
    check(scry_set_has(scry_session_set(a->tab->session), latent) != in, "space toggles latent %u", latent);
    key(a, '\r');
    check(!a->layer && app_latent(a) == latent, "Enter goes to it, found %u", app_latent(a));
    app_command(a, "diff");
    app_draw(a);
    check(a->layer == &layer_diff && s->token == 1, "diff shows the page as it was");
}

static void mouse(app *a) {
    diff_page_state *s = diff_page_of(a);
    const token_place *p = &s->layout.place[2];
    app_click(a, 1 + s->text_y + p->line - s->top, 1 + p->x, 1);
    app_draw(a);
    check_is(s->token, p->from, "a click on a token puts the cursor there");
    app_click(a, 1 + s->places_y + 2, s->list_x + 4, 1);
    app_draw(a);
    check(at_place(s, 2), "on a place, to it");
    app_click(a, 1 + s->list_y + 1, s->list_x + 10, 1);
    check_is(s->cursor, 1, "on a latent, there");
    const uint32_t latent = s->latent[1].latent;
    app_click(a, 1 + s->list_y + 1, s->list_x + 10, 2);
    check(!a->layer && app_latent(a) == latent, "twice: goes to latent %u, found %u", latent, app_latent(a));
}

/* From an example of another condition, too: its token under base. */
static void from_example(app *a, const char *capture) {
    diff_page_state *s = diff_page_of(a);
    scry_example e;
    app_command(a, "latent 1819");
    app_command(a, "tokens");
    if (capture) app_command(a, capture);
    app_command(a, "pane latent");
    app_draw(a);
    if (!check(latent_first_example(a, &e), "an example stands there")) return;
    key(a, 'd');
    if (!check(a->layer == &layer_diff && !s->problem[0], "d goes to the page %s", s->problem)) return;
    const scry_diff_text_place *at = &s->found->at;
    const uint64_t row = at->first + s->token - at->before;
    check(strcmp(scry_sample_at(a->tab->index, at->capture, at->sample).id,
                 scry_sample_at(a->tab->index, e.capture, e.sample).id) == 0 &&
              strcmp(scry_token(a->tab->index, at->capture, row), scry_token(a->tab->index, e.capture, e.token)) == 0,
          "at the example's token of %s: %s", a->tab->info->capture[e.capture].name,
          scry_token(a->tab->index, at->capture, row));
    check_is(a->tab->info->capture[at->capture].condition, SCRY_BASE, "of base");
    key(a, 'q');
    app_command(a, "pane table");
}

static void arguments(app *a) {
    diff_page_state *s = diff_page_of(a);
    app_command(a, "diff nothing");
    check(a->message_is_error, "a domain that there is not is refused");
    check_says(a->message, SAYS("nothing", "train", "domain"), "and says what is expected");
    app_command(a, "diff law");
    app_draw(a);
    const int group = a->tab->info->capture[s->found->at.capture].group;
    check(group >= 0 && strcmp(a->tab->info->domain[group].name, "law") == 0, "diff law: a text of law");
}

/* Of all texts: the places are those that scry_diff_run finds, but for the rounding of what is kept. */
static void all_texts(app *a) {
    diff_page_state *s = diff_page_of(a);
    scry_differences_info info;
    scry_error err = {0};
    check(!scry_differences_info_of(a->tab->index, &info), "nothing is kept before");
    const size_t text = s->found->text;
    key(a, 'c');
    check(scry_differences_info_of(a->tab->index, &info) && s->all_texts && s->found->text == text,
          "c keeps the differences of all texts with the index, and stays %s", a->message);
    double lift = NAN;
    scry_column_kl_lifts(a->tab->index, 1819, 1, &lift);
    check(lift > 0, "each latent has its KL lift: %.3f", lift);
    scry_diff_query query = {.index = a->tab->index, .all_tokens = true, .places = 30};
    scry_diff *diff = scry_diff_run(&query, NULL, NULL, &err);
    if (!check(diff && s->places == DIFF_PAGE_PLACES, "%zu places of all texts %s", s->places, err.text)) return;
    size_t wrong = 0, at = 0;
    for (size_t i = 0; i < diff->place_count; i++) { /* those in front of a capture's rows are not kept */
        const double kl = diff->place[i].kl;
        if (at < s->places && fabs(s->place[at].kl - kl) <= 2e-3 * kl) at++;
        else wrong++;
    }
    check(at >= 10 && s->place[0].kl >= s->place[at - 1].kl, "%zu of the places are those of all texts, %zu not kept",
          at, wrong);
    key(a, 'N');
    check(at_place(s, s->place_cursor), "N goes to a place of another text");
    key(a, 'c');
    bool own = s->places > 0 && !s->all_texts;
    for (size_t i = 0; i < s->places; i++) own = own && s->place[i].text == s->found->text;
    check(own, "c again: the %zu places of this text", s->places);
    key(a, 't');
    check(!s->all_texts && s->place[0].text == s->found->text, "and of the next");
    key(a, 'c');
    check(s->all_texts && s->places == DIFF_PAGE_PLACES, "c once more: of all texts");
    scry_diff_free(diff);
}

int main(void) {
    app *a = sample_app(sample_index(), 80);
    app_command(a, "diff");
    app_draw(a);
    diff_page_state *s = diff_page_of(a);
    if (!check(a->layer == &layer_diff && s->found && !s->problem[0], "the page shows a text %s", s->problem))
        return check_end();
    places(a);
    tokens(a);
    mouse(a);
    from_example(a, NULL);
    from_example(a, "sort moved");
    arguments(a);
    all_texts(a);
    app_free(a);
    return check_end();
}
