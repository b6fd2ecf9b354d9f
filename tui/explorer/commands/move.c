/* move.c: commands that move, in the pane that has the keys. */
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect move_focus(app *a, move kind, long steps) {
    if (a->layer && a->layer->move) a->layer->move(a, kind, steps);
    else views[a->tab->focus]->move(a, kind, steps);
    return DID_CHANGE;
}

/* No further than any table has rows: a page's rows times this many are a number too. */
static long steps_of(const char *argument) {
    long n = strtol(argument, NULL, 10);
    return n > INT32_MAX ? INT32_MAX : n > 0 ? n : 1;
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
command_effect do_first(app *a, UNUSED const char *argument) {
    return move_focus(a, MOVE_FIRST, 0);
}
command_effect do_last(app *a, UNUSED const char *argument) {
    return move_focus(a, MOVE_LAST, 0);
}

/* Another of the rows, by a walk that goes far with each step and is the same each time. */
static command_effect go_anywhere(app *a) {
    uint32_t rows = table_rows(a);
    if (!rows) return app_fail(a, "no latent passes the filter; \\ shows all");
    uint64_t state = ((uint64_t)app_latent(a) + 1) * 6364136223846793005u + 1442695040888963407u;
    table_go_row(a, (uint32_t)((state >> 33) % rows));
    return DID_CHANGE;
}

command_effect do_latent(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "latent", "");
    if (strcmp(argument, "random") == 0) return go_anywhere(a);
    char *end;
    unsigned long long latent = strtoull(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end || latent >= a->tab->info->d_sae)
        return app_fail(a, "latent \"%s\": expected a number from 0 to %u", argument, a->tab->info->d_sae - 1);
    a->tab->table->wanted = NO_ROW;
    if (table_go(a, (uint32_t)latent)) return DID_CHANGE;
    a->tab->table->wanted = (uint32_t)latent;
    return app_fail(a, "the filter hides latent %llu; \\ clears the filter and goes there", latent);
}

static command_effect find(app *a, int direction) {
    if (!a->tab->search[0]) return app_fail(a, "nothing to search for yet; / begins");
    table_find_go(a, a->tab->search, direction, false);
    table_contexts_find(a);
    return DID_CHANGE;
}

command_effect do_search(app *a, const char *argument) {
    if (!*argument) {
        a->tab->table->find.row_before = a->tab->table->cursor;
        return app_ask(a, "search", "");
    }
    /* typed in the line, it has begun where the line was opened; said at once, it begins here */
    bool is_found = a->tab->table->find.typed && strcmp(a->tab->table->find.text, argument) == 0;
    a->tab->table->find.typed = false;
    snprintf(a->tab->search, sizeof a->tab->search, "%s", argument);
    if (!is_found) table_find_go(a, argument, 1, true);
    else table_find_say(a);
    table_contexts_find(a);
    return DID_CHANGE;
}
command_effect do_search_next(app *a, UNUSED const char *argument) {
    return find(a, 1);
}
command_effect do_search_back(app *a, UNUSED const char *argument) {
    return find(a, -1);
}

static command_effect focus_on(app *a, int p) {
    app_focus(a, (pane)((p + PANES) % PANES));
    return DID_CHANGE;
}

command_effect do_pane(app *a, const char *argument) {
    for (int p = 0; *argument && p < PANES; p++)
        if (strcmp(views[p]->name, argument) == 0) return focus_on(a, p);
    if (*argument) return app_fail(a, "no pane \"%s\"; expected latents, latent or domains", argument);
    return focus_on(a, (int)a->tab->focus + 1);
}
command_effect do_pane_back(app *a, UNUSED const char *argument) {
    return focus_on(a, (int)a->tab->focus - 1);
}

command_effect do_open(app *a, UNUSED const char *argument) {
    if (a->tab->enlarged >= 0) {
        if (a->tab->enlarged == PANE_LATENT) a->tab->focus = PANE_TABLE; /* from where it was opened, mostly */
        a->tab->enlarged = -1;
    } else {
        a->tab->focus = a->tab->focus == PANE_TABLE ? PANE_LATENT : a->tab->focus;
        a->tab->enlarged = (int)a->tab->focus;
    }
    return DID_CHANGE;
}

command_effect do_domain(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "domain", "");
    size_t d = domains_find(a, argument);
    if (d == a->tab->info->domains) return DID_CHANGE;
    domains_go(a, d);
    return focus_on(a, PANE_DOMAINS);
}
