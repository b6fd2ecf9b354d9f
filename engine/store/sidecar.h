/* store/sidecar.h: paths of the files that belong to an index: labels written by hand, named sets.
 *
 * They lie in the index's folder: X.scry has X.labels.jsonl. An index in the cache is not the user's to look after, and
 * some folders cannot be written: then the files are in $XDG_DATA_HOME/scry/ (default ~/.local/share/scry/), named by
 * the index's stem and, outside the cache, whose stems are hashes of the content, by a hash of its path, so that two
 * indexes of one name do not share a file.
 *
 * Labels and sets belong to the SAE more than to the study: for an index in the cache, which is replaced as soon as the
 * study changes, their file is named by the fingerprint of the latents. */
#ifndef SCRY_STORE_SIDECAR_H
#define SCRY_STORE_SIDECAR_H

#include "scry.h"

/* The path of the index's file with this suffix, such as ".labels.jsonl". Creates nothing. The caller frees it. */
char *scry_sidecar_path(const scry_index *index, const char *suffix);

/* The same for a file that can be made again from the index and its model: in the cache it lies next to the index. */
char *scry_derived_path(const scry_index *index, const char *suffix);

/* The same for a file about latents; renames one that an earlier version named by the index. The caller frees it. */
char *scry_sidecar_path_for_latents(const scry_index *index, const char *suffix);

/* Fingerprint of the latents, independent of the rest of the index: a hash of the SAE's decoder; without one, of the
 * mean activations of the first FINGERPRINT_LATENTS latents over the first training set's base. It stays the same when
 * domains, changes, labels or other captures change. 0 when nothing identifies them (a scores-only study, silent
 * latents). */
enum { FINGERPRINT_LATENTS = 65536 };
uint64_t scry_fingerprint_latents(const scry_index *index);

#endif
