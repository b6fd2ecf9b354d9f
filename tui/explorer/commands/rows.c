/* rows.c: commands on which rows the table has: filter, sort again, marks. */
#include "explorer/panes/view.h"
#include "explorer/table/filter.h"
#include "explorer/table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

command_effect do_filter(app *a, const char *argument) {
    table_filter *f = &a->tab->table->filter;
    if (!*argument) {
        snprintf(f->before, sizeof f->before, "%s", table_filter_text(a->tab));
        f->latent_before = app_latent(a);
        f->error[0] = 0;
        return app_ask(a, "filter", table_filter_text(a->tab));
    }
    if (!table_filter_set(a, argument)) {
        char error[sizeof f->error];
        memcpy(error, f->error, sizeof error);
        return app_fail(a, "filter, at %zu: %s", f->error_at + 1, error);
    }
    return DID_CHANGE;
}

command_effect do_unfilter(app *a, UNUSED const char *argument) {
    table_state *t = a->tab->table;
    if (!table_filter_text(a->tab)[0]) return app_fail(a, "no filter is on; & begins one");
    table_filter_set(a, "");
    if (t->wanted != NO_ROW) table_go(a, t->wanted);
    t->wanted = NO_ROW;
    return app_say(a, "all %u latents", table_rows(a));
}

command_effect do_resort(app *a, UNUSED const char *argument) {
    table_finish(a);
    table_resort(a);
    return app_say(a, "sorted again: %u row%s", table_rows(a), plural_s(table_rows(a)));
}

static command_effect say_marks(app *a) {
    a->tab->table->mark_changes++;
    uint32_t count = a->tab->table->marks->count;
    if (count) app_say(a, "%u marked; T toggles %s", count, count == 1 ? "it" : "them all");
    else app_say(a, "no marks");
    return DID_CHANGE;
}

static command_effect no_row(app *a) {
    return app_fail(a, "no latent passes the filter; \\ shows all");
}

command_effect do_mark(app *a, const char *argument) {
    table_state *t = a->tab->table;
    if (*argument) {
        scry_error err = {0};
        scry_set *marks = scry_set_copy(t->marks); /* mark all of the list, or after an error none */
        bool ok = scry_set_list(marks, argument, true, &err);
        scry_set_free(ok ? t->marks : marks);
        if (!ok) return app_fail(a, "%s", err.text);
        t->marks = marks;
        return say_marks(a);
    }
    if (!table_rows(a)) return no_row(a);
    uint32_t latent = app_latent(a);
    scry_set_put(t->marks, latent, !scry_set_has(t->marks, latent));
    t->mark_last = latent;
    views[PANE_TABLE]->move(a, MOVE_STEP, 1);
    return say_marks(a);
}

/* Marks rows from..to as they are listed, both included. */
static command_effect mark_rows(app *a, uint32_t from, uint32_t to) {
    table_state *t = a->tab->table;
    if (to - from > 100) order_finish(&t->order);
    for (uint32_t row = from; row <= to && row < t->order.rows; row++)
        scry_set_put(t->marks, order_at(&t->order, row), true);
    return say_marks(a);
}

command_effect do_mark_rows(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "mark-rows", "");
    char *end;
    unsigned long from = strtoul(argument, &end, 10), to = from;
    bool ok = end != argument && *argument != '-';
    if (ok && *end == '-') {
        const char *second = end + 1;
        to = strtoul(second, &end, 10);
        ok = end != second && *second != '-';
    }
    if (!ok || *end || from < 1 || to < from || from > table_rows(a))
        return app_fail(a, "mark-rows \"%s\": expected rows from 1 to %u, such as 1-20", argument, table_rows(a));
    return mark_rows(a, (uint32_t)from - 1, to > table_rows(a) ? table_rows(a) - 1 : (uint32_t)to - 1);
}

command_effect do_mark_to(app *a, UNUSED const char *argument) {
    table_state *t = a->tab->table;
    if (!table_rows(a)) return no_row(a);
    if (t->mark_last == NO_ROW || !table_passes(a, t->mark_last))
        return app_fail(a, "m marks where the range begins, V where it ends");
    uint32_t other = order_row_of(&t->order, t->mark_last), here = t->cursor;
    return mark_rows(a, other < here ? other : here, other < here ? here : other);
}

command_effect do_mark_all(app *a, UNUSED const char *argument) {
    table_finish(a);
    for (uint32_t j = 0; j < a->tab->info->d_sae; j++)
        if (table_passes(a, j)) scry_set_put(a->tab->table->marks, j, true);
    return say_marks(a);
}

command_effect do_mark_invert(app *a, UNUSED const char *argument) {
    table_finish(a);
    scry_set *marks = a->tab->table->marks;
    for (uint32_t j = 0; j < a->tab->info->d_sae; j++)
        if (table_passes(a, j)) scry_set_put(marks, j, !scry_set_has(marks, j));
    return say_marks(a);
}

command_effect do_unmark(app *a, UNUSED const char *argument) {
    table_state *t = a->tab->table;
    if (!t->marks->count && t->marks_before) { /* one keypress too many must not lose them */
        scry_set_free(t->marks);
        t->marks = t->marks_before;
        t->marks_before = NULL;
        return say_marks(a);
    }
    uint32_t count = t->marks->count;
    if (!count) return say_marks(a);
    scry_set_free(t->marks_before);
    t->marks_before = t->marks;
    t->marks = scry_set_new(a->tab->info->d_sae);
    t->mark_changes++;
    return app_say(a, "%u mark%s removed; M restores %s", count, plural_s(count), count == 1 ? "it" : "them");
}
