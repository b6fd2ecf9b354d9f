/* set_list.h: what the page of named sets keeps between frames. */
#ifndef SCRY_EXPLORER_SETS_SET_LIST_H
#define SCRY_EXPLORER_SETS_SET_LIST_H

#include "sets.h"
#include "explorer/sets/set_compare.h"

/* rho of each kept set, so that a frame does not add them up again. */
typedef struct sets_rho {
    double *rho; /* [sets]; owned */
    bool *known; /* [sets]; owned */
    uint64_t sets_version;
    scry_score score;
    bool is_signed;
    char *spec;      /* of the scope; owned; NULL: nothing is known */
    double top;      /* of the top N */
    uint64_t top_of; /* scry_session_version */
    bool top_known;
} sets_rho;

typedef struct sets_state {
    scry_named_sets *kept;     /* owned; NULL until first asked for */
    size_t cursor, top, shown; /* shown: rows of kept sets when last drawn */
    char held[SCRY_SET_NAME];  /* the set that v compares others with; "": the selection */
    set_compare_state versus;
    sets_rho rho;
} sets_state;

struct app;
void sets_state_free(sets_state *s);
/* The index's sets, read once. NULL, with the message said, where the file is damaged. */
scry_named_sets *sets_of(struct app *a);
/* What an expression means here: kept sets, top and topN, current, marked. NULL, with the message said. */
scry_set *sets_expression(struct app *a, const char *text);

/* What a set scores in the domains that take part; scry_result_free. */
scry_result sets_result(struct app *a, const scry_set *set);

#endif
