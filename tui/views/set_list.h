/* set_list.h: what the page of named sets keeps between frames. */
#ifndef SCRY_SET_LIST_H
#define SCRY_SET_LIST_H

#include "sets.h"
#include "views/set_versus.h"

typedef struct sets_state {
    scry_sets *kept; /* owned; NULL until first asked for */
    size_t cursor, top;
    char held[SETS_NAME]; /* the set that v compares others with; "": the selection */
    versus_state versus;
} sets_state;

struct app;
void sets_state_free(sets_state *s);
/* The index's sets, read once. NULL, with the message said, where the file is damaged. */
scry_sets *sets_of(struct app *a);
/* What an expression means here: kept sets, top and topN, current, marked. NULL, with the message said. */
scry_set *sets_expression(struct app *a, const char *text);

/* What a set scores in the domains that take part; scry_result_free. */
scry_result sets_result(struct app *a, const scry_set *set);

#endif
