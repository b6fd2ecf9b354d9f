/* table_pane.c: the table of latents as it is drawn. Asks only for the rows that are visible. */
#include "explorer/panes/view.h"
#include "explorer/table/column_table.h"
#include "explorer/table/table.h"
#include "text/suggest.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

static int next_column(const app *a) {
    const table_columns *c = &a->tab->table->columns;
    int place = table_column_place(a->tab, a->tab->table->column);
    do place = (place + 1) % c->count;
    while (table_column_is_mute(a, c->at[place]) && c->count > 1);
    return c->at[place];
}

/* Columns that a name may have meant: those that begin so, else the nearest, else all. */
static void say_columns(const char *name, char *wrong, size_t size) {
    const char *names[COLUMNS_MOST], *near = suggest_nearest(name, names, (size_t)column_names(names));
    bool begins = false;
    for (int i = 0; i < column_count && *name; i++)
        begins = begins || strncmp(columns[i].name, name, strlen(name)) == 0;
    wrong[0] = 0;
    for (int i = 0; i < column_count; i++) {
        bool fits = begins ? strncmp(columns[i].name, name, strlen(name)) == 0 : !near || columns[i].name == near;
        if (fits) snprintf(wrong + strlen(wrong), size - strlen(wrong), "%s%s", *wrong ? ", " : "", columns[i].name);
    }
}

static bool sort_table(app *a, const char *name, char *wrong, size_t size) {
    table_state *t = a->tab->table;
    const table_columns *c = &t->columns;
    int next = c->cursor;
    if (name) next = column_find(name);
    else if (next < 0) next = next_column(a);
    if (next < 0) {
        say_columns(name, wrong, size);
        return false;
    }
    /* at the column that it is sorted by already, the cursor's s turns it around */
    table_sort(a, next, !name && next == t->column && !t->reversed);
    app_say(a, "sorted by %s: %s", columns[next].name, columns[next].help);
    return true;
}

static void reverse_table(app *a) {
    table_sort(a, a->tab->table->column, !a->tab->table->reversed);
}

static void move_table(app *a, move kind, long steps) {
    table_state *t = a->tab->table;
    table_go_row(a, (uint32_t)view_moved(t->cursor, kind, steps, t->page - 1, (long)t->order.rows - 1));
}

/* The long title where it fits; the arrow before the last letter where it does not. */
static void draw_title(app *a, rect r, int column, const table_slot *p, role look) {
    const table_state *t = a->tab->table;
    const char *title = column_title(a, column), *more = strchr(title, '|');
    bool sorted = column == t->column, up = columns[column].ascending != t->reversed;
    char text[64];
    int length = more ? (int)(more - title) : (int)strlen(title), width = sorted ? p->width - 1 : p->width;
    if (more && (int)strlen(more + 1) <= width) title = more + 1, length = (int)strlen(title);
    const char *arrow = a->ascii ? (up ? "^" : "v") : (up ? "\xe2\x96\xb4" : "\xe2\x96\xbe");
    /* hollow: rows have been switched since */
    if (table_is_stale(a)) arrow = a->ascii ? "=" : (up ? "\xe2\x96\xb5" : "\xe2\x96\xbf");
    snprintf(text, sizeof text, "%.*s%s", length < width ? length : width, title, sorted ? arrow : "");
    if (!columns[column].left) grid_put_right(a->grid, r.y, r.x + p->x, p->width, look, text);
    else grid_put(a->grid, r.y, r.x + p->x, p->width, look, text);
    if (column == t->columns.cursor) grid_flag(a->grid, r.y, r.x + p->x, p->width, CELL_CURSOR);
}

/* At the right end, how many columns have no room; the last title gives way to it. */
static void draw_header(app *a, rect r, bool focus, const table_layout *places) {
    const table_columns *c = &a->tab->table->columns;
    role look = focus ? ROLE_FOCUS : ROLE_HEADER;
    char more[TABLE_MORE + 1];
    int room = r.cols - table_layout_more(places, more);
    grid_fill(a->grid, r.y, r.x, r.cols, look, ' ');
    for (int i = 0; i < c->count; i++) {
        table_slot place = places->at[c->at[i]];
        if (place.width > room - place.x) place.width = room - place.x;
        if (places->at[c->at[i]].width && place.width > 0) draw_title(a, r, c->at[i], &place, look);
    }
    grid_put(a->grid, r.y, r.x + room, r.cols - room, look, more);
}

static void draw_row(app *a, rect r, int y, uint32_t latent, const table_layout *places) {
    const table_columns *c = &a->tab->table->columns;
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    for (int i = 0; i < c->count; i++) {
        int column = c->at[i], width = places->at[column].width, x = r.x + places->at[column].x;
        if (!width) continue;
        char text[256];
        const table_column *col = &columns[column];
        column_text(a, column, latent, text, sizeof text);
        role look = col->look ? col->look(in, text) : in ? ROLE_TEXT : ROLE_FAINT;
        if (col->draw) {
            col->draw(a, &(table_cell){y, x, width, latent, look}, text, sizeof text);
        } else if (!col->left) {
            grid_put_right(a->grid, y, x, width, look, text);
        } else {
            text_fit(text, width, a->ascii);
            grid_put(a->grid, y, x, width, look, text);
        }
    }
}

