/* latent_page.h: a page of the latent's pane is one file and one row of LATENT_PAGES; and what pages share. */
#ifndef SCRY_EXPLORER_LATENT_LATENT_PAGE_H
#define SCRY_EXPLORER_LATENT_LATENT_PAGE_H

#include "explorer/app_services.h"
#include "latent.h"

#include <stdio.h>

/* A command whose key the footer names while the page is shown. */
typedef struct page_hint {
    const char *command, *words;
    int keep; /* where room is short the lowest goes first: explorer/panes/footer.c */
} page_hint;

typedef struct latent_page {
    const char *name, *brief; /* brief: where the title has little room */
    /* What the page is about, for the right of the title; text may stay empty. */
    void (*note)(app *a, char *text, size_t size);
    void (*draw)(app *a, rect r); /* below the title */
    void (*move)(app *a, move kind, long steps);
    /* As view's; NULL: there is one order. */
    bool (*sort)(app *a, const char *name, char *wrong, size_t size);
    void (*reverse)(app *a); /* NULL: it cannot be reversed */
    /* A list of latents: the one under the cursor, for Enter to go to. False: none. NULL: the page is no list. */
    bool (*target)(app *a, uint32_t *latent);
    void (*click)(app *a, int row, int x, int cols); /* NULL: nothing can be clicked */
    /* Work between frames: is there some; do it for about this many seconds (0: to the end). NULL: never. */
    bool (*working)(app *a);
    void (*work)(app *a, double seconds);
    size_t state_size;         /* what it keeps between frames: latent_page_state */
    void (*free)(void *state); /* what the state owns; NULL: nothing */
    /* Write the commands that bring back its order and options, for a session. NULL: there are none. */
    void (*write)(const app *a, FILE *f);
    const page_hint *hints; /* ends with a NULL command; NULL: none */
} latent_page;

enum { JUMPS_MOST = 32, LATENT_PAGES_MOST = 16 };

/* The pane's own state; that of each page is in its file. */
typedef struct latent_state {
    int capture; /* tokens from this one, -1: all */
    const latent_page *page;
    scry_token_pairing *pairing;          /* owned */
    scry_latent_activations *activations; /* owned: of the latent shown when last drawn */
    float strongest;                      /* its largest activation anywhere */
    struct {
        const latent_page *page;
        void *state;            /* owned */
    } pages[LATENT_PAGES_MOST]; /* those that have a state so far; the first without a page ends them */
    uint32_t jumped_from[JUMPS_MOST];
    int jumps;
} latent_state;

/* The pages, in the order in which they are shown: page_NAME of page_NAME.c. To add one, write its file and its row. */
#define LATENT_PAGES(PAGE)                                                                                             \
    PAGE(tokens)                                                                                                       \
    PAGE(histogram)                                                                                                    \
    PAGE(profile)                                                                                                      \
    PAGE(sources)                                                                                                      \
    PAGE(neighbours)                                                                                                   \
    PAGE(coactivation)                                                                                                 \
    PAGE(logits)                                                                                                       \
    PAGE(effect)

#define DECLARE_PAGE(name) extern const latent_page page_##name;
LATENT_PAGES(DECLARE_PAGE)
#undef DECLARE_PAGE

static inline latent_state *state_of(app *a) {
    return a->tab->latent_pane;
}
/* The state of a page, of its state_size bytes; all zero at first. */
void *latent_page_state(const app *a, const latent_page *page);
/* The latent's activations, read anew when it is another latent. */
const scry_latent_activations *latent_activations(app *a);
scry_token_pairing *latent_pairing(app *a);
/* The captures of the group that the page is about: that of the capture chosen, or the training set. */
int latent_group(app *a);
/* A number in about five columns: "4.22", ".312", "1203", "3e-05". */
void latent_number(double value, bool sign, char *text, size_t size);
/* The next of `count` words after `now`, or the named one; -1: none, and the words in `wrong`. */
int latent_choose(const char *const *words, int count, int now, const char *name, char *wrong, size_t size);

/* page_tokens.c: the example that stands first on that page, where it is shown. */
bool latent_first_example(app *a, scry_example *example);

/* example_text.c: the tokens around an example, in the scratch row: its columns from 0. */
typedef struct laid_out {
    int peak, columns; /* column of the example's token; columns used */
    bool cut_left, cut_right;
} laid_out;
/* before: columns that may stand before the token. */
laid_out latent_lay_out(app *a, size_t capture, uint64_t row, int before);
/* Copies scratch columns from `from` on; half of a wide character becomes a blank. */
void latent_copy(app *a, int y, int x, int cols, int from);
/* Where the lines of a text begin when it is cut to `cols` columns: from[0] is 0, from[n] the end. */
enum { LINES_MOST = 120 };
int latent_break(app *a, const laid_out *text, int cols, int from[LINES_MOST + 1]);

/* latent_list.c: a page's list of latents. */
typedef struct latent_list {
    uint32_t of; /* the latent that it is about */
    int count, cursor, top;
    int rows, head; /* lines when last drawn: of rows, and above them on the page; head 0: not drawn yet */
} latent_list;
typedef void latent_list_row(app *a, int y, int x, int cols, int row);

/* Set how many rows it has; about another latent it begins at the top. With none it is still about the one before. */
void latent_list_set(latent_list *l, uint32_t latent, size_t count);
/* Nothing moves before it is drawn. */
void latent_list_move(latent_list *l, move kind, long steps);
/* A click on a line of the page, where the rows in sight are those from `from` to before `end`. */
void latent_list_click(app *a, latent_list *l, int line, int from, int end);
/* Draw as many of the rows from `from` to before `end` as there is room for. */
void latent_list_rows(app *a, rect r, const latent_list *l, int from, int end, latent_list_row *draw);
/* The same of all rows, those around the cursor. */
void latent_list_draw(app *a, rect r, latent_list *l, latent_list_row *draw);
/* "* 1127  rank 2  = before a number", from x on. */
void latent_list_put(app *a, int y, int x, int cols, uint32_t latent);

#define CONDITIONS_NO_TEXT "(the study names no tokens for it)"

/* An example's token under a condition. */
typedef struct condition_row {
    scry_condition condition;
    size_t capture;
    int64_t row; /* -1: this condition has no such token */
    double h;
    bool reference; /* it is what sources are compared with */
} condition_row;

/* The longest name of a condition that was captured, at least 4 columns. */
int latent_condition_cols(const app *a);
/* The conditions of the example's text, the reference first. Returns how many there are. */
int condition_rows(app *a, const scry_example *e, condition_row out[SCRY_CONDITIONS]);
/* What the condition adds to the reference; NaN where one of them has no such token, and for the reference itself. */
double condition_difference(const condition_row *sides, const condition_row *s);
/* An activation, or a change of one, in at most 6 columns. */
void condition_text(double h, bool sign, char *text, size_t size);

/* full_sample.c: the sample over several lines. all: under every condition, with what moved. */
int full_sample_lines(app *a, const scry_example *e, bool all, int cols);
/* From its `line`-th line on, in the rows of r from y on. */
void full_sample_draw(app *a, rect r, int y, int line, const scry_example *e, bool all);

#endif
