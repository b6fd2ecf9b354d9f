/* set_versus.h: two sets beside each other, or the selection and a set. */
#ifndef SCRY_SET_VERSUS_H
#define SCRY_SET_VERSUS_H

#include "draw/grid.h"
#include "scry.h"

typedef enum versus_page { VERSUS_DOMAINS, VERSUS_FIRST, VERSUS_SECOND, VERSUS_BOTH, VERSUS_PAGES } versus_page;

typedef struct versus_state {
    scry_set *first;  /* owned; NULL: the selection as it is now */
    scry_set *second; /* owned; NULL: nothing is compared */
    char name[2][80];
    versus_page page;
    uint32_t cursor, top, rows; /* of the latents listed */
} versus_state;

struct app;
void versus_free(versus_state *s);
/* "SETS", compared with the selection, or "SETS versus SETS". False: the message says why. */
bool versus_open(struct app *a, const char *text);
void versus_draw(struct app *a, rect r);
bool versus_key(struct app *a, uint32_t key, int *effect);
void versus_wheel(struct app *a, int steps);
int versus_click(struct app *a, int y, int x, int clicks);
void versus_footer(struct app *a, rect r);

#endif
