/* base/atomic_file.h: a file that is there whole or not at all: written under a temporary name beside it, synced,
 * renamed. Pipes and devices are written straight; a rename would replace them. */
#ifndef SCRY_BASE_ATOMIC_FILE_H
#define SCRY_BASE_ATOMIC_FILE_H

#include "base/error.h"

#include <stdio.h>

typedef struct atomic_file {
    FILE *file; /* to write to */
    char *path, *temporary;
    bool special;
} atomic_file;

/* Is it written straight? Pipes and devices, and the names of files that are open, such as /dev/stdout: a rename
 * would take the name itself away. "-" and /dev/stdout are stdout. */
bool atomic_file_is_direct(const char *path);
/* Opens such a file, at the place that it is at where it is open already. NULL and errno otherwise. */
FILE *atomic_file_open_direct(const char *path);
/* The file that a path leads to, past links, so that a rename leaves the link. Caller frees. */
char *atomic_file_target(const char *path);

/* False and err where the path names an index: nothing else may take its place. */
bool atomic_file_spares_index(const char *path, scry_error *err);

/* False and err when it cannot be begun, or would take the place of an index; otherwise to be ended by atomic_file_end.
 * path is copied. "-" is stdout. */
bool atomic_file_begin(atomic_file *w, const char *path, scry_error *err);
/* Syncs and renames when `ok` and everything could be written; else nothing is left. err is filled only
 * when writing failed. Returns whether the file is there. */
bool atomic_file_end(atomic_file *w, bool ok, scry_error *err);

#endif
