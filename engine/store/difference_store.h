/* store/difference_store.h: the differences that belong to an index are found again when it is opened. */
#ifndef SCRY_STORE_DIFFERENCE_STORE_H
#define SCRY_STORE_DIFFERENCE_STORE_H

#include "scry.h"

/* Puts the index's own differences in use, where there are any; a file that does not fit is kept as a problem
 * (scry_differences_problem). */
void difference_store_open(scry_index *index, bool verify);

#endif
