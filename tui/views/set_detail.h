/* set_detail.h: the selection beside one set: which latents both have, and which only one of them. */
#ifndef SCRY_SET_DETAIL_H
#define SCRY_SET_DETAIL_H

#include "app.h"

/* Fills r: a title and three lists in the order of the ranking. name: cleaned. */
void set_detail_draw(app *a, rect r, const char *name, const scry_set *set);
/* The same two, domain by domain, from the domain `*top` on, which is kept within what there is. */
void set_versus_draw(app *a, rect r, int *top);

/* STS and rho of a set as the session scores its own. The caller frees: scry_result_free. */
scry_result set_result(const app *a, const scry_set *set);

#endif
