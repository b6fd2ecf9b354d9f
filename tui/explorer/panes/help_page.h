/* help_page.h: all keys and commands, made from the table of commands. */
#ifndef SCRY_EXPLORER_PANES_HELP_PAGE_H
#define SCRY_EXPLORER_PANES_HELP_PAGE_H

#include "explorer/app_services.h"

enum { HELP_FILTER = 64 };

typedef struct help_state {
    int top;
    char filter[HELP_FILTER]; /* only lines that hold it are shown */
    size_t at;                /* the cursor in it */
    bool typing;
} help_state;

extern const layer layer_help;

/* Owner: help_free. */
help_state *help_new(void);
void help_free(help_state *h);

#endif
