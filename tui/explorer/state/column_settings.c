/* column_settings.c: the key "columns" of the user's settings. */
#include "explorer/state/column_settings.h"
#include "base/mem.h"
#include "explorer/table/column_table.h"
#include "text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
