/* output.h: one set of facts, three ways to print it: table, JSON, CSV.
 *
 * A command builds its facts once, as cJSON; the rows of its table are one list in them. */
#ifndef SCRY_SHELL_OUTPUT_H
#define SCRY_SHELL_OUTPUT_H

#include <cjson/cJSON.h>
#include "shell/options.h"

#include <stdio.h>

typedef struct output_column {
    const char *key; /* in the list's objects */
    const char *title;
    const char *format; /* printf's for a number ("%.4f"), NULL for text */
    double scale;       /* number is multiplied by it for the table; 0: 1 */
} output_column;

/* Prints facts as --json or --csv wish, or else as a table of facts[list] below `head` (text, may
 * be NULL). columns end with a NULL key. Deletes facts. Returns the exit status. */
int output_print(const options *o, cJSON *facts, const char *list, const output_column *columns, const char *head);

/* Whether all that was said to standard output could be written: 0, or a line to stderr and 1. */
int output_end(void);

/* Just the table of a list of rows. */
void output_table(FILE *f, const cJSON *list, const output_column *columns);

/* A cell as the table shows it, cleaned, in text[size]. */
void output_cell(const cJSON *cell, const output_column *column, char *text, size_t size);

/* The same for facts that are one row: with --json or --csv prints the object and returns the exit
 * status; else prints nothing, for the caller has words of its own. Deletes row. */
int output_print_row(const options *o, cJSON *row, const output_column *columns);

/* A number for JSON: null for NaN. Text for JSON: broken UTF-8 becomes U+FFFD. */
void output_number(cJSON *object, const char *key, double value);
void output_text(cJSON *object, const char *key, const char *text);
cJSON *output_string(const char *text);

/* Text from a file made safe for a terminal, in safe[size]. */
void output_safe(const char *text, char *safe, size_t size);

/* "scry: message" to stderr, made safe; returns err->status. */
int output_error(const scry_error *err);
void output_warning(const char *text);

#endif
