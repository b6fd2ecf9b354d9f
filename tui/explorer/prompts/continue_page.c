/* continue_page.c: the page of :continue and its keys. */
#include "explorer/prompts/continue_page.h"
#include "explorer/panes/view.h"
#include "explorer/prompts/prompt_page.h"
#include "terminal/keys.h"

void continue_page_open(app *a, bool anew) {
    a->layer = &layer_continue;
    if (anew || (!continue_is_current(a) && !continue_page_of(a)->running)) continue_work_begin(a);
}

/* Stops what runs, and keeps what was said; else back to the text. */
static command_effect leave(app *a) {
    prompt_page_state *p = prompt_page_of(a);
    if (continue_waits(a) && !continue_page_of(a)->stopped) {
        continue_page_of(a)->stopped = true;
        prompt_models_forget(a, a->tab, &p->models);
        job_cancel(a, true);
        return DID_CHANGE;
    }
    a->layer = p->result || p->problem[0] ? &layer_prompt : NULL;
    return DID_CHANGE;
}

static void continue_move(app *a, move kind, long steps) {
    continue_page_state *s = continue_page_of(a);
    const long last = s->lines > s->rows ? s->lines - s->rows : 0;
    s->top = (int)view_moved(s->top, kind, steps, s->rows - 1, last);
    s->follows = s->top == last && (kind == MOVE_LAST || (kind != MOVE_FIRST && steps > 0));
}

static void continue_wheel(app *a, int steps) {
    continue_move(a, MOVE_STEP, steps);
}

static bool continue_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    if (key == 'q' || key == 27 || key == 3) *effect = leave(a);
    else if (key == 'c' || key == 'R') *effect = app_command(a, "continue");
    else if (key == 'r') *effect = app_command(a, "prompt");
    else if (key == 'j' || key == KEY_CODE_DOWN) continue_move(a, MOVE_STEP, 1);
    else if (key == 'k' || key == KEY_CODE_UP) continue_move(a, MOVE_STEP, -1);
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN) continue_move(a, MOVE_PAGE, 1);
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) continue_move(a, MOVE_PAGE, -1);
    else if (key == 'g' || key == KEY_CODE_HOME) continue_move(a, MOVE_FIRST, 0);
    else if (key == 'G' || key == KEY_CODE_END) continue_move(a, MOVE_LAST, 0);
    else return false;
    return true;
}

static void continue_footer(app *a, rect r) {
    const continue_page_state *s = continue_page_of(a);
    const char *const hints[][2] = {{"c", "start anew"},
                                    {"j k", s->said && s->lines > s->rows ? "scroll" : NULL},
                                    {"q", continue_waits(a) ? "stop" : "back"},
                                    {"r", "ask"},
                                    {":", "steer, temperature"},
                                    {"?", "help"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static const char *const continue_keys[][2] = {
    {"c R", "start anew, with the text, the selection and the settings as they are now"},
    {"j k", "scroll, where the page is too short (also Down Up PgDn PgUp g G)"},
    {"r", "type another text"},
    {":", ":continue N says N tokens; :steer 1127:4 steers base as if latent 1127 fired by 4 more, also lens:2, off"},
    {":", ":temperature T draws tokens, 0 takes the likeliest; :seed N draws others; :amplify S changes the tuned"},
    {"q Esc", "stop, and keep what was said; back to the text"},
    {NULL, NULL}};

const layer layer_continue = {.name = "continue",
                              .draw = continue_page_draw,
                              .key = continue_key,
                              .footer = continue_footer,
                              .wheel = continue_wheel,
                              .move = continue_move,
                              .keys = continue_keys,
                              .waits_for_job = true};
