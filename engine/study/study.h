/* study/study.h: the study manifest as data: names and types are checked, no other file is opened.
 * Owner: scry_study_free. */
#ifndef SCRY_STUDY_STUDY_H
#define SCRY_STUDY_STUDY_H

#include <stdint.h>
#include "base/error.h"
#include "scry.h"

/* Most domains times training sets of one study: each pair of them has a change of its own. */
#define STUDY_MOST_CHANGES ((size_t)1 << 24)

/* Which tokens of a capture do not count. */
typedef struct kept_rule {
    double skip_first; /* tokens at the beginning of each sample, those that "rows" cuts off included */
    char **exclude;    /* [exclude_count] texts of tokens */
    size_t exclude_count;
} kept_rule;

/* Where captures of shape [samples, positions, width] have their padding. */
typedef enum study_padding { PADDING_UNSAID, PADDING_RIGHT, PADDING_LEFT } study_padding;

/* "minus" of a capture: residuals whose rows are subtracted from the capture's, each from the row of its number. */
typedef struct study_minus {
    char **files; /* [file_count] paths, joined to the manifest's folder */
    size_t file_count;
    char *tensor; /* NULL: the capture's */
    char *tokens; /* NULL: not said. Else they must be the capture's */
} study_minus;

/* One matrix of activations, as in the manifest. */
typedef struct study_capture {
    bool present;
    bool features; /* "features" (SAE latents) rather than "residual" */
    char *key;     /* "train.base", "domains[3].icl": its place in the manifest, for messages */
    char **files;  /* [file_count] paths, joined to the manifest's folder */
    size_t file_count;
    char *tensor; /* NULL: the only one */
    bool has_rows;
    uint64_t row_from, row_to;
    char *tokens;   /* NULL: no token file */
    kept_rule keep; /* owns the texts */
    study_padding padding;
    char **mask; /* [mask_count] paths of attention masks, joined to the manifest's folder */
    size_t mask_count;
    study_minus *minus; /* owned; NULL: the capture's rows are as they are */
} study_capture;

/* A training set or a domain: one text set under one or more conditions. */
typedef struct study_group {
    char *name;
    study_capture capture[SCRY_CONDITIONS];
    double *change;          /* domains: [trains] percentage points, NaN where absent. NULL for trains */
    double *change_se;       /* domains: [trains] their standard errors, NaN where absent. NULL for trains */
    scry_measured *measured; /* domains: [trains][SCRY_MEASURES]; NULL where the key is absent, and for trains */
    char *tuned_path[SCRY_CONDITIONS]; /* trains: the model of sft and rl, joined to folder; NULL: absent */
    double sts[SCRY_SCORES];           /* domains of a scores-only study: NaN where absent */
} study_group;

typedef struct scry_study {
    char *path, *folder;
    char *json;                                                        /* the manifest's text, as read */
    char *name, *model, *hook, *sae, *sae_format, *tokenizer, *labels; /* paths joined to folder; NULL: absent */
    char *model_path;       /* the model's folder, joined to folder; NULL: absent */
    char *capture_settings; /* "capture", what scry capture says of itself, as JSON; NULL: absent */
    bool has_pairing;
    scry_pairing pairing;
    bool difference;  /* captures have "minus": all of them, since a dictionary reads differences or the stream */
    bool is_signed;   /* "correlate": "signed" */
    bool scores_only; /* no "train": domains give "sts" instead of captures. Its one training set has no name */
    study_group *trains, *domains;
    size_t train_count, domain_count;
} scry_study;

/* Read a manifest. Warnings (unknown keys) go to notes. NULL and err when the manifest cannot be used. */
scry_study *scry_study_read(const char *path, scry_notes *notes, scry_error *err);
/* The same of a text of `length` bytes, as if it were the file at path. */
scry_study *scry_study_parse(const char *path, const char *json, size_t length, scry_notes *notes, scry_error *err);
/* True when it names the place of a model, an adapter or an SAE. */
bool study_names_folders(const scry_study *study);
void scry_study_free(scry_study *study);

#endif
