/* base/temporary_file.h: the file next to a target that takes its place when it is whole.
 *
 * Its name is the target's, ".tmp." and sixteen hexadecimal digits that nobody can guess; it is made exclusively, so
 * that no link is followed, and locked while it is open (flock). Where a run was killed, the lock is gone: the next
 * temporary file for the same target takes away those that are the user's own and that nobody holds. Where the file
 * system has no locks, nothing is taken away. */
#ifndef SCRY_BASE_TEMPORARY_FILE_H
#define SCRY_BASE_TEMPORARY_FILE_H

#include <stdio.h>

typedef struct temporary_file {
    FILE *file; /* to write to; the owner closes it */
    char *path;
    struct sudden_file *sudden;
} temporary_file;

/* Makes an empty file for target, with the permissions of the target where there is one of the user's own. Returns 0 or
 * an errno value, with nothing left. */
int temporary_file_begin(temporary_file *t, const char *target);
/* Gives it the target's name. Returns 0 or an errno value; the file then stays under its own name. */
int temporary_file_rename(temporary_file *t, const char *target);
/* Removes the file unless it was renamed, and frees the rest; t->file must be closed or closing. */
void temporary_file_end(temporary_file *t);
/* Takes away what killed runs left for target. */
void temporary_file_clear(const char *target);

#endif
