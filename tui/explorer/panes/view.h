/* view.h: a pane is one file with one table of operations. */
#ifndef SCRY_EXPLORER_PANES_VIEW_H
#define SCRY_EXPLORER_PANES_VIEW_H

#include "explorer/app.h"
#include "text/number_format.h"

typedef enum move { MOVE_STEP, MOVE_PAGE, MOVE_FIRST, MOVE_LAST } move;

typedef struct view {
    const char *name;
    void (*draw)(app *a, rect r, bool focus);
    void (*move)(app *a, move kind, long steps);
    /* column NULL: the next one. False: no such column; then *wrong lists the right ones. */
    bool (*sort)(app *a, const char *column, char *wrong, size_t size);
    void (*reverse)(app *a);
    void (*click)(app *a, rect r, int y, int x);
} view;

extern const view view_table, view_latent, view_domains;
extern const view *const views[PANES];

/* The rule above a pane, its title on it; returns the column after the title. */
int view_title(app *a, rect r, bool focus, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Where a move leads from row `at` of those from 0 to `last`, with so many rows a page (at least 1). At most INT32_MAX
 * steps. */
long view_moved(long at, move kind, long steps, long page, long last);

/* Keys and what they do, side by side, as many as fit; those without words are left out. */
void view_hints(app *a, rect r, const char *const hints[][2], size_t count);

/* The key that view_hints last named at a column of its line; of two side by side the one that is there. 0: none. */
uint32_t view_hint_key(const app *a, int x);

extern const layer layer_help, layer_sets, layer_plots, layer_page;

/* prompt.c. A message that is longer than the last line begins up to this many less one above it. */
enum { MESSAGE_LINES = 3 };
void prompt_draw(app *a);
void prompt_key(app *a, uint32_t key, command_effect *effect);
void footer_draw(app *a);
/* Clicks: on the list above the prompt (false: not on it), and on a hint of the footer. */
bool prompt_click(app *a, int y, command_effect *effect);
command_effect footer_click(app *a, int x);

#endif
