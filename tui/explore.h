/* explore.h: scry STUDY: the explorer, on a terminal or by script. */
#ifndef SCRY_EXPLORE_H
#define SCRY_EXPLORE_H

#include "options.h"

/* Returns the exit status. */
int explore(const options *o);

#endif
