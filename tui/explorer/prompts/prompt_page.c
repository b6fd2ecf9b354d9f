/* prompt_page.c: the page of :prompt, its keys and its mouse. */
#include "explorer/prompts/prompt_page.h"
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/panes/view.h"
#include "terminal/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_result(const app *a) {
    return prompt_has_result(prompt_page_of(a));
}

/* The sign by which a line break is shown, in the line where none can be typed. */
#define LINE_BREAK "\xe2\x8f\x8e"

/* The caller frees it. */
static char *replaced(const char *text, const char *what, const char *by) {
    char *out = mem_new(strlen(text) * strlen(by) + 1, 1), *to = out;
    while (*text) {
        bool is = strncmp(text, what, strlen(what)) == 0;
        size_t n = is ? strlen(by) : 1;
        memcpy(to, is ? by : text, n);
        to += n;
        text += is ? strlen(what) : 1;
    }
    return out;
}

/* The line to type in, with the text of before in it. */
static command_effect ask(app *a) {
    const char *text = prompt_page_of(a)->text;
    char *line = replaced(text ? text : "", "\n", LINE_BREAK);
    command_effect effect = app_ask(a, "prompt", line);
    free(line);
    return effect;
}

/* Without a text: what was asked last is shown again; on the page another is asked for. */
command_effect do_prompt(app *a, const char *argument) {
    prompt_page_state *s = prompt_page_of(a);
    if (!*argument && (!s->text || a->layer == &layer_prompt)) return ask(a);
    a->layer = &layer_prompt;
    if (!*argument) return DID_CHANGE;
    char *text = replaced(argument, LINE_BREAK, "\n");
    free(s->text);
    s->text = text;
    prompt_work_begin(a);
    return DID_CHANGE;
}

static void move_token(app *a, move kind, long steps) {
    prompt_page_state *s = prompt_page_of(a);
    if (has_result(a)) s->token = (size_t)view_moved((long)s->token, kind, steps, 10, (long)s->result->tokens - 1);
}

static void prompt_move(app *a, move kind, long steps) {
    prompt_page_state *s = prompt_page_of(a);
    if (!has_result(a)) return;
    prompt_read_active(s);
    s->cursor = (size_t)view_moved((long)s->cursor, kind, steps, s->list_rows - 1, s->count ? (long)s->count - 1 : 0);
}

static void prompt_slide(app *a, int steps) {
    move_token(a, MOVE_STEP, steps);
}

/* To the next or previous token on which the latent fires that shades the text. */
static command_effect go_firing(app *a, int step) {
    prompt_page_state *s = prompt_page_of(a);
    uint32_t latent;
    if (!prompt_shade(a, &latent)) return app_fail(a, "no latent fires on this text");
    for (size_t t = s->token; step > 0 ? t + 1 < s->result->tokens : t > 0;) {
        t = step > 0 ? t + 1 : t - 1;
        if (!scry_prompt_counts(s->result, t) || !(scry_prompt_activation(s->result, t, latent) > 0)) continue;
        s->token = t;
        return DID_CHANGE;
    }
    return app_say(a, "latent %u fires on no %s token", latent, step > 0 ? "later" : "earlier");
}

static bool latent_under_cursor(app *a, uint32_t *latent) {
    prompt_page_state *s = prompt_page_of(a);
    prompt_read_active(s);
    if (s->cursor >= s->count) return false;
    *latent = s->active[s->cursor].latent;
    return true;
}

static command_effect go(app *a) {
    uint32_t latent;
    char words[32];
    if (!latent_under_cursor(a, &latent)) return app_say(a, "no latent fires on this token");
    snprintf(words, sizeof words, "latent %u", latent);
    a->layer = NULL;
    return app_command(a, words);
}

static command_effect toggle(app *a) {
    uint32_t latent;
    char words[32];
    if (!latent_under_cursor(a, &latent)) return app_say(a, "no latent fires on this token");
    snprintf(words, sizeof words, "toggle %u", latent);
    return app_command(a, words);
}

/* By the latent under the cursor of the list; again: by the table's, or the strongest. */
static command_effect pin(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    uint32_t latent;
    if (!latent_under_cursor(a, &latent)) return app_say(a, "no latent fires on this token");
    s->pinned = s->pinned == (int64_t)latent ? -1 : (int64_t)latent;
    s->pinned_at = app_latent(a);
    return DID_CHANGE;
}

static command_effect run_again(app *a, bool chat) {
    prompt_page_state *s = prompt_page_of(a);
    if (!s->text) return ask(a);
    s->chat = chat;
    prompt_work_begin(a);
    return DID_CHANGE;
}

/* Gives up what runs: what was there before is shown again, or the panes. */
static command_effect leave(app *a) {
    prompt_page_state *s = prompt_page_of(a);
    if (prompt_waits(s)) {
        prompt_models_forget(a, a->tab, &s->models);
        job_cancel(a, true);
        app_say(a, "prompt: cancelled");
        if (s->result) return DID_CHANGE;
    }
    a->layer = NULL;
    return DID_CHANGE;
}

