/* lens_page.c: the page of :lens, its keys and its mouse. */
#include "explorer/lens/lens_page.h"
#include "explorer/jobs.h"
#include "explorer/panes/view.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_result(const app *a) {
    const lens_page_state *s = lens_page_of(a);
    return s->found && !s->waits && !s->problem[0];
}

static command_effect look(app *a) {
    lens_page_of(a)->problem[0] = 0;
    lens_work_begin(a);
    return DID_CHANGE;
}

/* Reads a source, a place, or both. */
static bool read_argument(app *a, const char *argument, scry_error *err) {
    lens_page_state *s = lens_page_of(a);
    const scry_info *info = a->tab->info;
    char word[40] = "", choices[SCRY_CHOICES];
    size_t length = strcspn(argument, " ");
    if (length < sizeof word) snprintf(word, sizeof word, "%.*s", (int)length, argument);
    int c = scry_condition_of(word);
    if (c > SCRY_BASE) {
        s->of = (scry_condition)c;
        s->asked = true;
        argument += length;
        while (*argument == ' ') argument++;
        if (!*argument) return true;
    }
    for (size_t d = 0; d < info->domains; d++)
        if (strcmp(info->domain[d].name, argument) == 0) {
            s->domain = (int)d;
            return true;
        }
    if (strcmp(argument, "train") == 0) {
        s->domain = SCRY_LENS_TRAIN;
        return true;
    }
    return scry_misuse(err, "lens: found %.100s, expected %s, then train or the name of a domain", argument,
                       scry_source_choices(choices, ""));
}

command_effect do_lens(app *a, const char *argument) {
    lens_page_state *s = lens_page_of(a);
    scry_error err = {0};
    if (!a->tab->info->d_sae) return app_fail(a, "a study of scores alone has no residuals to compare");
    if (*argument && !read_argument(a, argument, &err)) return app_fail(a, "%s", err.text);
    a->layer = &layer_lens;
    return lens_page_is_old(a) || s->problem[0] ? look(a) : DID_CHANGE;
}

/* ---- what is asked -------------------------------------------------------------------------- */

static command_effect next_source(app *a) {
    lens_page_state *s = lens_page_of(a);
    scry_lens_query q = lens_page_query(a);
    for (int step = 0; step < SCRY_CONDITIONS; step++) {
        q.of = q.of + 1 < SCRY_CONDITIONS ? (scry_condition)(q.of + 1) : SCRY_ICL;
        if (!s->lens || !scry_lens_can(s->lens, &q)) continue;
        if (q.of == s->of) break;
        s->of = q.of;
        s->asked = true;
        return look(a);
    }
    return app_say(a, "no other source was captured here");
}

/* The training set stands before the domains. A source that is not there is replaced by the first that is. */
static command_effect next_place(app *a, int step) {
    lens_page_state *s = lens_page_of(a);
    int domains = (int)a->tab->info->domains;
    s->domain += step;
    if (s->domain >= domains) s->domain = SCRY_LENS_TRAIN;
    if (s->domain < SCRY_LENS_TRAIN) s->domain = domains - 1;
    scry_lens_query q = lens_page_query(a);
    if (s->lens && !scry_lens_can(s->lens, &q)) s->asked = false;
    return look(a);
}

static command_effect other_model(app *a) {
    lens_page_state *s = lens_page_of(a);
    s->through = (scry_lens_through)((s->through + 1) % SCRY_LENS_THROUGHS);
    return look(a);
}

/* ---- moving --------------------------------------------------------------------------------- */

static void move_position(app *a, move kind, long steps) {
    lens_page_state *s = lens_page_of(a);
    if (!has_result(a)) return;
    s->row = (size_t)view_moved((long)s->row, kind, steps, 10, (long)s->found->means.count - 1);
    s->cursor = s->top = 0;
}

static void lens_move(app *a, move kind, long steps) {
    lens_page_state *s = lens_page_of(a);
    if (!has_result(a)) return;
    size_t count = lens_latent_count(s);
    int page = s->list_rows > 1 ? s->list_rows - 1 : 1;
    s->cursor = (size_t)view_moved((long)s->cursor, kind, steps, page, count ? (long)count - 1 : 0);
}

/* To the first of the opposite latents; again: of the nearest. */
static void other_side(app *a) {
    lens_page_state *s = lens_page_of(a);
    size_t near = s->found->latent_count[s->row][0];
    s->cursor = s->cursor < near && near < lens_latent_count(s) ? near : 0;
    s->top = s->cursor;
}

static void lens_slide(app *a, int steps) {
    move_position(a, MOVE_STEP, steps);
}

static command_effect with_latent(app *a, const char *name) {
    const lens_page_state *s = lens_page_of(a);
    char words[40];
    if (s->cursor >= lens_latent_count(s)) return app_say(a, "no latent is near to no difference");
    snprintf(words, sizeof words, "%s %u", name, lens_latent_at(s, s->cursor)->latent);
    return app_command(a, words);
}

