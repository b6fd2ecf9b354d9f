/* set_layer.h: the state of the layer of named sets between frames, and functions that its files share (set_state.c).
 */
#ifndef SCRY_EXPLORER_SETS_SET_LAYER_H
#define SCRY_EXPLORER_SETS_SET_LAYER_H

#include "explorer/app_services.h"
#include "sets.h"

typedef enum set_compare_page {
    COMPARE_DOMAINS,
    COMPARE_FIRST,
    COMPARE_SECOND,
    COMPARE_BOTH,
    COMPARE_PAGES
} set_compare_page;

typedef struct set_compare_state {
    scry_set *first;  /* owned; NULL: the selection as it is now */
    scry_set *second; /* owned; NULL: nothing is compared */
    char name[2][80];
    set_compare_page page;
    uint32_t cursor, top, rows; /* of the latents listed */
} set_compare_state;

/* Cached rho of each named set, so that a frame does not compute it again. */
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
    set_compare_state compare;
    sets_rho rho;
} sets_state;

/* Makes and frees the tab's state of the layer. */
void sets_open(tab *t);
void sets_close(tab *t);
/* The index's sets, read once. NULL, with the message said, where the file is damaged. */
scry_named_sets *sets_of(app *a);
/* What an expression means here: kept sets, top and topN, current, marked. NULL, with the message said. */
scry_set *sets_expression(app *a, const char *text);

/* What a set scores in the domains that take part; scry_result_free. */
scry_result sets_result(app *a, const scry_set *set);

extern const layer layer_sets;

/* Compare "SETS" with the selection, or "SETS versus SETS". False: the message says why not. */
bool set_compare_open(app *a, const char *text);
bool set_compare_is_open(const app *a);
void set_compare_close(app *a);

/* As the operations of a layer, while the comparison is open. */
void set_compare_draw(app *a, rect r);
bool set_compare_key(app *a, uint32_t key, command_effect *effect);
void set_compare_wheel(app *a, int steps);
command_effect set_compare_click(app *a, int y, int x, int clicks);
void set_compare_footer(app *a, rect r);

#endif
