/* labels.h: labels written by hand, kept beside the index (store/sidecar.h) in X.labels.jsonl:
 *
 *     {"latent":17,"label":"units of measure"}
 *
 * a line a latent, ascending: the format that "labels" in a manifest reads. They stand above the
 * index's own labels; an empty text takes an index's own label away. */
#ifndef SCRY_LABELS_H
#define SCRY_LABELS_H

#include "scry.h"

enum { SCRY_LABEL_MOST = 4096 }; /* bytes of a label */

/* Gives a latent this label, without the blanks around it ("" takes it away), and writes the file
 * at once, whole. The file is read anew first, so that two who work on one index keep each other's
 * labels. What scry_label returned before is no longer
 * valid, unless labels are held. */
bool scry_label_set(scry_index *index, uint32_t latent, const char *text, scry_error *err);
/* Changes with every edit: whoever keeps texts made of labels makes them again. */
uint64_t scry_label_version(const scry_index *index);
/* Reads the file anew: another index of the same latents, which has the same file, may have written it. */
void scry_labels_refresh(scry_index *index);
/* Why the file could not be read, or NULL. It is not written over then. */
const char *scry_label_problem(const scry_index *index);
/* All labels, by latent: JSON Lines or CSV, by the path's suffix, .jsonl or .csv. count (may be
 * NULL) receives how many. */
bool scry_labels_write(const scry_index *index, const char *path, uint32_t *count, scry_error *err);

/* While labels are held, texts that scry_label returned stay where they are, and other threads may ask for labels
 * beside edits: each sees those from before or after. Hold, release and set are called from one thread. */
void scry_labels_hold(const scry_index *index);
void scry_labels_release(const scry_index *index);

#endif
