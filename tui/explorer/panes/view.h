/* view.h: a pane is one file with one table of operations; and what panes share. */
#ifndef SCRY_EXPLORER_PANES_VIEW_H
#define SCRY_EXPLORER_PANES_VIEW_H

#include "explorer/app_services.h"
#include "text/number_format.h"

typedef struct view {
    const char *name;
    void (*draw)(app *a, rect r, bool focus);
    void (*move)(app *a, move kind, long steps);
    /* column NULL: the next one. False: no such column; then *wrong lists the right ones. */
    bool (*sort)(app *a, const char *column, char *wrong, size_t size);
    void (*reverse)(app *a);
    void (*click)(app *a, rect r, int y, int x);
} view;

/* Draw the rule above a pane with its title on it; returns the column after the title. */
int view_title(app *a, rect r, bool focus, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "ranked by icl sq", "ranked by icl against control sq"; or in full "ranked by icl, mean squared shift". */
void view_ranking(scry_condition source, scry_reference against, scry_metric metric, bool full, char *text,
                  size_t size);

/* Where a move leads from row `at` of those from 0 to `last`, with this many rows a page (at least 1). At most
 * INT32_MAX steps. */
long view_moved(long at, move kind, long steps, long page, long last);

/* Draw keys and what they do, as many as fit; those without words are left out. */
void view_hints(app *a, rect r, const char *const hints[][2], size_t count);
/* The key that view_hints last named at a column of its line; of two keys the one under the column. 0: none. */
uint32_t view_hint_key(const app *a, int x);

extern const view *const views[PANES];

#endif
