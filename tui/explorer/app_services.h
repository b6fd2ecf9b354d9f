/* explorer/app_services.h: the application as the explorer's parts see it: the open index and its session, the
 * grid and the theme, the message line, the prompt and the commands. It includes no pane, page or layer: each has its
 * state in a struct of its own file. Only app.c and event_loop.c put the parts together (explorer/app.h). */
#ifndef SCRY_EXPLORER_APP_SERVICES_H
#define SCRY_EXPLORER_APP_SERVICES_H

#include "charts/chart.h"
#include "draw/grid.h"
#include "draw/layout.h"
#include "draw/theme.h"
#include "shell/keymap.h"
#include "explorer/state/prompt_history.h"
#include "explorer/state/recording.h"
#include "session.h"
#include "shell/commands.h"

/* A parameter that a table's function type has and this function does not need. */
#define UNUSED __attribute__((unused))

/* Long enough to edit the longest label, and a list of very many domains. */
enum { TEXT_MOST = 8192 };

/* The line that is typed at the bottom of the screen. */
typedef struct prompt {
    const command *then; /* command that takes the text; NULL: closed. The palette takes it itself */
    char text[TEXT_MOST];
    size_t at;    /* the cursor, in bytes of text */
    int pick;     /* in the list above it, -1: none */
    bool listing; /* the list is shown (the palette always shows it) */
    size_t back;  /* lines back in the history, 0: not there */
} prompt;

/* The effect of a command, as bits, by which the event loop decides what to do next. */
typedef enum command_effect { DID_NOTHING = 0, DID_CHANGE = 1, DID_QUIT = 2, DID_REDRAW = 4 } command_effect;
struct app;
typedef command_effect command_function(struct app *a, const char *argument);

typedef enum move { MOVE_STEP, MOVE_PAGE, MOVE_FIRST, MOVE_LAST } move;

/* A full-screen layer over the panes: the help, the sets, a plot, a page of text. One file and one row of operations;
 * all but name, draw, key and footer may be NULL. */
typedef struct layer {
    const char *name;
    void (*draw)(struct app *a, rect r);
    /* Its own keys. False: not one of them, and the table of commands is asked. */
    bool (*key)(struct app *a, uint32_t key, command_effect *effect);
    /* A pasted text. False: nothing is typed there. */
    bool (*paste)(struct app *a, const char *text);
    void (*footer)(struct app *a, rect r); /* its keys, in the last line */
    void (*wheel)(struct app *a, int steps);
    /* On a cell, from the layer's first row. */
    command_effect (*click)(struct app *a, int y, int x, int clicks);
    /* Commands that move up and down, and sideways; NULL: they act on the pane beneath. */
    void (*move)(struct app *a, move kind, long steps);
    void (*slide)(struct app *a, int steps);
    const char *const (*keys)[2]; /* all of its keys and what they do, for the help; ends with NULL */
    bool waits_for_job;           /* job.page belongs to it: cancelled when the layer is left */
} layer;

/* Keys that the last line of a layer names, and where, for a click on them. */
enum { FOOTER_HINTS = 16 };
typedef struct footer_hint {
    const char *keys; /* "j k"; borrowed, of static storage */
    int x, cols;
} footer_hint;

/* An open index with its session. Panes and pages own their states. */
typedef struct tab {
    scry_index *index;
    const scry_info *info;
    scry_session *session;
    uint32_t latent; /* under the cursor of the table; the other panes show it */
    pane focus;
    int enlarged; /* the pane that fills the screen, -1: none */
    struct table_state *table;
    struct latent_state *latent_pane;
    struct domains_state *domains;
    struct sets_state *sets;
    struct chart_page_state *plots;
    struct prompt_page_state *prompts;
    struct lens_page_state *lens;
    struct diff_page_state *diff;
    struct causal_state *causal;
    struct session_autosave *autosave;
    char search[TEXT_MOST];
    char file[TEXT_MOST];    /* last exported to or imported from; "" none */
    char written[TEXT_MOST]; /* last exported to since the tab was opened; "" none */
    double rho_before;       /* before the last step, NaN: none */
} tab;

/* A command that waits for yes before it overwrites a file. */
typedef struct overwrite_question {
    const command *command; /* NULL: nothing is asked */
    char argument[TEXT_MOST];
} overwrite_question;

