/* store/sidecar.h: files that belong to an index: labels edited by hand, named sets, sessions.
 *
 * They stand beside the index: X.scry has X.labels.jsonl. An index in the cache is not the user's
 * to look after, and some lie where one cannot write: theirs are in $XDG_DATA_HOME/scry/ (default
 * ~/.local/share/scry/), named by the index's stem; where that is no hash of the content, as in the
 * cache, with a hash of the index's place behind it, so that two of one name do not share a file.
 *
 * What is said of latents, labels and sets, belongs to the SAE more than to the study: for an index in the cache, which
 * is another as soon as the study changes, it is named by which latents they are (store/fingerprint.h). */
#ifndef SCRY_STORE_SIDECAR_H
#define SCRY_STORE_SIDECAR_H

#include <stdio.h>
#include "scry.h"

/* The path of the index's file with this suffix, ".labels.jsonl". Makes nothing. Caller frees. */
char *scry_sidecar_path(const scry_index *index, const char *suffix);

/* The same of a file about latents. Caller frees. */
char *scry_sidecar_path_for_latents(const scry_index *index, const char *suffix);

/* $VARIABLE/scry, or ~/under_home/scry where it is not set. Caller frees. */
char *scry_user_folder(const char *variable, const char *under_home);
/* Makes a folder and those above it; advice: what else the user can do. */
bool scry_make_folder(const char *path, const char *advice, scry_error *err);

/* Keeps other processes that ask for the same from the folder of a file, while it is read, changed and written: two
 * who label at once lose nothing. Waits for them, but no longer than a few seconds; -1 where it cannot be had, as on
 * some network disks: then the last one wins. To be given to scry_unlock_folder. */
int scry_lock_folder(const char *path);
void scry_unlock_folder(int held);

/* Writes a file whole or not at all: under a temporary name, synced, renamed; its folder is made. */
bool scry_write_atomically(const char *path, bool (*write)(FILE *file, const void *context), const void *context,
                           scry_error *err);

#endif
