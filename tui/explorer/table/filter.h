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
 * Columns, flags and measures come from their tables in column_table.c. */
#ifndef SCRY_EXPLORER_TABLE_FILTER_H
#define SCRY_EXPLORER_TABLE_FILTER_H

#include "explorer/table/table.h"

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

enum { FILTER_WORDS_MOST = 64, FILTER_WORD = 96 };

typedef struct filter_completion {
    char word[FILTER_WORDS_MOST][FILTER_WORD]; /* with quotes where they are needed, and the sign that must follow */
    int count;
    size_t from; /* where in the text the word begins that they stand for */
    bool value;  /* of a flag or a measure ("in:", "fires:"), not a name */
} filter_completion;

/* Words that begin with what stands before `at` (a place in bytes): columns, flags and measures by name; yes and no
 * behind a flag, domains behind a measure. None inside numbers and texts. */
void filter_completion_at(const app *a, const char *text, size_t at, filter_completion *out);
/* Does the text end in a value that is not whole yet? Then those that it may become, side by side, in list. */
bool filter_completion_unfinished(const app *a, const char *text, char *list, size_t size);
/* Puts in all that the words have in common in the place of what is typed, and moves the cursor behind it. False: there
 * is no more to put in; then list has them side by side. */
bool filter_completion_apply(const app *a, char *text, size_t room, size_t *at, char *list, size_t size);

#endif
