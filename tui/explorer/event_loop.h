/* explorer/event_loop.h: scry STUDY: the explorer, on a terminal or by script. */
#ifndef SCRY_EXPLORER_EVENT_LOOP_H
#define SCRY_EXPLORER_EVENT_LOOP_H

#include "shell/options.h"

/* Returns the exit status. */
int event_loop_run(const options *o);

#endif
