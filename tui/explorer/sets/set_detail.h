/* set_detail.h: the selection compared with one set: which latents both have, and which only one of them. */
#ifndef SCRY_EXPLORER_SETS_SET_DETAIL_H
#define SCRY_EXPLORER_SETS_SET_DETAIL_H

#include "explorer/app_services.h"

/* Fills r: a title and three lists in the order of the ranking. name: cleaned. */
void set_detail_draw(app *a, rect r, const char *name, const scry_set *set);
#endif
