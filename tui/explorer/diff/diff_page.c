/* diff_page.c: the page of :diff, its keys and its mouse. */
#include "explorer/diff/diff_page.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "terminal/keys.h"

#include <stdio.h>
#include <string.h>

static bool has_text(const app *a) {
    const diff_page_state *s = diff_page_of(a);
    return s->found && !s->problem[0] && !(s->waits && s->question.keep);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The example at the top of the tokens' page, on the row of base that holds the same token. */
static bool example_question(app *a, diff_page_question *q) {
    scry_example e;
    if (a->tab->focus != PANE_LATENT || !latent_first_example(a, &e)) return false;
    const int base = scry_find_capture(a->tab->index, a->tab->info->capture[e.capture].group, SCRY_BASE);
    if (base < 0) return false;
    int64_t row = (int)e.capture == base ? (int64_t)e.token
                                         : scry_paired_row(latent_pairing(a), e.capture, e.token, (size_t)base);
    if (row < 0) return false;
    *q = (diff_page_question){.by_row = true, .capture = (size_t)base, .row = (uint64_t)row};
    return true;
}

static bool named_question(app *a, const char *name, diff_page_question *q) {
    const scry_info *info = a->tab->info;
    int group = -1 - (int)scry_session_ranking(a->tab->session)->train, capture;
    bool found = strcmp(name, "train") == 0;
    for (size_t d = 0; d < info->domains && !found; d++)
        if (strcmp(info->domain[d].name, name) == 0) group = (int)d, found = true;
    if (!found) {
        app_fail(a, "diff: found %.100s, expected train or the name of a domain", name);
        return false;
    }
    if ((capture = scry_find_capture(a->tab->index, group, SCRY_BASE)) < 0) {
        app_fail(a, "diff: %.100s has no capture of base", name);
        return false;
    }
    *q = (diff_page_question){.by_row = true, .any_row = true, .first_place = true, .capture = (size_t)capture};
    return true;
}

command_effect do_diff(app *a, const char *argument) {
    diff_page_state *s = diff_page_of(a);
    diff_page_question q = {.first_place = true};
    if (!a->tab->info->d_sae) return app_fail(a, "a study of scores alone has no texts to read");
    if (*argument && !named_question(a, argument, &q)) return DID_CHANGE;
    bool asked = *argument || example_question(a, &q);
    a->layer = &layer_diff;
    bool old = s->train != scry_session_ranking(a->tab->session)->train;
    if (asked || !s->found || old || s->problem[0]) diff_work_begin(a, &q);
    return DID_CHANGE;
}

/* ---- moving --------------------------------------------------------------------------------- */

static void move_token(app *a, move kind, long steps) {
    diff_page_state *s = diff_page_of(a);
    if (has_text(a))
        diff_page_go_token(s, (size_t)view_moved((long)s->token, kind, steps, 10, (long)s->found->at.tokens - 1));
}

static void show(app *a, size_t text, size_t token) {
    diff_page_state *s = diff_page_of(a);
    if (s->found->text == text) diff_page_go_token(s, token);
    else diff_work_begin(a, &(diff_page_question){.text = text, .token = token});
}

/* From a token that is no place: to the place that the cursor of the list is on. */
static command_effect next_place(app *a, int step) {
    diff_page_state *s = diff_page_of(a);
    if (!s->places) return app_say(a, "the models say the same everywhere here");
    const diff_page_place *now = &s->place[s->place_cursor];
    if (now->text == s->found->text && now->token == s->token)
        s->place_cursor = (size_t)view_moved((long)s->place_cursor, MOVE_STEP, step, 1, (long)s->places - 1);
    show(a, s->place[s->place_cursor].text, s->place[s->place_cursor].token);
    return DID_CHANGE;
}

static command_effect next_text(app *a, int step) {
    diff_page_state *s = diff_page_of(a);
    const size_t texts = scry_diff_reader_info_of(s->reader)->texts;
    size_t text = step > 0 ? s->found->text + 1 : s->found->text + texts - 1;
    diff_work_begin(a, &(diff_page_question){.text = text % texts, .token = SIZE_MAX});
    return DID_CHANGE;
}

static void diff_move(app *a, move kind, long steps) {
    diff_page_state *s = diff_page_of(a);
    if (!has_text(a)) return;
    int page = s->list_rows > 1 ? s->list_rows - 1 : 1;
    s->cursor = (size_t)view_moved((long)s->cursor, kind, steps, page, s->latents ? (long)s->latents - 1 : 0);
}

static void diff_slide(app *a, int steps) {
    move_token(a, MOVE_STEP, steps);
}

static void diff_wheel(app *a, int steps) {
    move_token(a, MOVE_STEP, steps);
}

/* ---- what else ------------------------------------------------------------------------------ */

static command_effect with_latent(app *a, const char *name) {
    const diff_page_state *s = diff_page_of(a);
    char words[40];
    if (s->cursor >= s->latents) return app_say(a, "no latent fires on this token");
    snprintf(words, sizeof words, "%s %u", name, s->latent[s->cursor].latent);
    return app_command(a, words);
}

static command_effect go(app *a) {
    if (diff_page_of(a)->cursor < diff_page_of(a)->latents) a->layer = NULL;
    return with_latent(a, "latent");
}

static command_effect other_order(app *a) {
    diff_page_state *s = diff_page_of(a);
    s->by = (scry_diff_by)((s->by + 1) % SCRY_DIFF_BYS);
    diff_page_list_places(a);
    return DID_CHANGE;
}

static command_effect other_latents(app *a) {
    diff_page_state *s = diff_page_of(a);
    s->by_activation = !s->by_activation;
    diff_page_go_token(s, s->token);
    return DID_CHANGE;
}

static command_effect keep(app *a) {
    const diff_page_state *s = diff_page_of(a);
    if (app_amplifies(a)) return app_fail(a, "only figures of the tuned model as it is are kept: :amplify 1 first");
    diff_work_begin(a, &(diff_page_question){.text = s->found->text, .token = s->token, .keep = true});
    return DID_CHANGE;
}

void diff_page_read_again(app *a) {
    diff_page_state *s = diff_page_of(a);
    diff_page_question q = s->question;
    if (has_text(a)) q = (diff_page_question){.text = s->found->text, .token = s->token};
    diff_work_begin(a, &q);
}

static command_effect leave(app *a) {
    diff_page_state *s = diff_page_of(a);
    if (s->waits) {
        s->again = false;
        job_cancel(a, true);
        app_say(a, "diff: cancelled");
        if (s->found) return DID_CHANGE;
    }
    a->layer = NULL;
    return DID_CHANGE;
}

static bool text_key(app *a, uint32_t key, command_effect *effect) {
    if (key == 'l' || key == KEY_CODE_RIGHT) move_token(a, MOVE_STEP, 1);
    else if (key == 'h' || key == KEY_CODE_LEFT) move_token(a, MOVE_STEP, -1);
    else if (key == 'g' || key == KEY_CODE_HOME) move_token(a, MOVE_FIRST, 0);
    else if (key == 'G' || key == KEY_CODE_END) move_token(a, MOVE_LAST, 0);
    else if (key == 'j' || key == KEY_CODE_DOWN) diff_move(a, MOVE_STEP, 1);
    else if (key == 'k' || key == KEY_CODE_UP) diff_move(a, MOVE_STEP, -1);
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN) diff_move(a, MOVE_PAGE, 1);
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) diff_move(a, MOVE_PAGE, -1);
    else if (key == 'n') *effect = next_place(a, 1);
    else if (key == 'N') *effect = next_place(a, -1);
    else if (key == 't') *effect = next_text(a, 1);
    else if (key == 'T') *effect = next_text(a, -1);
    else if (key == 'b') *effect = other_order(a);
    else if (key == 'o') *effect = other_latents(a);
    else if (key == 'c') *effect = keep(a);
    else if (key == ' ') *effect = with_latent(a, "toggle");
    else if (key == '\r' || key == '\n') *effect = go(a);
    else return false;
    return true;
}

