/* help_page.h: all keys and commands, made from the table of commands. */
#ifndef SCRY_EXPLORER_PANES_HELP_PAGE_H
#define SCRY_EXPLORER_PANES_HELP_PAGE_H

#include "explorer/app_services.h"

enum { HELP_FILTER = 64 };

/* All zero: all lines, from the top. */
typedef struct help_state {
    int top;
    char filter[HELP_FILTER]; /* only lines that hold it are shown */
    size_t at;                /* the cursor in it */
    bool typing;
} help_state;

extern const layer layer_help;

enum { HELP_LINES = 400 };

/* One line of the page. Texts last as long as the tables that they are from; `part` bytes of `text` from
 * `from` on belong to this line, the others to the lines after it. */
typedef struct help_line {
    const char *key, *name, *arguments, *text;
    int from, part;
    bool title;
} help_line;

/* The page with help texts wrapped to `cols` columns, in help_line[HELP_LINES]; returns how many lines. First what
 * acts in the pane that has the keys, then the rest by group, then the columns and the words. filter: titles are
 * left only where a line below them holds it. */
int help_lines(app *a, int cols, const char *filter, help_line *lines);
/* Does the command mean something of its own in some pane? */
bool help_acts_in_a_pane(const char *name);
/* Does the text hold the filter? Capitals alike; where, if it does. */
const char *help_find(const char *text, const char *filter);

#endif
