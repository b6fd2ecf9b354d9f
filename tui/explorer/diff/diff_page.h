/* diff_page.h: the page of :diff: a text by both models, token by token. Its state, and what its files share. */
#ifndef SCRY_EXPLORER_DIFF_DIFF_PAGE_H
#define SCRY_EXPLORER_DIFF_DIFF_PAGE_H

#include "diff.h"
#include "diff_reader.h"
#include "explorer/latent/token_layout.h"

/* Next tokens of each model, latents and places that are kept: as many as the highest screens show. */
enum { DIFF_PAGE_NEXT = 20, DIFF_PAGE_LATENTS = 100, DIFF_PAGE_PLACES = 500 };

/* A token behind which the models differ. */
typedef struct diff_page_place {
    size_t text, token; /* text of the reader, token of the text */
    double kl, gain;
} diff_page_place;

/* What is asked of a job: the text that holds a row of a base capture, or the text of a number. */
typedef struct diff_page_question {
    bool by_row, any_row; /* any_row: any of the capture */
    size_t capture;
    uint64_t row;
    size_t text, token;
    bool first_place; /* the place with the largest KL instead, of the capture where by_row */
    bool keep;        /* compute the differences of all texts first, and keep them with the index */
} diff_page_question;

typedef struct diff_page_state {
    scry_diff_reader *reader; /* owned; a job that runs uses it, and only pieces of tokens are asked meanwhile */
    size_t train;             /* the reader's */
    double amplify;           /* app.amplify when it was opened */
    scry_diff_text *found;    /* owned; NULL: none */
    char problem[sizeof((scry_error *)0)->text]; /* in place of it; "" none */
    bool waits, again;                           /* a job runs; it is to begin anew with another question */
    diff_page_question question;                 /* of it, or the last */

    scry_diff_by by;
    bool all_texts;         /* places are of all texts, as kept with the index; else of the one that is shown */
    diff_page_place *place; /* [places] greatest first; owned */
    size_t places;
    size_t place_cursor, place_top; /* under the cursor; first that is shown */

    size_t token; /* under the cursor */
    token_layout layout;
    bool layout_plain;
    scry_diff_by layout_by;
    int top;
    bool by_activation;
    scry_diff_latent latent[DIFF_PAGE_LATENTS];
    size_t latents, cursor, list_top;
    int text_y, text_rows, text_cols, places_y, places_rows, list_x, list_y, list_rows; /* when last drawn */
} diff_page_state;

diff_page_state *diff_page_new(void);
void diff_page_free(diff_page_state *s); /* accepts NULL */

static inline diff_page_state *diff_page_of(const app *a) {
    return a->tab->diff;
}

/* diff_work.c: answers a question in the background. */
void diff_work_begin(app *a, const diff_page_question *question);
/* Shows the token, and its latents. */
void diff_page_go_token(diff_page_state *s, size_t token);
/* Lists the places anew, by KL or by the change of the loss. */
void diff_page_list_places(app *a);
/* The size by which tokens are shaded and places ordered; 0 where it is not known. */
double diff_page_size(scry_diff_by by, double kl, double gain);

/* diff_text_view.c: the text in lines of `cols` columns, unless it is laid out so already; and the lines from s->top on
 * into the rows of r. */
void diff_text_lay_out(app *a, int cols);
void diff_text_draw(app *a, rect r);
/* The largest size of the text's tokens, and the least that is marked. */
double diff_text_strongest(const diff_page_state *s);
double diff_text_least(const app *a);

/* diff_page.c: reads the text that is shown by the models as they are now. */
void diff_page_read_again(app *a);

/* diff_draw.c: the whole page. */
void diff_page_draw(app *a, rect r);
extern const layer layer_diff;

#endif
