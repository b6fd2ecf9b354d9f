/* continue_page.h: the page of :continue: how the models go on from the text of :prompt, side by side. Its state, and
 * what its files share. */
#ifndef SCRY_EXPLORER_PROMPTS_CONTINUE_PAGE_H
#define SCRY_EXPLORER_PROMPTS_CONTINUE_PAGE_H

#include "explorer/latent/token_layout.h"
#include "explorer/prompts/spoken.h"

enum { CONTINUE_TOKENS = 40, CONTINUE_STEERS = 8 };

/* What :continue, :steer, :temperature and :seed set. */
typedef struct continue_settings {
    uint32_t tokens;
    double temperature; /* 0: greedy */
    uint32_t seed;
    char steer[200]; /* "1127:4 lens:2", as typed; "" nothing */
    scry_steering steering[CONTINUE_STEERS];
    bool lens[CONTINUE_STEERS]; /* of steering: the mean difference in place of a latent */
    size_t steers;
} continue_settings;

typedef struct continue_page_state {
    continue_settings set;
    char problem[sizeof((scry_error *)0)->text]; /* in place of what is said; "" none */
    struct continue_work *running;               /* borrowed from the job; NULL: none runs */
    bool stopped;                                /* before all was said */

    spoken *said; /* owned; NULL: nothing yet */
    continue_settings of;
    char *text; /* that it goes on from; owned */
    bool chat;
    double amplify;
    scry_set *ablated; /* the selection that a voice is without; owned */

    bool follows;         /* the last lines are kept in sight */
    int top, lines, rows; /* of all lines of the columns, when last drawn: the first that is shown, and how many */
    token_layout layout[SCRY_VOICES];
} continue_page_state;

continue_page_state *continue_page_new(void);
void continue_page_free(continue_page_state *s); /* accepts NULL */
continue_page_state *continue_page_of(const app *a);
/* A job has the models, or waits for them. */
bool continue_waits(const app *a);
/* What is shown is of the text, the selection and the settings as they are now. */
bool continue_is_current(const app *a);

/* continue_work.c: has the models go on from the text of :prompt, in the background. */
void continue_work_begin(app *a);
/* Takes what has been said meanwhile. */
void continue_work_collect(app *a);

/* continue_draw.c: the whole page. */
void continue_page_draw(app *a, rect r);

/* continue_page.c: shows the page; anew: the models go on from the beginning, even if nothing has changed. */
void continue_page_open(app *a, bool anew);
extern const layer layer_continue;

#endif
