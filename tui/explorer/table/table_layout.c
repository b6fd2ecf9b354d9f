/* table_layout.c: the positions of the table's columns. */
#include "explorer/table/column_table.h"
#include "explorer/table/table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { LABEL_WANTS = 12, TITLE_SPARE = 24 };

static int digits(uint32_t number) {
    int n = 1;
    while (number >= 10) number /= 10, n++;
    return n;
}

/* With room for the whole title, and for the arrow where the rows are sorted by it. */
static int least_width(const app *a, int column) {
    const char *title = column_title(a, column);
    int width = columns[column].width, numbers = digits(a->tab->info->d_sae);
    int titled = (int)strcspn(title, "|") + (column == a->tab->table->column);
    if (a->tab->table->columns.width[column]) return a->tab->table->columns.width[column];
    if (width <= 0) width = width == 0 ? (numbers < 5 ? 5 : numbers) : (numbers < 4 ? 5 : numbers + 1);
    return width > titled ? width : titled;
}

/* A column's priority where room is short. */
static int keep_of(const app *a, int column) {
    if (column == a->tab->table->columns.cursor) return 100;
    return column == a->tab->table->column ? 50 : columns[column].keep;
}

/* Takes out the column that is kept least, the last of equal ones; false when only one is left. */
static bool drop_one(const app *a, table_slot *place, int *total, int keep_most) {
    const table_columns *c = &a->tab->table->columns;
    int least = -1, left = 0;
    for (int i = c->count - 1; i >= 0; i--) {
        if (!place[c->at[i]].width) continue;
        left++;
        if (least < 0 || keep_of(a, c->at[i]) < keep_of(a, least)) least = c->at[i];
    }
    if (left < 2 || keep_of(a, least) > keep_most) return false;
    *total -= place[least].width + 1;
    place[least].width = 0;
    return true;
}

/* Gives columns room for their long titles, while enough is left for the label; returns how much. */
static int widen_titles(const app *a, int spare, table_slot *place) {
    const table_columns *c = &a->tab->table->columns;
    int used = 0;
    for (int i = 0; i < c->count; i++) {
        int column = c->at[i];
        const char *more = strchr(column_title(a, column), '|');
        int wider = more ? (int)strlen(more + 1) + (column == a->tab->table->column) - place[column].width : 0;
        bool free_to = place[column].width && !c->width[column] && !(columns[column].traits & COLUMN_FILLS);
        if (!free_to || wider <= 0 || spare - used - wider < TITLE_SPARE) continue;
        place[column].width += wider;
        used += wider;
    }
    return used;
}

/* Columns that fit into `cols`, by number; what is left over goes to label and shift. */
static void place_columns(const app *a, int cols, table_slot *place) {
    const table_columns *c = &a->tab->table->columns;
    int total = -1, label = column_with(COLUMN_FILLS), shift = column_with(COLUMN_WIDENS);
    memset(place, 0, COLUMNS_MOST * sizeof *place);
    for (int i = 0; i < c->count; i++) {
        int column = c->at[i];
        place[column].width = table_column_is_mute(a, column) ? 0 : least_width(a, column);
        if (place[column].width) total += place[column].width + 1;
    }
    while (total > cols && drop_one(a, place, &total, INT_MAX)) continue;
    bool takes = place[label].width && !c->width[label];
    /* a shorter label says little: what is kept least gives way */
    while (takes && place[label].width + cols - total < LABEL_WANTS && drop_one(a, place, &total, 3)) continue;
    int spare = cols - total - widen_titles(a, cols - total, place),
        to_shift = place[shift].width && !c->width[shift] && spare > 16 ? (spare - 16) / 3 : 0;
    if (to_shift > 14) to_shift = 14;
    place[shift].width += to_shift;
    if (spare > 0 && takes) place[label].width += spare - to_shift;
    for (int i = 0, x = 0; i < c->count; i++) {
        table_slot *p = &place[c->at[i]];
        p->x = x;
        if (p->width > cols) p->width = cols;
        if (p->width) x += p->width + 1;
    }
}

/* The last column that is shown takes its room from the left: its name can be shortened. */
static bool ends_in_text(const app *a, const table_slot *place) {
    const table_columns *c = &a->tab->table->columns;
    int last = -1;
    for (int i = 0; i < c->count; i++)
        if (place[c->at[i]].width) last = c->at[i];
    return last >= 0 && columns[last].left && place[last].width > TABLE_MORE + 4;
}

static int count_hidden(const app *a, const table_slot *place) {
    const table_columns *c = &a->tab->table->columns;
    int hidden = 0;
    for (int i = 0; i < c->count; i++) hidden += !place[c->at[i]].width && !table_column_is_mute(a, c->at[i]);
    return hidden;
}

void table_layout_make(const app *a, int cols, table_layout *places) {
    place_columns(a, cols, places->at);
    places->hidden = count_hidden(a, places->at);
    if (!places->hidden || ends_in_text(a, places->at) || cols < 4 * TABLE_MORE) return;
    place_columns(a, cols - TABLE_MORE, places->at);
    places->hidden = count_hidden(a, places->at);
}

int table_layout_more(const table_layout *places, char text[TABLE_MORE + 1]) {
    text[0] = 0;
    return places->hidden ? snprintf(text, TABLE_MORE + 1, " +%d >", places->hidden % 100) : 0;
}
