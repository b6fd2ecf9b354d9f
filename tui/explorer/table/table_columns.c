/* table_columns.c: which columns the table shows, and in what order. */
#include "base/mem.h"
#include "explorer/table/column_table.h"
#include "explorer/table/table.h"
#include "text/suggest.h"

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

/* What is wrong with a column, by its name: no such, or the width behind it. */
static void wrong_column(config_reader *r, const char *key, const cJSON *item) {
    const char *names[COLUMNS_MOST], *near;
    char word[64], expected[160];
    snprintf(word, sizeof word, "%.*s", (int)strcspn(item->valuestring, ":"), item->valuestring);
    if (column_find(word) >= 0) {
        config_wrong(r, key, item, "a width from 1 to 120 after the colon");
        return;
    }
    near = suggest_nearest(word, names, (size_t)column_names(names));
    snprintf(expected, sizeof expected, "a column such as \"%s\"", near ? near : "label");
    config_wrong(r, key, item, expected);
}

static void read_columns(config_reader *r, const char *key, const cJSON *value) {
    const cJSON *item, *items = cJSON_IsArray(value) ? value : NULL;
    table_columns read = {.cursor = -1};
    char text[COLUMNS_TEXT_MOST] = "";
    if (!items || !items->child)
        config_wrong(r, key, value, "a list of columns, such as [\"rank\", \"latent\", \"label:40\"]");
    cJSON_ArrayForEach (item, items) {
        int before = read.count;
        if (!cJSON_IsString(item)) config_wrong(r, key, item, "a column, such as \"label:40\"");
        else if (!table_columns_add(&read, item->valuestring)) wrong_column(r, key, item);
        size_t used = strlen(text);
        if (read.count > before) snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", item->valuestring);
    }
    if (*text) {
        free(config_of(r)->columns);
        config_of(r)->columns = mem_copy_string(text);
    }
}

const config_key column_settings = {"columns", read_columns};
