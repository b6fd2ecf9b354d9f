/* script.h: commands of the palette in a file, a line each; # begins a comment. Macros are such files too, in
 * $XDG_DATA_HOME/scry/macros/NAME.script. */
#ifndef SCRY_EXPLORER_STATE_SCRIPT_H
#define SCRY_EXPLORER_STATE_SCRIPT_H

#include "explorer/app_services.h"

#include <stdio.h>

/* Runs every line. False with err (file, line and what the command said) at the first that fails; *quit: one of them
 * was quit. */
bool script_run(app *a, FILE *f, const char *path, bool *quit, scry_error *err);

/* Play a macro this many times. False with err as script_run, or where there is none. */
bool macro_play(app *a, const char *name, unsigned times, bool *quit, scry_error *err);

#endif
