/* whole.h: a file that is there whole or not at all: written under a temporary name beside it, synced,
 * renamed. Pipes and devices are written straight; a rename would replace them. */
#ifndef SCRY_WHOLE_H
#define SCRY_WHOLE_H

#include "base/error.h"

#include <stdio.h>

typedef struct whole_file {
    FILE *file; /* to write to */
    char *path, *temporary;
    bool special;
} whole_file;

/* Is it written straight? Pipes and devices, and the names of files that are open, such as /dev/stdout: a rename
 * would take the name itself away. "-" and /dev/stdout are stdout. */
bool whole_is_straight(const char *path);
/* Opens such a file, at the place that it is at where it is open already. NULL and errno otherwise. */
FILE *whole_open_straight(const char *path);
/* The file that a path leads to, past links, so that a rename leaves the link. Caller frees. */
char *whole_place(const char *path);

/* False and err where the path names an index: nothing else may take its place. */
bool whole_spares_index(const char *path, scry_error *err);

/* False and err when it cannot be begun, or would take the place of an index; otherwise to be ended by whole_end. path
 * is copied. "-" is stdout. */
bool whole_begin(whole_file *w, const char *path, scry_error *err);
/* Syncs and renames when `ok` and everything could be written; else nothing is left. err is filled only
 * when writing failed. Returns whether the file is there. */
bool whole_end(whole_file *w, bool ok, scry_error *err);

#endif
