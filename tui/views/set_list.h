/* set_list.h: what the page of named sets keeps between frames. */
#ifndef SCRY_SET_LIST_H
#define SCRY_SET_LIST_H

#include "sets.h"

typedef struct sets_state {
    scry_sets *kept; /* owned; NULL until first asked for */
    size_t cursor, top;
    scry_set *versus; /* owned; NULL: the list of sets is shown */
    char versus_name[80];
    int domain; /* first that is shown of it */
} sets_state;

struct app;
void sets_state_free(sets_state *s);
/* The index's sets, read once. NULL, with the message said, where the file is damaged. */
scry_sets *sets_of(struct app *a);
/* What an expression means here: kept sets, top and topN, current, marked. NULL, with the message said. */
scry_set *sets_expression(struct app *a, const char *text);

#endif
