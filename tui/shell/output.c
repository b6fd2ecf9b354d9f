/* output.c: prints a command's results as a table, JSON or CSV, and its messages. */
#include "base/escape.h"
#include "base/mem.h"
#include "base/printable.h"
#include "shell/output.h"
#include "text/charset.h"
#include "text/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Text for people is safe wherever it goes; it may be looked at later. */
static void put_safe(FILE *to, const char *text, size_t size) {
    const bool ascii = !charset_is_utf8() && isatty(fileno(to));
    printable_write(to, text, size, ascii ? PRINTABLE_LINES_ASCII : PRINTABLE_LINES);
}

int output_end(void) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
    fprintf(stderr, "scry: standard output: cannot be written: %s\n", strerror(errno));
    return 1;
}

/* A stream into memory, whose text goes to standard output piece by piece. */
typedef struct sheet {
    char *text;
    size_t size;
    FILE *f;
} sheet;

static void sheet_begin(sheet *s) {
    s->f = mem_check(open_memstream(&s->text, &s->size));
}

/* data: exact where no terminal gets it. */
static void sheet_end(sheet *s, FILE *to, bool data) {
    fclose(s->f);
    if (data) printable_write_data(to, mem_check(s->text), s->size);
    else put_safe(to, mem_check(s->text), s->size);
    free(s->text);
}

static int finish(cJSON *facts) {
    cJSON_Delete(facts);
    return output_end();
}

/* A cell's text as it is, or as the tables show it where a terminal is to get it. */
static char *csv_text(const char *text, bool terminal) {
    if (!terminal) return mem_copy_string(text);
    const size_t size = strlen(text) * PRINTABLE_PIECE + 1;
    char *safe = mem_new(size, 1);
    text_clean(text, safe, size, !charset_is_utf8());
    return safe;
}

static void put_csv_cell(FILE *f, const cJSON *value, bool terminal) {
    if (cJSON_IsNumber(value)) fprintf(f, "%.17g", value->valuedouble);
    else if (cJSON_IsBool(value)) fprintf(f, "%d", cJSON_IsTrue(value));
    else if (cJSON_IsString(value)) {
        char *text = csv_text(value->valuestring, terminal);
        csv_text_write(f, text);
        free(text);
    } else if (cJSON_IsArray(value)) {
        char *quoted = result_quoted(value), *text = csv_text(quoted, terminal);
        csv_text_write_line(f, text);
        free(text);
        free(quoted);
    }
}

static void print_csv(const cJSON *list, const result_column *columns) {
    const bool terminal = isatty(STDOUT_FILENO);
    sheet s;
    sheet_begin(&s);
    for (const result_column *c = columns; c->key; c++) {
        char *key = csv_text(c->key, terminal); /* a domain's name may be in it */
        if (c != columns) fputc(',', s.f);
        if (strpbrk(key, ",\"\r\n")) csv_text_write(s.f, key);
        else fputs(key, s.f);
        free(key);
    }
    fputc('\n', s.f);
    sheet_end(&s, stdout, true);
    const cJSON *row;
    cJSON_ArrayForEach (row, list) {
        sheet_begin(&s);
        for (const result_column *c = columns; c->key; c++) {
            if (c != columns) fputc(',', s.f);
            put_csv_cell(s.f, result_get(row, c->key), terminal);
        }
        fputc('\n', s.f);
        sheet_end(&s, stdout, true);
    }
}

int output_print(const options *o, cJSON *facts, const char *list, const result_column *columns, const char *head) {
    const cJSON *rows = result_get(facts, list);
    if (o->json) {
        char *text = cJSON_PrintUnformatted(facts);
        printable_write_data(stdout, mem_check(text), strlen(text));
        putchar('\n');
        cJSON_free(text);
    } else if (o->csv) {
        print_csv(rows, columns);
    } else {
        if (head) output_text(head);
        sheet s;
        sheet_begin(&s);
        if (columns) result_table(s.f, rows, columns);
        sheet_end(&s, stdout, false);
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

void output_text(const char *text) {
    put_safe(stdout, text, strlen(text));
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *text = mem_new((size_t)(n < 0 ? 0 : n) + 1, 1);
    if (n > 0) vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}

void output_format(const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    output_text(text);
    free(text);
}

void output_go_up(size_t lines) {
    if (lines) printf("\x1b[%zuA", lines);
}

void output_line_over(const char *line) {
    output_text(line);
    fputs("\x1b[K\n", stdout);
}

void output_grid(const grid *g, FILE *to) {
    sheet s;
    sheet_begin(&s);
    grid_write(g, s.f, false);
    sheet_end(&s, to, false);
}

static void say(const char *before, const char *text) {
    const size_t size = strlen(text) * PRINTABLE_PIECE + 1;
    char *safe = mem_new(size, 1);
    text_clean(text, safe, size, false);
    fprintf(stderr, "scry: %s%s\n", before, safe);
    free(safe);
}

void output_say(const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = format_text(format, args);
    va_end(args);
    say("", text);
    free(text);
}

int output_error(const scry_error *err) {
    say("", err->text);
    return err->status ? err->status : 1;
}

void output_progress(const char *line, int columns) {
    fputc('\r', stderr);
    if (line) put_safe(stderr, line, text_bytes_of(line, columns));
    fputs("\x1b[K", stderr);
    fflush(stderr);
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
    say("warning: ", text);
}

void output_notes(const scry_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) output_warning(notes->text[i]);
}

void output_warnings(scry_notes *notes) {
    output_notes(notes);
    scry_notes_free(notes);
}
