/* html.h: the pieces of a report: HTML that is well-formed XML too, all text escaped, every number with its
 * full precision in addition to what is shown. */
#ifndef SCRY_REPORT_HTML_H
#define SCRY_REPORT_HTML_H

#include "results/result_table.h"

/* The head, the style and the opening of the body. */
void html_begin(FILE *f, const char *title);
void html_end(FILE *f);

/* A number as <data class="KEY" value="...">shown</data>: format is printf's; NaN is a dash. */
void html_number(FILE *f, const char *key, double value, const char *format, double scale);

/* facts[...] as a table, a row each, columns as output_print takes them. `bar`: the key of a number that is also
 * drawn as a bar behind it, NULL: none; `name`: the key whose cell heads its row. */
typedef struct html_table {
    const char *id, *caption;
    const result_column *columns;
    const char *name, *bar;
} html_table;
void html_rows(FILE *f, const html_table *t, const cJSON *list);

#endif
