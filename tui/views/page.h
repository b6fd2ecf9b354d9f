/* page.h: a page of text over the panes: a command's table, as the shell prints it. */
#ifndef SCRY_PAGE_H
#define SCRY_PAGE_H

#include "draw/grid.h"

struct app;

typedef struct page_state {
    char *text; /* lines, cleaned already. Owner: the app, until the next page or app_free */
    char title[80];
    int top, left;
} page_state;

/* Shows it; takes text. */
void page_show(struct app *a, const char *title, char *text);

#endif
