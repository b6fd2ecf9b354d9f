/* table.c: the latents' table. Asks only for the rows that are visible. */
#include "draw/text.h"
#include "views/columns.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- order ---------------------------------------------------------------------------------- */

typedef struct sort_key {
    double value;
    uint32_t latent;
} sort_key;

static int by_value(const void *x, const void *y) {
    const sort_key *a = x, *b = y;
    bool nan_a = isnan(a->value), nan_b = isnan(b->value);
    if (nan_a != nan_b) return nan_a ? 1 : -1;
    if (!nan_a && a->value != b->value) return a->value < b->value ? -1 : 1;
    return a->latent < b->latent ? -1 : a->latent > b->latent;
}

static int by_label(const void *x, const void *y, void *context) {
    const app *a = context;
    uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    char first[128], second[128];
    table_label(a, i, first, sizeof first);
    table_label(a, j, second, sizeof second);
    int order = strcasecmp(first, second);
    return order ? order : (i > j) - (i < j);
}

static void order_by_value(app *a, const column *c) {
    table_state *t = &a->tab->table;
    sort_key *keys = malloc(t->rows * sizeof *keys);
    if (!keys) abort();
    for (uint32_t j = 0; j < t->rows; j++) {
        double value = c->value(a, j);
        keys[j] = (sort_key){c->ascending ? value : -value, j};
    }
    qsort(keys, t->rows, sizeof *keys, by_value);
    for (uint32_t i = 0; i < t->rows; i++) t->order[i] = keys[i].latent;
    free(keys);
}

static void make_order(app *a) {
    table_state *t = &a->tab->table;
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    const column *c = &columns[t->column];
    t->source = r->source;
    t->metric = r->metric;
    if (strcmp(c->name, "rank") == 0) memcpy(t->order, r->order, t->rows * sizeof *t->order);
    else if (c->value) order_by_value(a, c);
    else {
        for (uint32_t j = 0; j < t->rows; j++) t->order[j] = j;
        qsort_r(t->order, t->rows, sizeof *t->order, by_label, a);
    }
    for (uint32_t i = 0; t->reversed && i < t->rows / 2; i++) {
        uint32_t swap = t->order[i];
        t->order[i] = t->order[t->rows - 1 - i];
        t->order[t->rows - 1 - i] = swap;
    }
}

void table_go_row(app *a, uint32_t row) {
    table_state *t = &a->tab->table;
    t->cursor = row < t->rows ? row : t->rows - 1;
}

void table_go(app *a, uint32_t latent) {
    for (uint32_t row = 0; row < a->tab->table.rows; row++)
        if (a->tab->table.order[row] == latent) {
            table_go_row(a, row);
            return;
        }
}

/* A new ranking keeps the cursor on its latent, so that one sees where it went. */
void table_refresh(app *a) {
    table_state *t = &a->tab->table;
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    if (r->source == t->source && r->metric == t->metric) return;
    uint32_t latent = app_latent(a);
    make_order(a);
    table_go(a, latent);
}

static bool sort_table(app *a, const char *name, char *wrong, size_t size) {
    table_state *t = &a->tab->table;
    int next = name ? column_find(name) : (t->column + 1) % column_count;
    if (next < 0) {
        wrong[0] = 0;
        for (int i = 0; i < column_count; i++)
            snprintf(wrong + strlen(wrong), size - strlen(wrong), "%s%s", i ? ", " : "", columns[i].name);
        return false;
    }
    t->column = next;
    t->reversed = false;
    make_order(a);
    t->cursor = t->top = 0;
    app_say(a, "sorted by %s: %s", columns[next].name, columns[next].help);
    return true;
}

static void reverse_table(app *a) {
    a->tab->table.reversed = !a->tab->table.reversed;
    make_order(a);
    a->tab->table.cursor = a->tab->table.top = 0;
}

/* ---- words ---------------------------------------------------------------------------------- */

bool table_label(const app *a, uint32_t latent, char *text, size_t size) {
    const char *label = scry_label(a->tab->index, latent);
    if (label) {
        text_clean(label, text, size, a->ascii);
        return true;
    }
    size_t used = 0;
    text[0] = 0;
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        const char *piece = scry_key_piece(a->tab->index, latent, k);
        char safe[64];
        if (!piece) break;
        while (*piece == ' ') piece++; /* the space before a word says little here */
        text_clean(*piece ? piece : "\xe2\x90\xa3", safe, sizeof safe, a->ascii);
        int n = snprintf(text + used, size - used, "%s%s", k ? "  " : "", safe);
        if (n < 0 || used + (size_t)n >= size) break;
        used += (size_t)n;
    }
    return false;
}

int table_search(app *a, const char *text, int direction, bool from_here) {
    const table_state *t = &a->tab->table;
    char label[256], number[16];
    for (uint32_t k = from_here ? 0 : 1; k < t->rows + !from_here; k++) {
        uint32_t row = direction > 0 ? (t->cursor + k) % t->rows : (t->cursor + t->rows - k % t->rows) % t->rows;
        uint32_t latent = t->order[row];
        snprintf(number, sizeof number, "%u", latent);
        if (strcmp(number, text) == 0) return (int)row;
        table_label(a, latent, label, sizeof label);
        if (strcasestr(label, text)) return (int)row;
    }
    return -1;
}

/* ---- moving --------------------------------------------------------------------------------- */

static void move_table(app *a, move kind, long steps) {
    table_state *t = &a->tab->table;
    long row = t->cursor, page = t->page > 1 ? t->page - 1 : 1;
    if (kind == MOVE_STEP) row += steps;
    else if (kind == MOVE_PAGE) row += steps * page;
    else if (kind == MOVE_FIRST) row = 0;
    else row = (long)t->rows - 1;
    if (row < 0) row = 0;
    table_go_row(a, row < (long)t->rows ? (uint32_t)row : t->rows - 1);
}

