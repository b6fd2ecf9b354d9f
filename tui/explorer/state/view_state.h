/* view_state.h: saves and restores the view of an index, as lines of the palette's commands. */
#ifndef SCRY_EXPLORER_STATE_VIEW_STATE_H
#define SCRY_EXPLORER_STATE_VIEW_STATE_H

#include "explorer/app_services.h"

#include <stdio.h>

/* Writes the lines that bring back what one part of the explorer shows of a->tab, from a fresh tab on. The table in
 * view_state.c has a row for each part: whoever adds state that should be found again adds a row. */
typedef void (*view_state_writer)(const app *a, FILE *f);

void view_state_write(const app *a, FILE *f);
/* Runs such lines on a->tab. What is unknown or fails is skipped: a session of another version of scry
 * brings back what it can. Commands on files are never run. */
void view_state_read(app *a, FILE *f);

#endif
