/* script.h: commands of the palette in a file, a line each; # begins a comment. Macros are such files too, in
 * $XDG_DATA_HOME/scry/macros/NAME.script. */
#ifndef SCRY_EXPLORER_STATE_SCRIPT_H
#define SCRY_EXPLORER_STATE_SCRIPT_H

#include <stdbool.h>
#include <stdio.h>
#include "base/error.h"

struct app;

enum { MACRO_NAME = 64 };

/* What is being recorded. All zero: nothing. */
typedef struct recording {
    char name[MACRO_NAME]; /* "" : nothing */
    char last[MACRO_NAME]; /* recorded or played last */
    char **line;           /* owned */
    size_t count;
    int depth; /* macros that are being played, one from within another */
} recording;

/* Runs every line. False with err (file, line and what the command said) at the first that fails; *quit: one of them
 * was quit. */
bool script_run(struct app *a, FILE *f, const char *path, bool *quit, scry_error *err);

/* Adds a command that was done to what is being recorded, if anything is. */
void macro_note(struct app *a, const char *name, const char *argument);
/* The same for what a mouse did, as the command that does it. */
void macro_note_mouse(struct app *a, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool macro_begin(struct app *a, const char *name, scry_error *err);
/* Writes what was recorded, unless nothing was. */
bool macro_end(struct app *a, scry_error *err);
bool macro_play(struct app *a, const char *name, unsigned times, bool *quit, scry_error *err);
/* Names of all macros, by name, with `between` between them; returns how many. */
size_t macro_names(char *out, size_t size, const char *between);
void recording_free(recording *r);

#endif
