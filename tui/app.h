/* app.h: the explorer's state. Commands change it, views draw it into the grid, and neither knows
 * a terminal. Owner of everything in it: app_free. */
#ifndef SCRY_APP_H
#define SCRY_APP_H

#include "commands/commands.h"
#include "draw/grid.h"
#include "draw/layout.h"
#include "session.h"

enum { EXAMPLES_MOST = 200, TEXT_MOST = 512 };

typedef struct table_state {
    uint32_t *order; /* [F] latent at each row */
    uint32_t rows, cursor, top;
    int column; /* sorted by */
    bool reversed;
    scry_condition source; /* the ranking that order was made from */
    scry_metric metric;
    scry_set *marks;
    int page; /* rows shown when last drawn */
} table_state;

typedef struct latent_state {
    int capture; /* tokens from this one, -1: all */
    int top;
    /* what the examples below belong to */
    bool filled;
    uint32_t latent;
    int filled_capture;
    scry_example example[EXAMPLES_MOST];
    size_t examples;
    int page;
} latent_state;

typedef struct domains_state {
    int sort;
    bool reversed;
    int top, page;
    double scale; /* STS of a full bar: fixed while latents are toggled, so that movement shows */
    scry_score scale_score;
    uint32_t scale_n;
} domains_state;

/* One line of typing at the bottom of the screen. */
typedef struct prompt {
    const command *then; /* command that takes the text; NULL: closed. The palette takes it itself */
    char text[TEXT_MOST];
    uint32_t cursor_before; /* search: where Esc goes back to */
} prompt;

typedef struct app {
    scry_index *index;
    const scry_info *info;
    scry_session *session;
    grid *grid;
    grid *scratch; /* one row, for text that is cut on the left */
    layout layout;
    bool ascii, mono;
    pane focus;
    int enlarged; /* pane that fills the screen, -1 */
    bool help;
    int help_top;
    table_state table;
    latent_state latent;
    domains_state domains;
    prompt prompt;
    char message[TEXT_MOST];
    bool message_is_error;
    char search[TEXT_MOST];
    char file[TEXT_MOST]; /* last exported to or imported from */
    double rho_before;    /* before the last step, NaN: none */
} app;

/* Takes the index and the session. */
app *app_new(scry_index *index, scry_session *session, int rows, int cols, bool ascii, bool mono);
void app_free(app *a);

/* A command of the table, by name and argument, as typed in the palette or a script. */
command_effect app_command(app *a, const char *line);
command_effect app_key(app *a, uint32_t key);
command_effect app_click(app *a, int y, int x);
command_effect app_wheel(app *a, int y, int x, int steps);
void app_resize(app *a, int rows, int cols);
/* Draws everything into a->grid. */
void app_draw(app *a);

/* For commands. */
void app_say(app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
command_effect app_fail(app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint32_t app_latent(const app *a); /* under the cursor */
/* Runs a step of the session and says what became of rho; changed: its return value. */
command_effect app_stepped(app *a, bool changed, const char *what);
/* rho before a step: call first. */
void app_before_step(app *a);
/* Opens the prompt for a command. */
command_effect app_ask(app *a, const char *name, const char *text);

#endif