/* ---- drawing -------------------------------------------------------------------------------- */

typedef struct placed {
    int x, width; /* width 0: not shown */
} placed;

/* Columns that fit, the least kept ones going first; what is left over goes to label and shift. */
static void place_columns(int cols, placed *place) {
    int total = -1;
    for (int i = 0; i < column_count; i++) {
        place[i].width = columns[i].width;
        total += columns[i].width + 1;
    }
    while (total > cols) {
        int least = -1;
        for (int i = 0; i < column_count; i++)
            if (place[i].width && (least < 0 || columns[i].keep < columns[least].keep)) least = i;
        total -= place[least].width + 1;
        place[least].width = 0;
    }
    int spare = cols - total, label = column_find("label"), shift = column_find("shift");
    int to_shift = spare > 16 ? (spare - 16) / 3 : 0;
    if (to_shift > 14) to_shift = 14;
    place[shift].width += to_shift;
    place[label].width += spare - to_shift;
    int x = 0;
    for (int i = 0; i < column_count; i++) {
        place[i].x = x;
        if (place[i].width) x += place[i].width + 1;
    }
}

static void draw_header(app *a, rect r, bool focus, const placed *place) {
    grid_fill(a->grid, r.y, r.x, r.cols, focus ? ROLE_FOCUS : ROLE_HEADER, ' ');
    for (int i = 0; i < column_count; i++) {
        if (!place[i].width) continue;
        char title[32];
        bool up = columns[i].ascending != a->tab->table.reversed;
        int cut =
            i == a->tab->table.column ? place[i].width - 1 : place[i].width; /* the arrow before the last letter */
        snprintf(title, sizeof title, "%.*s%s", cut, columns[i].title,
                 i != a->tab->table.column ? ""
                 : a->ascii                ? (up ? "^" : "v")
                                           : (up ? "\xe2\x96\xb4" : "\xe2\x96\xbe"));
        role look = focus ? ROLE_FOCUS : ROLE_HEADER;
        if (columns[i].right) grid_put_right(a->grid, r.y, r.x + place[i].x, place[i].width, look, title);
        else grid_put(a->grid, r.y, r.x + place[i].x, place[i].width, look, title);
    }
}

/* The shift's cell: a bar as long as its size beside the largest, then the number. */
static void draw_shift(app *a, int y, int x, int width, uint32_t latent, role look, const char *number) {
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    double largest = fabs(ranking->shift[ranking->order[0]]);
    grid_bar(a->grid, y, x, width - 8, look == ROLE_FAINT ? ROLE_BAR_OUT : ROLE_BAR,
             largest > 0 ? fabs(ranking->shift[latent]) / largest : 0, a->ascii);
    grid_put_right(a->grid, y, x + width - 7, 7, look, number);
}

static void draw_row(app *a, rect r, int y, uint32_t latent, const placed *place) {
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    for (int i = 0; i < column_count; i++) {
        if (!place[i].width) continue;
        char text[256];
        columns[i].text(a, latent, text, sizeof text);
        int x = r.x + place[i].x;
        role look = in ? ROLE_TEXT : ROLE_FAINT;
        if (strcmp(columns[i].name, "in") == 0) look = text[1] == '-' ? ROLE_OUT : ROLE_IN;
        if (in && strcmp(columns[i].name, "latent") == 0) look = ROLE_IN;
        if (strcmp(columns[i].name, "shift") == 0) {
            draw_shift(a, y, x, place[i].width, latent, look, text);
        } else if (columns[i].right) {
            grid_put_right(a->grid, y, x, place[i].width, look, text);
        } else {
            text_fit(text, place[i].width, a->ascii);
            if (strcmp(columns[i].name, "label") == 0 && !scry_label(a->tab->index, latent)) look = ROLE_FAINT;
            grid_put(a->grid, y, x, place[i].width, look, text);
            if (strcmp(columns[i].name, "in") == 0 && text[0] == 'm') grid_put(a->grid, y, x, 1, ROLE_MARK, "m");
        }
    }
}

static void draw_table(app *a, rect r, bool focus) {
    enum { MOST = 32 };
    placed place[MOST] = {0};
    table_state *t = &a->tab->table;
    place_columns(r.cols, place);
    draw_header(a, r, focus, place);
    t->page = r.rows - 1;
    uint32_t page = t->page > 0 ? (uint32_t)t->page : 1;
    if (t->cursor < t->top) t->top = t->cursor;
    if (t->cursor >= t->top + page) t->top = t->cursor - page + 1;
    if (t->top + page > t->rows) t->top = t->rows > page ? t->rows - page : 0;
    for (uint32_t i = 0; i < page && t->top + i < t->rows; i++) {
        int y = r.y + 1 + (int)i;
        draw_row(a, r, y, t->order[t->top + i], place);
        if (t->top + i == t->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

static void click_table(app *a, rect r, int y, int x) {
    enum { MOST = 32 };
    placed place[MOST] = {0};
    place_columns(r.cols, place);
    if (y == r.y) {
        for (int i = 0; i < column_count; i++) {
            if (!place[i].width || x - r.x < place[i].x || x - r.x > place[i].x + place[i].width) continue;
            char wrong[8];
            if (a->tab->table.column == i) reverse_table(a);
            else sort_table(a, columns[i].name, wrong, sizeof wrong);
            return;
        }
        return;
    }
    uint32_t row = a->tab->table.top + (uint32_t)(y - r.y - 1);
    if (row >= a->tab->table.rows) return;
    table_go_row(a, row);
    if (x - r.x <= columns[0].width) app_command(a, "toggle");
}

const view view_table = {"latents", draw_table, move_table, sort_table, reverse_table, click_table};