static bool common_key(app *a, uint32_t key, command_effect *effect) {
    if (key == 'q' || key == 27 || key == 3) *effect = leave(a);
    else if (key == 'r') *effect = ask(a);
    else if (key == 'R') *effect = run_again(a, prompt_page_of(a)->chat);
    else if (key == 't') *effect = run_again(a, !prompt_page_of(a)->chat);
    else if (key == 'c') *effect = app_command(a, "continue");
    else return false;
    return true;
}

static bool result_key(app *a, uint32_t key, command_effect *effect) {
    if (key == 'l' || key == KEY_CODE_RIGHT) move_token(a, MOVE_STEP, 1);
    else if (key == 'h' || key == KEY_CODE_LEFT) move_token(a, MOVE_STEP, -1);
    else if (key == 'g' || key == KEY_CODE_HOME) move_token(a, MOVE_FIRST, 0);
    else if (key == 'G' || key == KEY_CODE_END) move_token(a, MOVE_LAST, 0);
    else if (key == 'j' || key == KEY_CODE_DOWN) prompt_move(a, MOVE_STEP, 1);
    else if (key == 'k' || key == KEY_CODE_UP) prompt_move(a, MOVE_STEP, -1);
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN) prompt_move(a, MOVE_PAGE, 1);
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) prompt_move(a, MOVE_PAGE, -1);
    else if (key == 'n') *effect = go_firing(a, 1);
    else if (key == 'N') *effect = go_firing(a, -1);
    else if (key == 's') *effect = pin(a);
    else if (key == ' ') *effect = toggle(a);
    else if (key == '\r' || key == '\n') *effect = go(a);
    else return false;
    return true;
}

static bool prompt_page_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    return common_key(a, key, effect) || (has_result(a) && result_key(a, key, effect));
}

static void prompt_wheel(app *a, int steps) {
    move_token(a, MOVE_STEP, steps);
}

/* On a token: the cursor. On a latent: that one; in its first columns a toggle; twice: go to it. */
static command_effect prompt_page_click(app *a, int y, int x, int clicks) {
    prompt_page_state *s = prompt_page_of(a);
    size_t place;
    if (!has_result(a)) return DID_NOTHING;
    if (y >= s->text_y && y < s->text_y + s->text_rows) {
        if (!token_layout_at(&s->layout, s->top + y - s->text_y, x - 1, &place)) return DID_NOTHING;
        s->token = s->layout.place[place].from;
        return DID_CHANGE;
    }
    size_t row = s->list_top + (size_t)(y - s->list_y);
    if (y < s->list_y || x > s->list_cols || row >= s->count) return DID_NOTHING;
    s->cursor = row;
    if (x < 3) return toggle(a);
    return clicks == 2 ? go(a) : DID_CHANGE;
}

static void prompt_page_footer(app *a, rect r) {
    const prompt_page_state *s = prompt_page_of(a);
    const bool shown = has_result(a), waits = prompt_waits(s);
    const char *const hints[][2] = {{"h l", shown ? "token" : NULL},
                                    {"j k", shown ? "latent" : NULL},
                                    {"Enter", shown ? "go to it" : NULL},
                                    {"space", shown ? "toggle" : NULL},
                                    {"c", s->text ? "continue" : NULL},
                                    {"r", waits ? NULL : "ask"},
                                    {"q", waits ? "cancel" : "back"},
                                    {"s", shown ? "shade" : NULL},
                                    {"n", shown ? "next firing" : NULL},
                                    {"t", waits || !s->text ? NULL
                                          : s->chat         ? "plain"
                                                            : "as chat"},
                                    {":", "commands"},
                                    {"?", "help"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static const char *const prompt_page_keys[][2] = {
    {"h l", "the previous, the next token (also Left Right; g G Home End: the first, the last)"},
    {"j k", "down and up the token's latents (also Down Up PgDn PgUp)"},
    {"Enter", "go to the latent in the table"},
    {"space", "toggle the latent in the selection"},
    {"s", "shade the text by the latent; again: by the table's, or the strongest"},
    {"n N", "to the next, the previous token on which the latent fires that shades the text"},
    {"c", "how the models go on from the text, side by side, token by token"},
    {"r", "ask again: type another text; \xe2\x8f\x8e stands for a line break, and Up brings earlier texts back"},
    {"R", "run the text again, without the selection as it is now"},
    {"t", "render the text as a user's message of a chat; again: plain"},
    {"q Esc", "cancel what runs; back to the panes"},
    {NULL, NULL}};

const layer layer_prompt = {.name = "prompt",
                            .draw = prompt_page_draw,
                            .key = prompt_page_key,
                            .footer = prompt_page_footer,
                            .wheel = prompt_wheel,
                            .click = prompt_page_click,
                            .move = prompt_move,
                            .slide = prompt_slide,
                            .keys = prompt_page_keys,
                            .waits_for_job = true};
