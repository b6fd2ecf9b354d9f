/* table.h: the table of latents: its state, and what its files do for each other and for commands. */
#ifndef SCRY_EXPLORER_TABLE_TABLE_H
#define SCRY_EXPLORER_TABLE_TABLE_H

#include "explorer/panes/view.h"
#include "explorer/table/row_order.h"
#include "explorer/table/text_index.h"

struct filter;

enum { COLUMNS_MOST = 32, FILTER_MOST = 2048, COLUMNS_TEXT_MOST = 512 };

/* Which columns are shown, where, and how wide. */
typedef struct table_columns {
    int at[COLUMNS_MOST]; /* numbers in column_table.c, from the left */
    int count;
    int width[COLUMNS_MOST]; /* by number; 0: as the column asks */
    int cursor;              /* number of the column that keys act on, -1 */
} table_columns;

/* What the rows were made from: when it changes, so may they. */
typedef struct table_stamp {
    size_t train;
    scry_condition source;
    scry_reference against;
    scry_metric metric;
    uint32_t n;
    scry_score score;
    bool is_signed;
    uint64_t scope;                         /* hash of the domains' words, which may be many */
    uint64_t changes, mark_changes, labels; /* labels: scry_label_version */
} table_stamp;

typedef struct table_filter {
    char text[FILTER_MOST]; /* of the filter that is on; "" none */
    struct filter *on;      /* owned; NULL: none */
    struct filter *next;    /* owned; being prepared */
    char next_text[FILTER_MOST];
    uint64_t *bits;           /* [words of the latents] which pass */
    uint32_t *list;           /* [latents] the same as a list */
    char before[FILTER_MOST]; /* what Esc goes back to, while it is typed */
    uint32_t latent_before;
    char error[200]; /* of what is typed */
    size_t error_at, error_length;
} table_filter;

typedef struct table_find {
    char text[NEEDLE_MOST]; /* marked in the rows; "" none */
    text_match match;
    uint64_t *contexts; /* [words of the latents] with contexts_of in a context; NULL: not known yet; owned */
    char contexts_of[NEEDLE_MOST]; /* "": none was asked for */
    uint64_t contexts_asked;       /* how often they were */
    bool none;                     /* there was no match when last looked */
    bool pending;                  /* a search goes on, and then to a match */
    int direction;
    bool from_here, typed; /* typed: in the line that is open or was just closed */
    uint32_t origin;       /* latent that it began at */
    uint32_t row_before;   /* where Esc goes back to, while it is typed */
} table_find;

typedef struct table_state {
    row_order order;
    uint32_t cursor, top; /* rows */
    int column;           /* sorted by */
    bool reversed;
    table_stamp made;
    scry_set *marks, *marks_before; /* before: those taken away last, NULL none; owned */
    uint64_t mark_changes;
    uint32_t mark_last; /* where a range of marks begins */
    int page;           /* rows shown when last drawn */
    uint32_t wanted;    /* latent that the filter hides and someone asked for; NO_ROW none */
    table_columns columns;
    text_order texts;
    table_filter filter;
    table_find find;
    float *on;         /* [latents] mean activation on the text of :fires-on; NULL: none was asked for; owned */
    uint64_t on_asked; /* how often that was asked for */
    float *what_if;    /* [latents], right in the first what_if_done */
    uint32_t what_if_done;
    uint64_t what_if_of; /* scry_session_version */
    bool ahead;          /* the other sources are ranked too */
    uint64_t read_from;  /* scry_prefetch */
    bool read;           /* all of it is asked for */
} table_state;

extern const view view_table;

/* Makes and frees the tab's state of the table. */
void table_open(tab *t);
void table_close(tab *t);

uint32_t table_rows(const app *a);
void table_refresh(app *a);        /* after a change of the session */
void table_remake(app *a);         /* sorts and filters again; the cursor stays on its latent */
void table_refilter(app *a);       /* after a change of the filter alone */
bool table_is_stale(const app *a); /* toggles, marks and labels have not been sorted in yet */
/* The same, but the cursor stays on its row: what is next comes to it. */
void table_resort(app *a);
void table_sort(app *a, int column, bool reversed);
bool table_go(app *a, uint32_t latent); /* cursor to a latent; false: the filter hides it */
void table_go_row(app *a, uint32_t row);
void table_escape(app *a); /* Esc: the column cursor and the marked matches go */
bool table_passes(const app *a, uint32_t latent);

/* rho if each of n latents were switched; computed once a change where many are asked for. */
void table_what_if(app *a, uint32_t from, uint32_t n, double *out);
/* Are there latents for which it is not computed since the last change? */
bool table_what_if_waits(const app *a);
/* Compute at most this many more. True when all are done. */
bool table_what_if_step(app *a, uint32_t most);

/* What waits to be done: 0 nothing, 1 something for when keys rest, 2 something that a person waits for. */
int table_waits(const app *a);
/* Does a little of it; true when the screen changes with it. */
bool table_work(app *a);
void table_finish(app *a); /* all that a person waits for */

/* Is column x of the screen in the column that a click switches latents in or out by? r: the pane. */
bool table_switches_at(const app *a, rect r, int x);

/* False and t->filter.error for what cannot be read; then the rows stay as they are. */
bool table_filter_set(app *a, const char *text);
const char *table_filter_text(const tab *t);
void table_filter_apply(app *a); /* once t->filter.next is prepared */

/* Goes to the next match, now or when it is found; says what became of it. */
void table_find_go(app *a, const char *text, int direction, bool from_here);
void table_find_step(app *a, double deadline);
void table_find_say(app *a); /* which of how many the cursor is on */
/* Begins to search the contexts for what is searched for, unless they are known. */
void table_contexts_find(app *a);
/* Goes to a match where there was none before find.contexts came; says which the cursor is on. */
void table_find_more(app *a);

/* The shown columns as one line, "rank,latent:9,label", to be kept; and back: false, nothing changed and *wrong the
 * word that is no column. */
void table_columns_text(const tab *t, char text[COLUMNS_TEXT_MOST]);
bool table_columns_read(tab *t, const char *text, char wrong[64]);
/* Adds one NAME or NAME:WIDTH, unless it is there; false: no such column, or no width from 1 to 120. */
bool table_columns_add(table_columns *c, const char *word);
void table_columns_default(tab *t);
/* Takes no room: there is nothing to say in it yet. */
bool table_column_is_mute(const app *a, int column);
int table_column_place(const tab *t, int column); /* -1: hidden */

/* The latent's label, or its key tokens where it has none; safe text. Returns whether labelled. */
bool table_label(const app *a, uint32_t latent, char *text, size_t size);

enum { TABLE_MORE = 6 }; /* columns of " +12 >" */

typedef struct table_slot {
    int x, width; /* width 0: not shown */
} table_slot;

typedef struct table_layout {
    table_slot at[COLUMNS_MOST]; /* by the column's number in column_table.c */
    int hidden;                  /* chosen columns for which there is no room */
} table_layout;

/* The column under the column cursor always has room, so that Left and Right reach each. */
void table_layout_make(const app *a, int cols, table_layout *places);
/* " +3 >", or nothing where all are shown; returns its columns. */
int table_layout_more(const table_layout *places, char text[TABLE_MORE + 1]);

#endif
