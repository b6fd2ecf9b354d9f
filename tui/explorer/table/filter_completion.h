/* filter_completion.h: what the text of a filter can go on with, for completion and for saying so while it is typed. */
#ifndef SCRY_EXPLORER_TABLE_FILTER_COMPLETION_H
#define SCRY_EXPLORER_TABLE_FILTER_COMPLETION_H

#include "explorer/table/table.h"

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