static bool diff_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    if (key == 'q' || key == 27 || key == 3) *effect = leave(a);
    else if (key == 'r') diff_work_begin(a, &diff_page_of(a)->question);
    else return has_text(a) && text_key(a, key, effect);
    return true;
}

/* On a token: the cursor. On a place: to it. On a latent: the cursor; in its first columns a toggle; twice: go to it.
 */
static command_effect diff_click(app *a, int y, int x, int clicks) {
    diff_page_state *s = diff_page_of(a);
    size_t place;
    if (!has_text(a)) return DID_NOTHING;
    if (x < s->list_x) {
        if (y < s->text_y || y >= s->text_y + s->text_rows ||
            !token_layout_at(&s->layout, s->top + y - s->text_y, x - 1, &place))
            return DID_NOTHING;
        diff_page_go_token(s, s->layout.place[place].from);
        return DID_CHANGE;
    }
    if (y >= s->places_y && y < s->places_y + s->places_rows) {
        size_t i = s->place_top + (size_t)(y - s->places_y);
        if (i >= s->places) return DID_NOTHING;
        s->place_cursor = i;
        show(a, s->place[i].text, s->place[i].token);
        return DID_CHANGE;
    }
    size_t row = s->list_top + (size_t)(y - s->list_y);
    if (y < s->list_y || y >= s->list_y + s->list_rows || row >= s->latents) return DID_NOTHING;
    s->cursor = row;
    if (x < s->list_x + 2) return with_latent(a, "toggle");
    return clicks == 2 ? go(a) : DID_CHANGE;
}

