/* columns.c: commands on the table's columns. Those with a key act on the column cursor, which Left and Right move. */
#include "explorer/table/column_table.h"
#include "explorer/table/table.h"
#include "text/suggest.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect no_such(app *a, const char *name) {
    const char *names[COLUMNS_MOST];
    char list[400] = "";
    int n = column_names(names);
    const char *near = suggest_nearest(name, names, (size_t)n);
    if (near) return app_fail(a, "no column \"%s\"; did you mean %s?", name, near);
    for (int i = 0; i < n; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", names[i]);
    return app_fail(a, "no column \"%s\"; expected %s", name, list);
}

static command_effect say_column(app *a, int column) {
    static const char *const keys[] = {"s sort", "- hide", "{ } move", "( ) width"};
    char text[TEXT_MOST];
    snprintf(text, sizeof text, "%s: %s", columns[column].name, columns[column].help);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) { /* as many as fit */
        size_t used = strlen(text);
        const char *gap = i ? "  " : "   ";
        if (text_columns(text) + text_columns(gap) + text_columns(keys[i]) >= a->grid->cols) break;
        snprintf(text + used, sizeof text - used, "%s%s", gap, keys[i]);
    }
    return app_say(a, "%s", text);
}

/* The column that the first word of *text names, or the cursor's where there is no word; -1 with a message. */
static int take_column(app *a, const char **text) {
    const table_columns *c = &a->tab->table->columns;
    if (!**text || strspn(*text, "+-0123456789") == strlen(*text)) {
        if (c->cursor < 0) app_fail(a, "no column is chosen; choose one with Left and Right, or give its name");
        return c->cursor;
    }
    char name[64];
    size_t length = strcspn(*text, " ");
    snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), *text);
    int column = column_find(name);
    if (column < 0) no_such(a, name);
    *text += length;
    *text += strspn(*text, " ");
    return column;
}

static command_effect step_cursor(app *a, int by) {
    table_columns *c = &a->tab->table->columns;
    int place = c->cursor < 0 ? -1 : table_column_place(a->tab, c->cursor);
    if (place < 0) place = table_column_place(a->tab, a->tab->table->column);
    else place += by;
    if (place > 0 && place < c->count && table_column_is_mute(a, c->at[place])) place += by;
    if (place < 0) place = 0;
    if (place >= c->count) place = c->count - 1;
    c->cursor = c->at[place];
    app_focus(a, PANE_TABLE);
    return say_column(a, c->cursor);
}

static command_effect go_sideways(app *a, int by) {
    if (!a->layer || !a->layer->slide) return step_cursor(a, by);
    a->layer->slide(a, by);
    return DID_CHANGE;
}

command_effect do_column_left(app *a, UNUSED const char *argument) {
    return go_sideways(a, -1);
}
command_effect do_column_right(app *a, UNUSED const char *argument) {
    return go_sideways(a, 1);
}

command_effect do_columns(app *a, const char *argument) {
    char wrong[64], text[COLUMNS_TEXT_MOST];
    if (strcmp(argument, "default") == 0) {
        table_columns_default(a->tab);
    } else if (strcmp(argument, "all") == 0) {
        table_columns *c = &a->tab->table->columns;
        for (int i = 0; i < column_count; i++)
            if (table_column_place(a->tab, i) < 0) c->at[c->count++] = i;
    } else if (!*argument) {
        table_columns_text(a->tab, text);
        return app_ask(a, "columns", text);
    } else if (!table_columns_read(a->tab, argument, wrong)) {
        wrong[strcspn(wrong, ":")] = 0;
        return column_find(wrong) >= 0
                   ? app_fail(a, "columns: %s: expected a width from 1 to 120 after the colon", wrong)
                   : no_such(a, wrong);
    }
    table_columns_text(a->tab, text);
    if (strcmp(argument, "all") == 0)
        app_say(a, "all %d columns; Left and Right go to each, also to those without room",
                a->tab->table->columns.count);
    else app_say(a, "columns %s", text);
    return DID_CHANGE;
}

