/* completion.h: what a command's argument can be, from the words of the table of commands: "[CAPTURE|all]" takes a
 * capture's name or "all". */
#ifndef SCRY_EXPLORER_PANES_COMPLETION_H
#define SCRY_EXPLORER_PANES_COMPLETION_H

#include "explorer/app_services.h"

enum { COMPLETE_MOST = 48, COMPLETE_TEXT = 200 };

typedef struct candidate {
    char text[COMPLETE_TEXT]; /* a folder's name ends with '/' */
    uint64_t letters;         /* that were typed: text/fuzzy_match.h */
    int score;
} candidate;

/* What could stand in the place of typed[from..to], best first. */
typedef struct completion {
    size_t from, to, count;
    candidate candidate[COMPLETE_MOST];
} completion;

/* arguments: as the table has them, "[NAME] [TIMES]"; typed: what stands after the command's word, the cursor at
 * byte `at` of it. */
void completion_find(app *a, const char *arguments, const char *typed, size_t at, completion *out);
/* What Enter makes of a beginning: "wha" is "what-if" where no other column begins so. Not for files, sets and macros.
 * False: typed is as it was. */
bool completion_rest(app *a, const char *arguments, char *typed, size_t size);

#endif
