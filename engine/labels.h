/* labels.h: labels written by hand, stored next to the index in X.labels.jsonl (store/sidecar.h):
 *
 *     {"latent":17,"label":"units of measure"}
 *
 * one line for each latent, ascending: the format that "labels" in a manifest reads. They override the index's own
 * labels; an empty text hides one. */
#ifndef SCRY_LABELS_H
#define SCRY_LABELS_H

#include "scry.h"

enum { SCRY_LABEL_MOST = 4096 }; /* bytes of a label */

/* Set a latent's label, trimmed of blanks ("" removes it), and write the file atomically. The file is read again first,
 * so that two programs that edit one index keep each other's labels. Texts that scry_label returned before are no
 * longer valid, unless labels are held. */
bool scry_label_set(scry_index *index, uint32_t latent, const char *text, scry_error *err);
/* A number that changes with every edit, to invalidate what was made from labels. */
uint64_t scry_label_version(const scry_index *index);
/* Read the file again: another open index of the same latents may have written it. */
void scry_labels_refresh(scry_index *index);
/* Why the file could not be read, or NULL. An unreadable file is never overwritten. */
const char *scry_label_problem(const scry_index *index);
/* Write all labels, by latent, as JSON Lines or CSV by the path's extension, .jsonl or .csv. count (may be NULL)
 * receives their number. */
bool scry_labels_write(const scry_index *index, const char *path, uint32_t *count, scry_error *err);

/* While labels are held, texts that scry_label returned stay valid, and other threads may read labels during an edit:
 * each sees those from before or after it. Call hold, release and set from one thread. */
void scry_labels_hold(const scry_index *index);
void scry_labels_release(const scry_index *index);

/* For the engine: the edits of an index that is being opened, and closed. */
struct label_edits *label_edits_open(const scry_index *index);
void label_edits_close(struct label_edits *edits);
/* The latent's text, "" when taken away; NULL when it was not edited. */
const char *label_edits_find(const struct label_edits *edits, uint32_t latent);
/* The first latent from `from` on that was edited; UINT32_MAX when there is none. */
uint32_t label_edits_next(const struct label_edits *edits, uint32_t from);

#endif