command_effect do_column_hide(app *a, const char *argument) {
    table_columns *c = &a->tab->table->columns;
    int column = take_column(a, &argument);
    if (column < 0) return DID_CHANGE;
    int place = table_column_place(a->tab, column);
    if (place < 0) return app_fail(a, "%s is not shown", columns[column].name);
    if (c->count == 1) return app_fail(a, "%s is the last column", columns[column].name);
    memmove(&c->at[place], &c->at[place + 1], (size_t)(c->count - place - 1) * sizeof *c->at);
    c->count--;
    if (c->cursor == column) c->cursor = c->at[place < c->count ? place : c->count - 1];
    return app_say(a, "%s hidden; :column-show %s shows it again", columns[column].name, columns[column].name);
}

command_effect do_column_show(app *a, const char *argument) {
    table_columns *c = &a->tab->table->columns;
    if (!*argument) return app_ask(a, "column-show", "");
    int column = take_column(a, &argument);
    if (column < 0) return DID_CHANGE;
    int place = table_column_place(a->tab, column), behind = c->cursor < 0 ? -1 : table_column_place(a->tab, c->cursor);
    if (place < 0) { /* behind the cursor's column, else before the last, which takes the room that is left */
        place = behind >= 0 ? behind + 1 : c->count - 1;
        memmove(&c->at[place + 1], &c->at[place], (size_t)(c->count - place) * sizeof *c->at);
        c->at[place] = column;
        c->count++;
    }
    c->cursor = column;
    return say_column(a, column);
}

static command_effect move_column(app *a, int column, int place) {
    table_columns *c = &a->tab->table->columns;
    int from = table_column_place(a->tab, column);
    if (from < 0) return app_fail(a, "%s is not shown", columns[column].name);
    if (place < 0) place = 0;
    if (place >= c->count) place = c->count - 1;
    int step = place > from ? 1 : -1;
    for (int i = from; i != place; i += step) c->at[i] = c->at[i + step];
    c->at[place] = column;
    return app_say(a, "%s is column %d of %d", columns[column].name, place + 1, c->count);
}

/* "+1" and "-1" are steps, a number without a sign is a place. */
command_effect do_column_move(app *a, const char *argument) {
    int column = take_column(a, &argument);
    if (column < 0) return DID_CHANGE;
    char *end;
    long by = strtol(argument, &end, 10);
    if (end == argument || *end || by > COLUMNS_MOST || by < -COLUMNS_MOST)
        return app_fail(a, "column-move \"%s\": expected a position from 1, or -1 or +1", argument);
    bool steps = *argument == '+' || *argument == '-';
    return move_column(a, column, steps ? table_column_place(a->tab, column) + (int)by : (int)by - 1);
}
command_effect do_column_back(app *a, UNUSED const char *argument) {
    return do_column_move(a, "-1");
}
command_effect do_column_on(app *a, UNUSED const char *argument) {
    return do_column_move(a, "+1");
}

static int width_now(const app *a, int column) {
    int width = a->tab->table->columns.width[column];
    return width ? width : columns[column].width > 0 ? columns[column].width : 7;
}

command_effect do_column_width(app *a, const char *argument) {
    int column = take_column(a, &argument);
    if (column < 0) return DID_CHANGE;
    char *end;
    long width = strtol(argument, &end, 10);
    bool steps = *argument == '+' || *argument == '-';
    if (end == argument || *end || width > 120 || width < -120 || (!steps && width < 1))
        return app_fail(a, "column-width \"%s\": expected a width from 1 to 120, or -1 or +1", argument);
    if (steps) width += width_now(a, column);
    a->tab->table->columns.width[column] = width < 1 ? 1 : width > 120 ? 120 : (int)width;
    return app_say(a, "%s is %d wide", columns[column].name, a->tab->table->columns.width[column]);
}
command_effect do_column_narrower(app *a, UNUSED const char *argument) {
    return do_column_width(a, "-1");
}
command_effect do_column_wider(app *a, UNUSED const char *argument) {
    return do_column_width(a, "+1");
}
