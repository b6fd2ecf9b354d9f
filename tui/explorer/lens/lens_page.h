/* lens_page.h: the page of :lens: the mean difference of residuals, and what it says. Its state, and what its files
 * share. */
#ifndef SCRY_EXPLORER_LENS_LENS_PAGE_H
#define SCRY_EXPLORER_LENS_LENS_PAGE_H

#include "explorer/app_services.h"
#include "latent.h"
#include "lens.h"

/* Tokens and latents of each list; positions: all, and the first. */
enum { LENS_PAGE_TOP = 40, LENS_PAGE_ROWS = 1 + SCRY_LENS_POSITIONS };

/* What was found; texts are the lens's. */
typedef struct lens_found {
    scry_lens_query query;
    scry_lens_through through;
    scry_lens_means means;
    scry_token_logit tokens[LENS_PAGE_ROWS][SCRY_LOGIT_SIDES][LENS_PAGE_TOP];
    char no_tokens[sizeof((scry_error *)0)->text]; /* why there are none; "" there are */
    scry_neighbour latents[LENS_PAGE_ROWS][2][LENS_PAGE_TOP];
    size_t latent_count[LENS_PAGE_ROWS][2];
    uint32_t random_size; /* latents of the random sets */
    double random_mean[LENS_PAGE_ROWS], random_sd[LENS_PAGE_ROWS];
} lens_found;

typedef struct lens_page_state {
    scry_lens *lens; /* owned, as is the span; NULL: not opened yet, or lent to the job */
    scry_span *span;
    lens_found *found;                           /* owned; NULL: none */
    char problem[sizeof((scry_error *)0)->text]; /* in place of it; "" none */
    bool behind;                                 /* the span is not that of the selection yet: another frame goes on */
    bool waits, again;                           /* a job runs; it is to begin again with another question */

    bool asked; /* of is chosen; else the first source that there is */
    scry_condition of;
    int domain; /* or SCRY_LENS_TRAIN */
    scry_lens_through through;
    size_t row;                    /* position under the cursor */
    size_t cursor, top;            /* in the list of latents: the nearest, then the opposite */
    int list_y, list_x, list_rows; /* when last drawn, from the layer's first row */
} lens_page_state;

lens_page_state *lens_page_new(void);
void lens_page_free(lens_page_state *s); /* accepts NULL */

static inline lens_page_state *lens_page_of(const app *a) {
    return a->tab->lens;
}

/* What the page asks for now: of the session's training set and reference. */
scry_lens_query lens_page_query(const app *a);
/* True when what was found answers another question by now. */
bool lens_page_is_old(const app *a);
/* lens_work.c: finds it in the background. */
void lens_work_begin(app *a);
/* Latents of the position under the cursor, both sides; and the one at a place of the list. */
size_t lens_latent_count(const lens_page_state *s);
const scry_neighbour *lens_latent_at(const lens_page_state *s, size_t i);

/* lens_draw.c: the whole page. Each frame takes the span on towards the selection. */
void lens_page_draw(app *a, rect r);
extern const layer layer_lens;
/* True when another frame has to take it on. */
bool lens_page_working(const app *a);

#endif
