/* output.h: prints a command's results as a table, JSON or CSV, and its messages.
 *
 * A command builds its results ("facts") once, as cJSON; the rows of its table are one list in them. */
#ifndef SCRY_SHELL_OUTPUT_H
#define SCRY_SHELL_OUTPUT_H

#include "draw/grid.h"
#include "results/result_table.h"
#include "shell/options.h"

/* Prints facts as JSON (--json), or facts[list] as CSV (--csv) or as a table below `head` (may be NULL). columns end
 * with a NULL key. Deletes facts. Returns the exit status. */
int output_print(const options *o, cJSON *facts, const char *list, const result_column *columns, const char *head);

/* Flushes standard output. Returns 0, or prints an error and returns 1 when it could not be written. */
int output_end(void);

/* The same for results of one row: prints it with --json or --csv; else prints nothing, since the caller prints a
 * message. Deletes row. Returns the exit status. */
int output_print_row(const options *o, cJSON *row, const result_column *columns);

/* True when what is drawn for a terminal may hold ASCII alone: asked for, or neither the locale in force nor the
 * terminal has UTF-8. */
bool output_is_ascii(const options *o);
/* Warns where the environment names a locale that is not installed, unless ASCII is asked for. */
void output_warn_locale(const options *o);

/* The shell's commands print through the functions below and output_print alone. Text for people is made safe wherever
 * it goes; JSON and CSV are spelt out on a terminal, and exact in files and pipes. */

/* Writes text from a file to safe[size] in a form that is safe for a terminal. */
void output_safe(const char *text, char *safe, size_t size);
/* Prints text, which may be several lines, to standard output. */
void output_text(const char *text);
void output_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Moves up the lines that stand on a terminal and were printed before, to print over them. */
void output_go_up(size_t lines);
/* Prints one line over another that stands on the terminal. */
void output_line_over(const char *line);

/* Prints a grid as text to `to`, which is standard output or error. */
void output_grid(const grid *g, FILE *to);

/* Prints "scry: message" as a line to stderr, made safe wherever that goes. */
void output_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Draws a line of progress over the last one on stderr, a terminal, cut to `columns`; NULL: clears it. */
void output_progress(const char *line, int columns);

/* Prints "scry: message" to stderr, made safe; returns err->status. */
int output_error(const scry_error *err);
void output_warning(const char *text);
/* Prints notes as warnings. */
void output_notes(const scry_notes *notes);
/* The same, and frees them. */
void output_warnings(scry_notes *notes);

#endif
