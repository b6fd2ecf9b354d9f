/* output.c: prints a command's results as a table, JSON or CSV, and its messages. */
#include "base/escape.h"
#include "shell/output.h"
#include "text/charset.h"
#include "text/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int output_end(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    fprintf(stderr, "scry: standard output: cannot be written: %s\n", strerror(errno));
    return 1;
}

static int finish(cJSON *facts) {
    cJSON_Delete(facts);
    return output_end();
}

static void print_csv(const cJSON *list, const result_column *columns) {
    for (const result_column *c = columns; c->key; c++) {
        if (c != columns) putchar(',');
        if (strpbrk(c->key, ",\"\r\n")) csv_text_write(stdout, c->key); /* a domain's name may be in it */
        else fputs(c->key, stdout);
    }
    putchar('\n');
    const cJSON *row;
    cJSON_ArrayForEach (row, list) {
        for (const result_column *c = columns; c->key; c++) {
            const cJSON *cell = result_get(row, c->key);
            if (c != columns) putchar(',');
            if (cJSON_IsNumber(cell)) printf("%.17g", cell->valuedouble);
            else if (cJSON_IsString(cell)) csv_text_write(stdout, cell->valuestring);
            else if (cJSON_IsBool(cell)) printf("%d", cJSON_IsTrue(cell));
            else if (cJSON_IsArray(cell)) {
                char *quoted = result_quoted(cell);
                csv_text_write_line(stdout, quoted);
                free(quoted);
            }
        }
        putchar('\n');
    }
}

int output_print(const options *o, cJSON *facts, const char *list, const result_column *columns, const char *head) {
    const cJSON *rows = result_get(facts, list);
    if (o->json) {
        char *text = cJSON_PrintUnformatted(facts);
        puts(text);
        cJSON_free(text);
    } else if (o->csv) {
        print_csv(rows, columns);
    } else {
        if (head) fputs(head, stdout);
        if (columns) result_table(stdout, rows, columns);
    }
    return finish(facts);
}

int output_print_row(const options *o, cJSON *row, const result_column *columns) {
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

bool output_is_ascii(const options *o) {
    const char *term = getenv("TERM");
    return o->ascii || !charset_is_utf8() || (term && strcmp(term, "linux") == 0);
}

void output_warn_locale(const options *o) {
    char text[200];
    if (!o->ascii && charset_problem(text, sizeof text)) output_warning(text);
}

void output_warning(const char *text) {
    char safe[4096];
    text_clean(text, safe, sizeof safe, false);
    fprintf(stderr, "scry: warning: %s\n", safe);
}

void output_notes(const scry_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) output_warning(notes->text[i]);
}

void output_warnings(scry_notes *notes) {
    output_notes(notes);
    scry_notes_free(notes);
}
