/* output.h: one set of facts, three ways to print it: table, JSON, CSV.
 *
 * A command builds its facts once, as cJSON; the rows of its table are one list in them. */
#ifndef SCRY_SHELL_OUTPUT_H
#define SCRY_SHELL_OUTPUT_H

#include "results/result_table.h"
#include "shell/options.h"

/* Prints facts as --json or --csv wish, or else as a table of facts[list] below `head` (text, may
 * be NULL). columns end with a NULL key. Deletes facts. Returns the exit status. */
int output_print(const options *o, cJSON *facts, const char *list, const result_column *columns, const char *head);

/* Whether all that was said to standard output could be written: 0, or a line to stderr and 1. */
int output_end(void);

/* The same for facts that are one row: with --json or --csv prints the object and returns the exit
 * status; else prints nothing, for the caller has words of its own. Deletes row. */
int output_print_row(const options *o, cJSON *row, const result_column *columns);

/* Text from a file made safe for a terminal, in safe[size]. */
void output_safe(const char *text, char *safe, size_t size);

/* "scry: message" to stderr, made safe; returns err->status. */
int output_error(const scry_error *err);
void output_warning(const char *text);
/* Prints notes as warnings, and frees them. */
void output_warnings(scry_notes *notes);

#endif
