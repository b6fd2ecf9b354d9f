/* store/effect_store.h: the effect columns that belong to an index are found again when it is opened. */
#ifndef SCRY_STORE_EFFECT_STORE_H
#define SCRY_STORE_EFFECT_STORE_H

#include "scry.h"

/* Puts the index's own columns in use, where there are any; a file that does not fit is kept as a problem
 * (scry_effects_problem). */
void effect_store_open(scry_index *index, bool verify);

#endif
