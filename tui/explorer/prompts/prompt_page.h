/* prompt_page.h: the page of :prompt: a text through the model, token by token. Its state, and what its files share. */
#ifndef SCRY_EXPLORER_PROMPTS_PROMPT_PAGE_H
#define SCRY_EXPLORER_PROMPTS_PROMPT_PAGE_H

#include "explorer/latent/token_layout.h"
#include "explorer/prompts/prompt_models.h"

/* Next tokens that are kept for each token: as many as the highest screens show. */
enum { PROMPT_PAGE_NEXT = 40 };

typedef struct prompt_page_state {
    prompt_models models;
    struct continue_page_state *continues;       /* of :continue; owned */
    char *text;                                  /* asked last; owned; NULL: nothing yet */
    bool chat;                                   /* as a user's message */
    char problem[sizeof((scry_error *)0)->text]; /* in place of a result; "" none */
    scry_prompt_result *result;                  /* owned; NULL: none */
    unsigned result_of;                          /* models.closed then */
    char *shown;                                 /* the text of the result; owned */
    scry_set *ablated;                           /* the selection that it is without; owned */
    int64_t strongest;                           /* the latent with the largest activation; -1: none fires */

    size_t token;       /* under the cursor */
    int64_t pinned;     /* the latent that shades the text, by hand; -1: none */
    uint32_t pinned_at; /* the table's latent then */
    token_layout layout;
    int64_t layout_shade;                                /* the latent that it is shaded by; -1: none */
    bool layout_plain;                                   /* it has room for brackets */
    int top;                                             /* first line of the text shown */
    scry_active_latent *active;                          /* [count] the latents of the token, strongest first; owned */
    size_t count, active_of;                             /* of which token */
    size_t cursor, list_top;                             /* in that list */
    int text_rows, text_y, list_rows, list_y, list_cols; /* when last drawn; rows from the layer's first */
} prompt_page_state;

prompt_page_state *prompt_page_new(void);
void prompt_page_free(prompt_page_state *s); /* accepts NULL */

/* A job runs the text. */
bool prompt_waits(const prompt_page_state *s);
/* There is one, of the models that are open, and no job runs. */
bool prompt_has_result(const prompt_page_state *s);
/* The text of a token, as it stands there. room: for ids that the tokenizer does not have. */
enum { PROMPT_ID_TEXT = 24 };
const char *prompt_token_text(const prompt_page_state *s, uint32_t id, char room[PROMPT_ID_TEXT]);
/* The latent that shades the text: the pinned one, else the table's if it fires, else the strongest; false: none. */
bool prompt_shade(app *a, uint32_t *latent);
/* Reads the list of the latents of the token under the cursor. */
void prompt_read_active(prompt_page_state *s);

static inline prompt_page_state *prompt_page_of(const app *a) {
    return a->tab->prompts;
}

/* prompt_work.c: runs the text of the state in the background. */
void prompt_work_begin(app *a);

/* prompt_layout.c: lays the tokens out in lines of `cols` columns, unless they are already, by the latent that shades
 * them now. */
void prompt_lay_out(app *a, int cols);
/* Draws the lines from `first` on into the rows of r. */
void prompt_text_draw(app *a, rect r, int first);

/* prompt_draw.c: the whole page. */
void prompt_page_draw(app *a, rect r);
extern const layer layer_prompt;

#endif
