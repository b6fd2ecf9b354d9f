/* labels.h: labels written by hand, in the file X.labels.jsonl of an index X.scry (store/sidecar.h):
 *
 *     {"latent":17,"label":"units of measure"}
 *
 * a line a latent, ascending: the format that "labels" in a manifest reads. They override the index's own labels; an
 * empty text removes one. */
#ifndef SCRY_LABELS_H
#define SCRY_LABELS_H

#include "scry.h"

enum { SCRY_LABEL_MOST = 4096 }; /* bytes of a label */

/* Give a latent this label, without surrounding blanks ("" removes it), and replace the file. The file is read again
 * first, so that two processes that label one index keep each other's labels. What scry_label returned before is no
 * longer valid, unless labels are held. */
bool scry_label_set(scry_index *index, uint32_t latent, const char *text, scry_error *err);
/* A change of a label; "" stands for no label. */
typedef struct scry_relabel {
    uint32_t latent;
    char *before, *after; /* owned */
} scry_relabel;
typedef struct scry_relabels {
    scry_relabel *change; /* owned */
    size_t count;
} scry_relabels;
void scry_relabels_free(scry_relabels *changes); /* which are none then */
/* Give each latent its label `after`, or with `back` that before, as scry_label_set, all at once. After an error
 * nothing has changed. */
bool scry_labels_change(scry_index *index, const scry_relabel *changes, size_t count, bool back, scry_error *err);
/* A number that changes with every edit, to tell when texts made from labels are outdated. */
uint64_t scry_label_version(const scry_index *index);
/* Read the file again, since another index of the same latents, which shares the file, may have changed it. */
void scry_labels_refresh(scry_index *index);
/* Why the file could not be read, or NULL. Borrowed. An unreadable file is never overwritten. */
const char *scry_label_problem(const scry_index *index);
/* Write all labels, by latent, as JSON Lines or CSV by the path's suffix, .jsonl or .csv. count (may be NULL) receives
 * their number. */
bool scry_labels_write(const scry_index *index, const char *path, uint32_t *count, scry_error *err);

/* What an import did, in latents. */
typedef struct scry_labels_imported {
    uint32_t read;     /* latents that the file has a label for */
    uint32_t set;      /* those that got it */
    uint32_t kept;     /* those that kept another label, which they had */
    uint32_t too_long; /* labels of more than SCRY_LABEL_MOST bytes, which were left out */
} scry_labels_imported;
/* Give latents the labels of a file in any form that "labels" of a manifest may have (io/label_file.h), among them the
 * answers of a language model to scry label-prompts; as scry_label_set, all at once. replace: also latents that have
 * another label, which they keep otherwise. Adds to notes (may be NULL) what records were left out, and why, and writes
 * to changes (may be NULL) what labels are others now; the caller frees them. After an error nothing has changed. */
bool scry_labels_import(scry_index *index, const char *path, bool replace, scry_labels_imported *done,
                        scry_relabels *changes, scry_notes *notes, scry_error *err);

/* While labels are held, texts that scry_label returned stay valid, and other threads may read labels during edits:
 * each sees the version before or after. Hold, release and set are called from one thread. */
void scry_labels_hold(const scry_index *index);
void scry_labels_release(const scry_index *index);

#endif
