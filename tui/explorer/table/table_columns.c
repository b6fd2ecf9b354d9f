/* table_columns.c: which columns the table shows, and in what order. */
#include "explorer/table/column_table.h"
#include "explorer/table/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 120 };

void table_columns_default(tab *t) {
    table_columns *c = &t->table->columns;
    *c = (table_columns){.cursor = -1};
    for (int i = 0; i < column_count; i++)
        if (columns[i].shown) c->at[c->count++] = i;
}

int table_column_place(const tab *t, int column) {
    for (int i = 0; i < t->table->columns.count; i++)
        if (t->table->columns.at[i] == column) return i;
    return -1;
}

bool table_column_is_mute(const app *a, int column) {
    const table_column *c = &columns[column];
    return c->mute && c->mute(a) && column != a->tab->table->columns.cursor;
}

void table_columns_text(const tab *t, char text[COLUMNS_TEXT_MOST]) {
    const table_columns *c = &t->table->columns;
    size_t used = 0;
    text[0] = 0;
    for (int i = 0; i < c->count; i++) {
        int n = snprintf(text + used, COLUMNS_TEXT_MOST - used, "%s%s", i ? "," : "", columns[c->at[i]].name);
        used += (size_t)n;
        if (c->width[c->at[i]])
            used += (size_t)snprintf(text + used, COLUMNS_TEXT_MOST - used, ":%d", c->width[c->at[i]]);
    }
}

bool table_columns_add(table_columns *c, const char *word) {
    char name[64];
    size_t length = strcspn(word, ":");
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    int column = column_find(name);
    if (column < 0) return false;
    if (word[length]) {
        char *end;
        long width = strtol(word + length + 1, &end, 10);
        if (*end || end == word + length + 1 || width < 1 || width > WIDEST) return false;
        c->width[column] = (int)width;
    }
    for (int i = 0; i < c->count; i++)
        if (c->at[i] == column) return true; /* named twice */
    c->at[c->count++] = column;
    return true;
}

bool table_columns_read(tab *t, const char *text, char wrong[64]) {
    table_columns c = {.cursor = -1};
    while (*text) {
        size_t blanks = strspn(text, " ,"), length = strcspn(text + blanks, " ,");
        text += blanks;
        if (!length) break;
        snprintf(wrong, 64, "%.*s", (int)(length < 63 ? length : 63), text);
        if (!table_columns_add(&c, wrong)) return false;
        text += length;
    }
    if (!c.count) {
        wrong[0] = 0;
        return false;
    }
    t->table->columns = c;
    return true;
}
