/* result_table.c: values as JSON, and lists of them as tables. */
#include "results/result_table.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

cJSON *result_string(const char *text) {
    char *safe = utf8_replace_invalid(text);
    cJSON *item = cJSON_CreateString(safe);
    free(safe);
    return item;
}

void result_number(cJSON *object, const char *key, double value) {
    cJSON_AddItemToObject(object, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void result_add_numbers(cJSON *object, const result_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) result_number(object, values[i].key, values[i].value);
}

void result_text(cJSON *object, const char *key, const char *text) {
    cJSON_AddItemToObject(object, key, text ? result_string(text) : cJSON_CreateNull());
}

void result_texts(cJSON *object, const char *key, const char *const *texts, size_t count) {
    cJSON *list = cJSON_AddArrayToObject(object, key);
    for (size_t i = 0; i < count; i++) cJSON_AddItemToArray(list, result_string(texts[i]));
}

char *result_quoted(const cJSON *list) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        if (item != list->child) fputc(' ', f);
        quote_text(f, cJSON_IsString(item) ? item->valuestring : "");
    }
    mem_stream_end(f);
    return text;
}

void result_source(cJSON *object, const scry_ranking *ranking) {
    result_text(object, "by", scry_condition_name(ranking->source));
    result_text(object, "against", ranking->source == SCRY_BASE ? NULL : scry_reference_name(ranking->against));
}

char *result_source_words(const cJSON *object, const char *by, const char *against) {
    const char *source = result_get_text(object, by), *reference = result_get_text(object, against);
    char text[SCRY_SOURCE_TEXT];
    if (!source) return NULL;
    int r = reference ? scry_reference_of(reference) : -1, c = scry_condition_of(source);
    return mem_copy_string(r < 0 || c < 0 ? source : scry_source_text((scry_condition)c, (scry_reference)r, text));
}

cJSON *result_row(cJSON *list) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddItemToArray(list, row);
    return row;
}

const cJSON *result_get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

double result_get_number(const cJSON *object, const char *key) {
    const cJSON *item = result_get(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

const char *result_get_text(const cJSON *object, const char *key) {
    const cJSON *item = result_get(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

void result_cell(const cJSON *cell, const result_column *c, char *text, size_t size) {
    if (cJSON_IsNumber(cell)) {
        double value = cell->valuedouble * (c->scale != 0 ? c->scale : 1);
/* The formats are those of the program's own columns, never a user's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, size, c->format ? c->format : "%g", value);
#pragma GCC diagnostic pop
    } else if (cJSON_IsString(cell)) {
        text_clean(cell->valuestring, text, size, false);
    } else if (cJSON_IsArray(cell)) {
        char *quoted = result_quoted(cell);
        text_clean(quoted, text, size, false);
        free(quoted);
    } else if (cJSON_IsBool(cell)) {
        snprintf(text, size, "%s", cJSON_IsTrue(cell) ? "yes" : "no");
    } else {
        snprintf(text, size, "%s", c->format ? "-" : "");
    }
}

static void print_padded(FILE *f, const char *text, int width, bool right, bool last) {
    int pad = width - text_columns(text);
    if (right) fprintf(f, "%*s%s", pad > 0 ? pad : 0, "", text);
    else if (last) fprintf(f, "%s", text);
    else fprintf(f, "%s%*s", text, pad > 0 ? pad : 0, "");
}

void result_table(FILE *f, const cJSON *list, const result_column *columns) {
    enum { MOST = 32, CELL = 512 };
    int width[MOST] = {0};
    char text[CELL];
    const cJSON *row;
    size_t n = 0;
    for (const result_column *c = columns; c->key; c++, n++) width[n] = text_columns(c->title);
    cJSON_ArrayForEach (row, list)
        for (size_t i = 0; i < n; i++) {
            result_cell(result_get(row, columns[i].key), &columns[i], text, sizeof text);
            int w = text_columns(text);
            if (w > width[i]) width[i] = w;
        }
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "  " : "", f);
        print_padded(f, columns[i].title, width[i], columns[i].format != NULL, i + 1 == n);
    }
    fputc('\n', f);
    cJSON_ArrayForEach (row, list) {
        for (size_t i = 0; i < n; i++) {
            result_cell(result_get(row, columns[i].key), &columns[i], text, sizeof text);
            fputs(i ? "  " : "", f);
            print_padded(f, text, width[i], columns[i].format != NULL, i + 1 == n);
        }
        fputc('\n', f);
    }
}

void result_columns_choose(const result_column *columns, char *keys, result_column *out) {
    char *state;
    for (char *key = strtok_r(keys, ",", &state); key; key = strtok_r(NULL, ",", &state)) {
        char *title = strchr(key, '=');
        if (title) *title++ = 0;
        const result_column *c = columns;
        while (c->key && strcmp(c->key, key) != 0) c++;
        if (!c->key) abort();
        *out = *c;
        if (title) out->title = title;
        if (c->format && strcmp(c->format, "%.4f") == 0) out->format = "%.3f";
        out++;
    }
    *out = (result_column){0};
}