static void diff_footer(app *a, rect r) {
    const diff_page_state *s = diff_page_of(a);
    const bool shown = has_text(a);
    const char *const hints[][2] = {{"h l", shown ? "token" : NULL},
                                    {"n N", shown ? "place" : NULL},
                                    {"t T", shown ? "text" : NULL},
                                    {"j k", shown ? "latent" : NULL},
                                    {"Enter", shown ? "go to it" : NULL},
                                    {"b", !shown                  ? NULL
                                          : s->by == SCRY_DIFF_KL ? "by loss"
                                                                  : "by KL"},
                                    {"c", shown && !s->all_texts ? "all texts" : NULL},
                                    {"q", s->waits ? "cancel" : "back"},
                                    {"r", s->waits || shown ? NULL : "read again"},
                                    {":", "commands"},
                                    {"?", "help"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static const char *const diff_keys[][2] = {
    {"h l", "the previous, the next token (also Left Right; g G Home End: the first, the last)"},
    {"n N", "to the next, the previous place: the tokens behind which the models differ most stand first"},
    {"t T", "the next, the previous text"},
    {"j k", "down and up the latents of the token (also Down Up PgDn PgUp)"},
    {"Enter", "go to the latent in the table"},
    {"space", "toggle the latent in the selection"},
    {"o", "the latents that fire most; again: those that the tuned model moved most"},
    {"b", "shade and list by the change of the loss of the token that follows; again: by KL(tuned || base)"},
    {"c", "run both models over all texts: their places, and each latent's KL lift, are kept with the index"},
    {"r", "read again, after the training set or the models have changed"},
    {"q Esc", "cancel what runs; back to the panes"},
    {NULL, NULL}};

const layer layer_diff = {.name = "diff",
                          .draw = diff_page_draw,
                          .key = diff_key,
                          .footer = diff_footer,
                          .wheel = diff_wheel,
                          .click = diff_click,
                          .move = diff_move,
                          .slide = diff_slide,
                          .keys = diff_keys,
                          .waits_for_job = true};
