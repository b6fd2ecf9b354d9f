/* set_compare.h: two sets beside each other, or the selection and a set. */
#ifndef SCRY_EXPLORER_SETS_SET_COMPARE_H
#define SCRY_EXPLORER_SETS_SET_COMPARE_H

#include "draw/grid.h"
#include "scry.h"

typedef enum set_compare_page {
    VERSUS_DOMAINS,
    VERSUS_FIRST,
    VERSUS_SECOND,
    VERSUS_BOTH,
    VERSUS_PAGES
} set_compare_page;

typedef struct set_compare_state {
    scry_set *first;  /* owned; NULL: the selection as it is now */
    scry_set *second; /* owned; NULL: nothing is compared */
    char name[2][80];
    set_compare_page page;
    uint32_t cursor, top, rows; /* of the latents listed */
} set_compare_state;

struct app;
void set_compare_free(set_compare_state *s);
/* "SETS", compared with the selection, or "SETS versus SETS". False: the message says why. */
bool set_compare_open(struct app *a, const char *text);
void set_compare_draw(struct app *a, rect r);
bool set_compare_key(struct app *a, uint32_t key, int *effect);
void set_compare_wheel(struct app *a, int steps);
int set_compare_click(struct app *a, int y, int x, int clicks);
void set_compare_footer(struct app *a, rect r);

#endif
