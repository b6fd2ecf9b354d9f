/* recording.h: the macro that is being recorded: the commands that were run, one line each; and the files of macros,
 * $XDG_DATA_HOME/scry/macros/NAME.script. */
#ifndef SCRY_EXPLORER_STATE_RECORDING_H
#define SCRY_EXPLORER_STATE_RECORDING_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { MACRO_NAME = 64 };

/* All zero: nothing is recorded. */
typedef struct recording {
    char name[MACRO_NAME]; /* "" : nothing */
    char last[MACRO_NAME]; /* recorded or played last */
    char **line;           /* owned */
    size_t count;
    int depth; /* macros that are being played, one from within another */
} recording;

/* Add a command, unless nothing is recorded, a macro is being played, or the command is one of those that are never
 * part of a macro (record, quit, palette, macros). */
void recording_add(recording *r, const char *name, const char *argument);
/* Begin to record under a name. False with err: the name is no good. */
bool recording_begin(recording *r, const char *name, scry_error *err);
/* Write what was recorded to the macro's file, unless nothing was. */
bool recording_end(recording *r, scry_error *err);
/* Free the recorded lines. */
void recording_clear(recording *r);

/* Of letters, digits, - and _, shorter than MACRO_NAME; else false with err. */
bool macro_name_is_good(const char *name, scry_error *err);
/* The macro's file; the caller frees. */
char *macro_path(const char *name);
/* Write the names of all macros, in order, with `between` between them; returns how many. */
size_t macro_names(char *out, size_t size, const char *between);

#endif