static command_effect go(app *a) {
    if (lens_page_of(a)->cursor < lens_latent_count(lens_page_of(a))) a->layer = NULL;
    return with_latent(a, "latent");
}

static command_effect leave(app *a) {
    lens_page_state *s = lens_page_of(a);
    if (s->waits) {
        s->again = false;
        job_cancel(a, true);
        app_say(a, "lens: cancelled");
    }
    a->layer = NULL;
    return DID_CHANGE;
}

static bool result_key(app *a, uint32_t key, command_effect *effect) {
    if (key == 'l' || key == KEY_CODE_RIGHT) move_position(a, MOVE_STEP, 1);
    else if (key == 'h' || key == KEY_CODE_LEFT) move_position(a, MOVE_STEP, -1);
    else if (key == 'j' || key == KEY_CODE_DOWN) lens_move(a, MOVE_STEP, 1);
    else if (key == 'k' || key == KEY_CODE_UP) lens_move(a, MOVE_STEP, -1);
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN) lens_move(a, MOVE_PAGE, 1);
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) lens_move(a, MOVE_PAGE, -1);
    else if (key == 'g' || key == KEY_CODE_HOME) lens_move(a, MOVE_FIRST, 0);
    else if (key == 'G' || key == KEY_CODE_END) lens_move(a, MOVE_LAST, 0);
    else if (key == 'o') other_side(a);
    else if (key == ' ') *effect = with_latent(a, "toggle");
    else if (key == '\r' || key == '\n') *effect = go(a);
    else if (key == 't') *effect = other_model(a);
    else return false;
    return true;
}

static bool lens_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    if (key == 'q' || key == 27 || key == 3) *effect = leave(a);
    else if (key == 'n') *effect = next_place(a, 1);
    else if (key == 'N') *effect = next_place(a, -1);
    else if (key == 's') *effect = next_source(a);
    else if (key == 'r') *effect = look(a);
    else return has_result(a) && result_key(a, key, effect);
    return true;
}

static void lens_wheel(app *a, int steps) {
    lens_move(a, MOVE_STEP, steps);
}

/* On a position: that one. On a latent: the cursor; in its first columns a toggle; twice: go to it. */
static command_effect lens_click(app *a, int y, int x, int clicks) {
    lens_page_state *s = lens_page_of(a);
    if (!has_result(a)) return DID_NOTHING;
    if (y >= 2 && (size_t)(y - 2) < s->found->means.count) {
        s->row = (size_t)(y - 2);
        s->cursor = s->top = 0;
        return DID_CHANGE;
    }
    size_t row = s->top + (size_t)(y - s->list_y);
    if (y < s->list_y || y >= s->list_y + s->list_rows || x < s->list_x || row >= lens_latent_count(s))
        return DID_NOTHING;
    s->cursor = row;
    if (x < s->list_x + 2) return with_latent(a, "toggle");
    return clicks == 2 ? go(a) : DID_CHANGE;
}

static void lens_footer(app *a, rect r) {
    const lens_page_state *s = lens_page_of(a);
    const bool shown = has_result(a);
    const char *const hints[][2] = {{"h l", shown ? "position" : NULL},
                                    {"j k", shown ? "latent" : NULL},
                                    {"Enter", shown ? "go to it" : NULL},
                                    {"o", shown ? "opposite" : NULL},
                                    {"space", shown ? "toggle" : NULL},
                                    {"n N", s->waits ? NULL : "domain"},
                                    {"s", s->waits ? NULL : "source"},
                                    {"t", !shown                             ? NULL
                                          : s->through == SCRY_THROUGH_TUNED ? "base"
                                                                             : "tuned"},
                                    {"q", s->waits ? "cancel" : "back"},
                                    {"r", s->waits || shown ? NULL : "look again"},
                                    {":", "commands"},
                                    {"?", "help"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static const char *const lens_keys[][2] = {
    {"h l", "the previous, the next position of the samples (also Left Right)"},
    {"j k", "down and up the latents: the nearest, then the most opposite (also Down Up PgDn PgUp g G)"},
    {"o", "the most opposite latents; again: the nearest"},
    {"Enter", "go to the latent in the table"},
    {"space", "toggle the latent in the selection: the share follows"},
    {"n N", "the next, the previous domain; the training set stands before the first"},
    {"s", "compare the next source that was captured here, or that the models can give"},
    {"t", "tokens through the tuned model's final norm and output matrix; again: through base's"},
    {"r", "look again, after the training set or the reference has changed"},
    {"q Esc", "cancel what runs; back to the panes"},
    {NULL, NULL}};

const layer layer_lens = {.name = "lens",
                          .draw = lens_page_draw,
                          .key = lens_key,
                          .footer = lens_footer,
                          .wheel = lens_wheel,
                          .click = lens_click,
                          .move = lens_move,
                          .slide = lens_slide,
                          .keys = lens_keys,
                          .waits_for_job = true};

bool lens_page_working(const app *a) {
    const lens_page_state *s = lens_page_of(a);
    return a->layer == &layer_lens && s->behind && !s->waits;
}