typedef struct app {
    tab **tabs; /* owned */
    size_t tab_count;
    tab *tab; /* the one that is shown */
    grid *grid;
    grid *scratch; /* one row, for text that is cut on the left */
    layout layout;
    bool ascii, mono; /* mono: signs say what colour would */
    theme theme;      /* with the user's own colours */
    color_level colors;
    const layer *layer;                     /* NULL: the panes */
    const layer *layer_below;               /* the help leads back to it; NULL: to the panes */
    footer_hint footer_hints[FOOTER_HINTS]; /* of the layer; the first without columns ends them */
    chart_kind plot;                        /* shown by the layer of plots */
    struct async_results *async;
    struct jobs *jobs;
    struct causal_runs *causal_runs;
    struct help_state *help;
    struct page_state *page;
    prompt prompt;
    history history;
    keymap keys;
    recording recording;
    command_function *const *functions; /* by number in `commands` */
    const command *command;             /* the one that is running; NULL: none */
    const char *model;                  /* the folder of the studies' model; NULL: as each study says. Borrowed */
    const char *tuned, *sae;            /* the same of the tuned model, and of the SAE's files */
    double amplify;                     /* scry_model_amplify of the tuned model; 1: as it is */
    unsigned threads;                   /* for the model; 0: all processors */
    uint64_t memory;                    /* limit for it, in bytes; 0: SCRY_MEMORY */
    bool can_ask;    /* somebody is at the terminal; else files are replaced without asking, as the shell does */
    bool overwrites; /* the running command may overwrite its file: "export! FILE", or yes */
    overwrite_question question;
    char message[TEXT_MOST];
    bool message_is_error;
    bool asked_to_leave;   /* while something is being written */
    char *copied;          /* owned: for the terminal's clipboard after the next frame; NULL: nothing */
    int64_t unsaved_since; /* milliseconds of the monotonic clock, 0: all is saved */
} app;

/* Show the tab's index against what its session now compares with; after a step that may have changed it. */
void app_follow_reference(tab *t);

/* The functions that the rows of `commands` name for the explorer. */
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help) command_function explorer;
#include "shell/commands.def"
#undef COMMAND

/* Put a message in the last line; app_fail: as an error. Both return DID_CHANGE. */
command_effect app_say(app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
command_effect app_fail(app *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False, and the reason as an error, where the study has no domains. */
bool app_has_domains(app *a);

/* Run a line as typed in the palette or a script: a command of the table and its argument. */
command_effect app_command(app *a, const char *line);
/* Run a row of the table of commands, and record it in a macro. */
command_effect app_run(app *a, const command *c, const char *argument);
/* Add a command to the macro that is recorded, unless it failed or still asks for its argument. _mouse: the command
 * that does what the mouse did. */
void app_record(app *a, const char *name, const char *argument);
void app_record_mouse(app *a, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* True when the running command may write to this file, of which `what` is the name in messages. Where there is one
 * already, asks and returns false: yes runs the command again. In a macro, which waits for nobody, that is an error. */
bool app_may_write(app *a, const char *path, const char *what, const char *argument);
/* Open the prompt for a command, with this text in it. */
command_effect app_ask(app *a, const char *name, const char *text);

/* Make a text safe to draw, in out[size], and cut it to `cols` columns. */
void app_fit_text(const app *a, const char *text, int cols, char *out, size_t size);
/* The latent under the cursor. */
uint32_t app_latent(const app *a);
static inline bool app_amplifies(const app *a) {
    return a->amplify < 1 || a->amplify > 1;
}
/* "tuned", or where it is amplified "tuned x 2", in out[size]. Returns out. */
const char *app_tuned_name(const app *a, char *out, size_t size);
/* Write what a tab is called, in out[size]: its study, and where another tab has the same, what tells them apart. */
void app_tab_name(const app *a, const tab *t, char *out, size_t size);
/* Give a pane the keys; where one fills the screen, show this one instead: keys never act on what is not shown. */
void app_focus(app *a, pane p);
/* Draw with another theme, or another number of colours; the user's own colours stay. */
void app_look(app *a, const theme *t, color_level colors);

#endif
