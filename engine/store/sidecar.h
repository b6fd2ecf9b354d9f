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

#include "scry.h"

/* The path of the index's file with this suffix, ".labels.jsonl". Makes nothing. Caller frees. */
char *scry_sidecar_path(const scry_index *index, const char *suffix);

/* The same of a file about latents. Caller frees. */
char *scry_sidecar_path_for_latents(const scry_index *index, const char *suffix);

#endif
