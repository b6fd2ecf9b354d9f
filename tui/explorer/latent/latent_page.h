/* latent_page.h: a page of the latent's pane is one file with one table of operations. */
#ifndef SCRY_EXPLORER_LATENT_LATENT_PAGE_H
#define SCRY_EXPLORER_LATENT_LATENT_PAGE_H

#include "text/text.h"
#include "explorer/panes/view.h"

typedef struct latent_page {
    const char *name, *brief; /* brief: where the title has little room */
    /* What the page is about, for the right of the title; text may stay empty. */
    void (*note)(app *a, char *text, size_t size);
    void (*draw)(app *a, rect r); /* below the title */
    void (*move)(app *a, move kind, long steps);
    /* As view's; NULL: there is one order. */
    bool (*sort)(app *a, const char *name, char *wrong, size_t size);
    void (*reverse)(app *a);
    /* A list of latents: the one under the cursor, and which a row of the page shows (-1: none). */
    bool (*target)(app *a, uint32_t *latent);
    void (*click)(app *a, int row, int x, int cols);
    /* Work between frames: is there some; for about so many seconds (0: to the end). */
    bool (*working)(app *a);
    void (*work)(app *a, double seconds);
} latent_page;

extern const latent_page page_tokens, page_histogram, page_profile, page_sources, page_neighbours, page_coactivation;
extern const latent_page *const latent_pages[LATENT_PAGES];

static inline latent_state *state_of(app *a) {
    return &a->tab->latent;
}
/* The latent's activations, read anew when it is another latent. */
const scry_latent_activations *latent_fires(app *a);
scry_token_pairing *latent_pairs(app *a);
/* The captures of the group that the page is about: that of the capture chosen, or the training set. */
int latent_group(app *a);
/* A number in about five columns: "4.22", ".312", "1203", "3e-05". */
void latent_number(double value, bool sign, char *text, size_t size);
/* The next of `count` words after `now`, or the named one; -1: none, and the words in `wrong`. */
int latent_choose(const char *const *words, int count, int now, const char *name, char *wrong, size_t size);

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

/* latent_list.c */
void latent_list_clamp(latent_list *l, uint32_t latent, int count, int rows);
/* A click put the cursor on this row. */
void latent_list_click(app *a, latent_list *l, int row);
void latent_list_move(latent_list *l, move kind, long steps, int count);
/* "* 1127  rank 2  = before a number", from x on. */
void latent_list_draw(app *a, int y, int x, int cols, uint32_t latent);

#endif
