/* move.c: commands that move, in the pane that has the keys. */
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect move_focus(app *a, move kind, long steps) {
    views[a->focus]->move(a, kind, steps);
    return DID_CHANGE;
}

static long steps_of(const char *argument) {
    long n = strtol(argument, NULL, 10);
    return n > 0 ? n : 1;
}

command_effect do_down(app *a, const char *argument) {
    return move_focus(a, MOVE_STEP, steps_of(argument));
}
command_effect do_up(app *a, const char *argument) {
    return move_focus(a, MOVE_STEP, -steps_of(argument));
}
command_effect do_page_down(app *a, const char *argument) {
    return move_focus(a, MOVE_PAGE, steps_of(argument));
}
command_effect do_page_up(app *a, const char *argument) {
    return move_focus(a, MOVE_PAGE, -steps_of(argument));
}
command_effect do_first(app *a, const char *argument) {
    (void)argument;
    return move_focus(a, MOVE_FIRST, 0);
}
command_effect do_last(app *a, const char *argument) {
    (void)argument;
    return move_focus(a, MOVE_LAST, 0);
}

command_effect do_latent(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "latent", "");
    char *end;
    unsigned long long latent = strtoull(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end || latent >= a->info->d_sae)
        return app_fail(a, "latent \"%s\": expected a number from 0 to %u", argument, a->info->d_sae - 1);
    table_go(a, (uint32_t)latent);
    return DID_CHANGE;
}

static command_effect find(app *a, int direction, bool from_here) {
    if (!a->search[0]) return app_fail(a, "nothing to search for yet; / begins");
    int row = table_search(a, a->search, direction, from_here);
    if (row < 0) return app_fail(a, "\"%s\" is in no label, key token or number", a->search);
    table_go_row(a, (uint32_t)row);
    return DID_CHANGE;
}

command_effect do_search(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "search", "");
    snprintf(a->search, sizeof a->search, "%s", argument);
    return find(a, 1, true);
}
command_effect do_search_next(app *a, const char *argument) {
    (void)argument;
    return find(a, 1, false);
}
command_effect do_search_back(app *a, const char *argument) {
    (void)argument;
    return find(a, -1, false);
}

static command_effect focus_on(app *a, int p) {
    a->focus = (pane)((p + PANES) % PANES);
    if (a->enlarged >= 0) a->enlarged = (int)a->focus;
    return DID_CHANGE;
}

command_effect do_pane(app *a, const char *argument) {
    for (int p = 0; *argument && p < PANES; p++)
        if (strcmp(views[p]->name, argument) == 0) return focus_on(a, p);
    if (*argument) return app_fail(a, "no pane \"%s\"; expected latents, latent or domains", argument);
    return focus_on(a, (int)a->focus + 1);
}
command_effect do_pane_back(app *a, const char *argument) {
    (void)argument;
    return focus_on(a, (int)a->focus - 1);
}

command_effect do_open(app *a, const char *argument) {
    (void)argument;
    if (a->enlarged >= 0) {
        a->enlarged = -1;
        a->focus = PANE_TABLE;
    } else {
        a->focus = a->focus == PANE_TABLE ? PANE_LATENT : a->focus;
        a->enlarged = (int)a->focus;
    }
    return DID_CHANGE;
}
