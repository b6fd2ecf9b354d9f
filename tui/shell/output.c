/* output.c: one set of facts, three ways to print it. */
#include "shell/output.h"
#include "base/utf8.h"
#include "base/csv_text.h"
#include "text/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *output_string(const char *text) {
    char *safe = utf8_replace_invalid(text);
    cJSON *item = cJSON_CreateString(safe);
    free(safe);
    return item;
}

void output_number(cJSON *object, const char *key, double value) {
    cJSON_AddItemToObject(object, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void output_text(cJSON *object, const char *key, const char *text) {
    cJSON_AddItemToObject(object, key, text ? output_string(text) : cJSON_CreateNull());
}

int output_end(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    fprintf(stderr, "scry: standard output: cannot be written: %s\n", strerror(errno));
    return 1;
}

static int finish(cJSON *facts) {
    cJSON_Delete(facts);
    return output_end();
}

static void print_csv(const cJSON *list, const output_column *columns) {
    for (const output_column *c = columns; c->key; c++) printf("%s%s", c == columns ? "" : ",", c->key);
    putchar('\n');
    const cJSON *row;
    cJSON_ArrayForEach (row, list) {
        for (const output_column *c = columns; c->key; c++) {
            const cJSON *cell = cJSON_GetObjectItemCaseSensitive(row, c->key);
            if (c != columns) putchar(',');
            if (cJSON_IsNumber(cell)) printf("%.17g", cell->valuedouble);
            else if (cJSON_IsString(cell)) csv_text_write(stdout, cell->valuestring);
            else if (cJSON_IsBool(cell)) printf("%d", cJSON_IsTrue(cell));
        }
        putchar('\n');
    }
}

void output_cell(const cJSON *cell, const output_column *c, char *text, size_t size) {
    if (cJSON_IsNumber(cell)) {
        double value = cell->valuedouble * (c->scale != 0 ? c->scale : 1);
/* The formats are those of the tables in this folder, never a user's. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, size, c->format ? c->format : "%g", value);
#pragma GCC diagnostic pop
    } else if (cJSON_IsString(cell)) {
        text_clean(cell->valuestring, text, size, false);
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

void output_table(FILE *f, const cJSON *list, const output_column *columns) {
    enum { MOST = 32, CELL = 512 };
    int width[MOST] = {0};
    char text[CELL];
    const cJSON *row;
    size_t n = 0;
    for (const output_column *c = columns; c->key; c++, n++) width[n] = text_columns(c->title);
    cJSON_ArrayForEach (row, list)
        for (size_t i = 0; i < n; i++) {
            output_cell(cJSON_GetObjectItemCaseSensitive(row, columns[i].key), &columns[i], text, sizeof text);
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
            output_cell(cJSON_GetObjectItemCaseSensitive(row, columns[i].key), &columns[i], text, sizeof text);
            fputs(i ? "  " : "", f);
            print_padded(f, text, width[i], columns[i].format != NULL, i + 1 == n);
        }
        fputc('\n', f);
    }
}

int output_print(const options *o, cJSON *facts, const char *list, const output_column *columns, const char *head) {
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(facts, list);
    if (o->json) {
        char *text = cJSON_PrintUnformatted(facts);
        puts(text);
        cJSON_free(text);
    } else if (o->csv) {
        print_csv(rows, columns);
    } else {
        if (head) fputs(head, stdout);
        if (columns) output_table(stdout, rows, columns);
    }
    return finish(facts);
}

int output_print_row(const options *o, cJSON *row, const output_column *columns) {
    if (o->json) return output_print(o, row, "", NULL, NULL);
    cJSON *facts = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(facts, "rows"), row);
    if (o->csv) return output_print(o, facts, "rows", columns, NULL);
    cJSON_Delete(facts);
    return 0;
}

void output_safe(const char *text, char *safe, size_t size) {
    text_clean(text, safe, size, false);
}

int output_error(const scry_error *err) {
    char safe[4096];
    text_clean(err->text, safe, sizeof safe, false);
    fprintf(stderr, "scry: %s\n", safe);
    return err->status ? err->status : 1;
}

void output_warning(const char *text) {
    char safe[4096];
    text_clean(text, safe, sizeof safe, false);
    fprintf(stderr, "scry: warning: %s\n", safe);
}
