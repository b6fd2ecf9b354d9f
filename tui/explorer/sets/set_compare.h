/* set_compare.h: the comparison of two sets, or of the selection and a set, in the layer of sets. */
#ifndef SCRY_EXPLORER_SETS_SET_COMPARE_H
#define SCRY_EXPLORER_SETS_SET_COMPARE_H

#include "explorer/app_services.h"

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
