/* page.h: a page of text over the panes: a command's table, as the shell prints it. */
#ifndef SCRY_PAGE_H
#define SCRY_PAGE_H

#include "draw/grid.h"
#include "errands.h"

struct app;

typedef struct page_state {
    char *text; /* lines, cleaned already. Owner: the app, until the next page or app_free */
    char title[80];
    int top, left;
    bool waits; /* for an errand: text is not there yet */
} page_state;

/* Shows it; takes text. */
void page_show(struct app *a, const char *title, char *text);
/* The same of a text that is worked out first, by an errand: work, end and own as there. While it is under way the
 * page says how far it is; when the page is left it is given up. */
void page_work(struct app *a, const char *title, void (*work)(void *own, const scry_stop *stop),
               void (*end)(struct app *a, void *own, bool whole), void *own);

#endif