static bool types_filter(const app *a) {
    return a->prompt.then && strcmp(a->prompt.then->name, "filter") == 0;
}

static bool has_line(const app *a) {
    const table_state *t = a->tab->table;
    return types_filter(a) || table_filter_text(a->tab)[0] || t->marks->count;
}

static void draw_line(app *a, rect r, int y) {
    const table_state *t = a->tab->table;
    const char *shown = table_filter_text(a->tab);
    char text[FILTER_MOST + 200], safe[FILTER_MOST + 200];
    role look = ROLE_MESSAGE;
    size_t used = 0;
    text[0] = 0;
    if (t->marks->count)
        used += (size_t)snprintf(text, sizeof text, "%u marked: T toggles %s", t->marks->count,
                                 t->marks->count == 1 ? "it" : "them");
    if (types_filter(a) && t->filter.error[0] && !t->filter.error_length) {
        snprintf(text, sizeof text, "%s", t->filter.error);
    } else if (types_filter(a) && t->filter.error[0]) {
        look = ROLE_ERROR;
        snprintf(text, sizeof text, "at %zu: %s", t->filter.error_at + 1, t->filter.error);
    } else if (t->filter.next) {
        snprintf(text + used, sizeof text - used, "%sfilter %s  ...", used ? "   " : "", shown);
    } else if (shown[0]) {
        snprintf(text + used, sizeof text - used, "%sfilter %s  %u of %u%s", used ? "   " : "", shown, t->order.rows,
                 a->tab->info->d_sae, types_filter(a) ? "" : "   & changes, \\ clears");
    } else if (types_filter(a)) {
        char fires[40] = "";
        if (a->tab->info->domains) snprintf(fires, sizeof fires, " fires:%.20s>1%%", a->tab->info->domain[0].name);
        snprintf(text, sizeof text, "e.g. rank<=500 rate<1%% label~law sel:yes%s   a,b or   !a not", fires);
    }
    grid_fill(a->grid, y, r.x, r.cols, ROLE_TEXT, ' ');
    app_fit_text(a, text, r.cols - 1, safe, sizeof safe);
    grid_put(a->grid, y, r.x + 1, r.cols - 1, look, safe);
}

static void draw_table(app *a, rect r, bool focus) {
    table_layout places;
    table_state *t = a->tab->table;
    bool line = has_line(a) && r.rows > 2;
    table_layout_make(a, r.cols, &places);
    draw_header(a, r, focus, &places);
    t->page = r.rows - 1 - line;
    uint32_t page = t->page > 0 ? (uint32_t)t->page : 1, rows = t->order.rows;
    if (t->cursor < t->top) t->top = t->cursor;
    if (t->cursor >= t->top + page) t->top = t->cursor - page + 1;
    if (t->top + page > rows) t->top = rows > page ? rows - page : 0;
    if (!rows) grid_put(a->grid, r.y + 1, r.x + 1, r.cols - 1, ROLE_FAINT, "no latent passes the filter");
    for (uint32_t i = 0; i < page && t->top + i < rows; i++) {
        int y = r.y + 1 + (int)i;
        draw_row(a, r, y, order_at(&t->order, t->top + i), &places);
        if (t->top + i == t->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
    if (line) draw_line(a, r, r.y + r.rows - 1);
}

static void click_header(app *a, const table_layout *places, int cols, int x) {
    const table_columns *c = &a->tab->table->columns;
    char more[TABLE_MORE + 1];
    if (x >= cols - table_layout_more(places, more)) {
        app_command(a, "column-right");
        return;
    }
    for (int i = 0; i < c->count; i++) {
        const table_slot *p = &places->at[c->at[i]];
        if (!p->width || x < p->x || x > p->x + p->width) continue;
        char wrong[8];
        bool again = a->tab->table->column == c->at[i];
        if (again) reverse_table(a);
        else sort_table(a, columns[c->at[i]].name, wrong, sizeof wrong);
        app_record_mouse(a, again ? "reverse" : "sort", "%s", again ? "" : columns[c->at[i]].name);
        return;
    }
}

bool table_switches_at(const app *a, rect r, int x) {
    table_layout places;
    table_layout_make(a, r.cols, &places);
    const table_slot *in = &places.at[column_with(COLUMN_TOGGLES)];
    return in->width && x - r.x >= in->x && x - r.x <= in->x + in->width;
}

static void click_table(app *a, rect r, int y, int x) {
    table_layout places;
    table_state *t = a->tab->table;
    table_layout_make(a, r.cols, &places);
    if (y == r.y) {
        click_header(a, &places, r.cols, x - r.x);
        return;
    }
    if (y - r.y - 1 >= t->page || t->top + (uint32_t)(y - r.y - 1) >= t->order.rows) return;
    table_go_row(a, t->top + (uint32_t)(y - r.y - 1));
    app_record_mouse(a, "latent", "%u", app_latent(a));
    if (table_switches_at(a, r, x)) app_command(a, "toggle");
}

const view view_table = {"latents", draw_table, move_table, sort_table, reverse_table, click_table};
