/* filter.h: the language of the table's filter.
 *
 *     EXPRESSION  ANY | ANY ...           either; binds loosest
 *     ANY         CLAUSE CLAUSE ...       all of them
 *     CLAUSE      TERM,TERM,...           either; binds tightest
 *     TERM        !TERM  (EXPRESSION)
 *                 COLUMN<NUMBER           also <= > >= = !=; 1% is .01
 *                 COLUMN:3,17,90-120      one of these
 *                 label~TEXT label=TEXT token~TEXT token=TEXT, also !~ !=; "TEXT" where it has blanks or signs
 *                 sel:yes marked:no       and the other flags of column_table.h
 *                 fires:DOMAIN>1%         and the other measures of a domain
 *                 TEXT                    label~TEXT
 *
 * Columns, flags and measures come from their tables in columns.c. */
#ifndef SCRY_EXPLORER_TABLE_FILTER_H
#define SCRY_EXPLORER_TABLE_FILTER_H

#include "explorer/app_services.h"

typedef struct filter filter;

/* What is wrong and where, in bytes of the text. */
typedef struct filter_error {
    size_t at, length;
    char text[200];
} filter_error;

/* NULL and err for what cannot be read; of a blank text, a filter that lets all pass. Owner: filter_free. */
filter *filter_read(app *a, const char *text, filter_error *err);
/* While it is typed: does the text end in what may become a name? Then the names that it may become, in names. */
bool filter_is_unfinished(const char *text, char *names, size_t size);
void filter_free(filter *f);
bool filter_is_empty(const filter *f);
/* Does it ask for this column's numbers? */
bool filter_reads(const filter *f, int column);
/* What its rows change with: ON_RANKING, ... */
unsigned filter_on(const filter *f);

/* Finds out what takes its time (texts, slow measures) until the deadline; true when it can be run. before: one whose
 * findings this one may take over, or NULL. */
bool filter_prepare(filter *f, app *a, filter *before, double deadline);
/* Sets the bits of the latents that pass, a column at a time over blocks of latents; returns how many. */
uint32_t filter_run(const filter *f, app *a, uint64_t *bits);

#endif
