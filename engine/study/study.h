/* study/study.h: the study manifest as data (JSON; names and types checked, nothing opened yet).
 * Owner: scry_study_free. */
#ifndef SCRY_STUDY_STUDY_H
#define SCRY_STUDY_STUDY_H

#include <stdint.h>
#include "base/error.h"
#include "scry.h"

/* Most domains times training sets of one study: each pair of them has a change of its own. */
#define STUDY_MOST_CHANGES ((size_t)1 << 24)

/* One matrix of activations, as the manifest words it. */
typedef struct study_capture {
    bool present;
    bool features; /* "features" (SAE latents) rather than "residual" */
    char *key;     /* "train.base", "domains[3].icl": its place in the manifest, for messages */
    char **files;  /* [file_count] paths, joined to the manifest's folder */
    size_t file_count;
    char *tensor; /* NULL: the only one */
    bool has_rows;
    uint64_t row_from, row_to;
    char *tokens; /* NULL: no token file */
    uint32_t skip_first;
    char **exclude; /* [exclude_count] */
    size_t exclude_count;
} study_capture;

/* A training set or a domain: one text set under up to four conditions. */
typedef struct study_group {
    char *name;
    study_capture capture[SCRY_CONDITIONS];
    double *change;          /* domains: [trains] percentage points, NaN where absent. NULL for trains */
    double sts[SCRY_SCORES]; /* domains of a scores-only study: NaN where absent */
} study_group;

typedef struct scry_study {
    char *path, *folder;
    char *json; /* the manifest's text, as read */
    char *name, *model, *hook, *sae, *sae_format, *tokenizer, *labels;
    bool has_pairing;
    scry_pairing pairing;
    bool is_signed;   /* "correlate": "signed" */
    bool scores_only; /* no "train": domains give "sts" instead of captures. Its one training set has no name */
    study_group *trains, *domains;
    size_t train_count, domain_count;
} scry_study;

/* Warnings (unknown keys) go to notes. NULL and err filled when the manifest cannot be used. */
scry_study *scry_study_read(const char *path, scry_notes *notes, scry_error *err);
void scry_study_free(scry_study *study);

#endif
