/* base/user_files.h: folders and files that scry keeps for a user: labels, named sets, sessions, settings. */
#ifndef SCRY_BASE_USER_FILES_H
#define SCRY_BASE_USER_FILES_H

#include "base/error.h"

#include <stdio.h>

/* $VARIABLE/scry, or ~/under_home/scry where the variable holds no absolute path. The caller frees it. */
char *scry_user_folder(const char *variable, const char *under_home);
/* Make a folder and its parents. The error ends with `advice`: what else the user can do. */
bool scry_make_folder(const char *path, const char *advice, scry_error *err);

/* Make the folder of path and lock it against other processes that ask for the same, so that a file can be read,
 * changed and replaced without losing another's change. Waits up to three seconds. Returns what scry_unlock_folder
 * takes; -1 where no lock can be had, as on some network disks: then the last writer wins. */
int scry_lock_folder(const char *path);
void scry_unlock_folder(int lock);

/* Make the folder of path, then replace the file atomically (base/atomic_file.h) by what `write` puts out. False with
 * err when `write` returns false or the file cannot be written; path then holds what it held before. */
bool scry_write_atomically(const char *path, bool (*write)(FILE *file, const void *context), const void *context,
                           scry_error *err);

#endif
