/* explorer/app.h: the explorer's state. Commands change it, views draw it into the grid, and neither knows
 * a terminal. Owner of everything in it: app_free. */
#ifndef SCRY_EXPLORER_APP_H
#define SCRY_EXPLORER_APP_H

#include "shell/commands.h"
#include "draw/grid.h"
#include "draw/layout.h"
#include "draw/theme.h"
#include "session.h"
#include "explorer/state/prompt_history.h"
#include "explorer/state/session_autosave.h"
#include "shell/keymap.h"
#include "explorer/state/script.h"
#include "explorer/panes/domain_list.h"
#include "explorer/panes/help_page.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/sets/set_list.h"
#include "explorer/panes/chart_page.h"
#include "explorer/panes/text_page.h"
#include "explorer/table/table_pane.h"
#include "explorer/async_results.h"

/* A line of typing takes the longest label, and a list of very many domains, so that neither is cut when it is edited.
 */
enum { TEXT_MOST = 8192 };

/* One line of typing at the bottom of the screen. */
typedef struct prompt {
    const command *then; /* command that takes the text; NULL: closed. The palette takes it itself */
    char text[TEXT_MOST];
    size_t at;              /* the cursor, in bytes of text */
    int pick;               /* of the list above it, -1: none */
    bool listing;           /* the list is shown (the palette shows it always) */
    size_t back;            /* lines back in the history, 0: not there */
    uint32_t cursor_before; /* search: where Esc goes back to */
} prompt;

/* A full-screen page over the panes: the help, a plot. One file with one table of operations. */
struct app;
typedef struct layer {
    const char *name;
    void (*draw)(struct app *a, rect r);
    /* Its own keys. False: not one of them, and the table of commands is asked. */
    bool (*key)(struct app *a, uint32_t key, command_effect *effect);
    void (*wheel)(struct app *a, int steps);
    /* On a cell, from the layer's first row; NULL: nothing there can be clicked. */
    command_effect (*click)(struct app *a, int y, int x, int clicks);
    void (*footer)(struct app *a, rect r); /* its keys, in the last line */
    const char *const (*keys)[2];          /* all of its keys and what they do, for the help; ends with NULL */
} layer;

/* Keys that the last line names, and where, for a click on them. */
enum { FOOTER_HINTS = 16 };
typedef struct footer_hint {
    const char *keys; /* "j k"; borrowed, of static storage */
    int x, cols;
} footer_hint;

/* An open index and everything that one does with it. */
typedef struct tab {
    scry_index *index;
    const scry_info *info;
    scry_session *session;
    pane focus;
    int enlarged; /* pane that fills the screen, -1 */
    table_state table;
    latent_state latent;
    domains_state domains;
    sets_state sets;
    chart_page_state plots;
    char search[TEXT_MOST];
    char file[TEXT_MOST]; /* last exported to or imported from; "" none */
    double rho_before;    /* before the last step, NaN: none */
    session_autosave keep;
} tab;

typedef struct app {
    tab **tabs; /* owned */
    size_t tab_count;
    tab *tab; /* the one that is shown */
    grid *grid;
    grid *scratch; /* one row, for text that is cut on the left */
    layout layout;
    bool ascii, mono; /* mono: what colour would say is said by signs */
    theme theme;      /* with what the user set of it */
    color_level colors;
    const layer *layer;               /* NULL: the panes */
    const layer *beneath;             /* the help was called from it and leads back to it; NULL: from the panes */
    footer_hint hinted[FOOTER_HINTS]; /* of the layer; the first without columns ends them */
    chart_kind plot;                  /* which one the layer of plots shows */
    async_results *works;             /* owned */
    help_state help;
    page_state page;
    prompt prompt;
    history history;
    keymap keys;
    recording recording;
    char message[TEXT_MOST];
    bool message_is_error;
    bool asked_to_leave;   /* while something is being written */
    char *copied;          /* owned: for the terminal's clipboard after the next frame; NULL: nothing */
    int64_t unsaved_since; /* milliseconds of the monotonic clock, 0: all is saved */
} app;

/* One index open. Takes the index and the session. */
app *app_new(scry_index *index, scry_session *session, int rows, int cols, bool ascii, bool mono);
/* Opens another beside it, and shows it. Takes the index and the session. */
void app_add_tab(app *a, scry_index *index, scry_session *session);
void app_free(app *a);
/* Closes the tab that is shown, saved where it is kept, and shows the one beside it; not for the only one, nor while
 * an errand is under way. Waits until the threads beside have let go of its index. */
void app_drop_tab(app *a);

/* A command of the table, by name and argument, as typed in the palette or a script. */
command_effect app_command(app *a, const char *line);
/* The same for a row that has been found. */
command_effect app_run(app *a, const command *c, const char *argument);
command_effect app_key(app *a, uint32_t key);
/* clicks: 2 for the second of two at one place. */
command_effect app_click(app *a, int y, int x, int clicks);
command_effect app_wheel(app *a, int y, int x, int steps);
void app_resize(app *a, int rows, int cols);
/* Another theme, or another number of colours; what the user set of the theme stays. */
void app_look(app *a, const theme *t, color_level colors);
/* Draws everything into a->grid. */
void app_draw(app *a);

/* For commands. */
void app_say(app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
command_effect app_fail(app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint32_t app_latent(const app *a); /* under the cursor */
/* Gives a pane the keys; where one fills the screen, this one does then: keys never act on what is not shown. */
void app_focus(app *a, pane p);
/* Runs a step of the session and says what became of rho; changed: its return value. */
command_effect app_stepped(app *a, bool changed, const char *what);
/* The same after a change of the domains, which leaves the selection as it is. */
command_effect app_rescoped(app *a, const char *what);
/* rho before a step: call first. */
void app_before_step(app *a);
/* Opens the prompt for a command. */
command_effect app_ask(app *a, const char *name, const char *text);

#endif
