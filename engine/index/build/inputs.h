/* inputs.h: the open SAE, captures and tokens of a study. */
#ifndef SCRY_INDEX_BUILD_INPUTS_H
#define SCRY_INDEX_BUILD_INPUTS_H

#include "base/parallel.h"
#include "io/matrix.h"
#include "io/tokenizer.h"
#include "sae/sae.h"
#include "study/padding.h"
#include "study/study.h"
#include "study/token_alignment.h"

typedef struct build_text {
    token_text text;
    char *path;
    uint64_t from, to; /* the slice of the file that it holds; to 0: all */
    bool ids_checked;  /* repeated ids have been named */
    bool trimmed;      /* it lacks the padding of one capture */
} build_text;

typedef struct build_capture {
    const study_capture *spec;
    char *name;
    scry_condition condition;
    int group; /* as in scry_capture_info */
    matrix m;
    capture_padding padding; /* m lacks it already */
    uint64_t samples;        /* of a file of shape [samples, positions, width] */
    uint64_t row0, rows, kept_count;
    uint8_t *kept;
    uint32_t *outlier;                 /* [outliers] their rows, ascending; NULL: none was left out */
    uint64_t outliers, outliers_first; /* all of them; those at the first position of a sample */
    double outlier_variance;           /* their share of the capture's variance, NaN where it has none */
    int text;                          /* number in build_inputs.texts, -1: none */
    matrix_cost cost;                  /* of m while it is open */
    bool suspended;                    /* m is closed; its shape is known */
    uint64_t nnz, fires, negative;
    uint64_t nonfinite, nonfinite_row;
    double *piece_norm; /* residuals with tokens: [pieces] sum of |x|^2 over the rows of each piece */
    double norm;        /* sum of |x|^2 over all rows */
    uint32_t identical; /* bit k: equal to the group's capture under condition k on all rows that are paired */
    pair_counts pairs[SCRY_REFERENCES]; /* with the group's reference, once it was walked */
} build_capture;

/* Some of the SAE's latents, ascending: latent i of `sae` is latent[i]. */
typedef struct latent_subset {
    uint32_t *latent;
    uint32_t count;
    sae sae;
} latent_subset;

typedef struct build_inputs {
    /* set by the caller */
    const scry_build_options *options;
    scry_notes *notes;
    scry_error *err;
    parallel *pool;
    scry_study *study;
    char *folder; /* of the index, for scratch files */

    /* set by inputs_open */
    sae sae;
    bool has_sae;
    tokenizer tokenizer;
    uint64_t scratch_bytes; /* in the folder, of captures that stay open until their group was walked */
    uint32_t all_latents;   /* d_sae */
    uint32_t first, F;      /* this shard's latents: first .. first + F; all sums are [F] */
    char content[20];       /* shards: hash of what they are made from, so that merge can tell */
    size_t D;
    scry_pairing pairing;
    string_pool pieces;
    build_text *texts;
    size_t text_count;
    build_capture *captures;
    size_t capture_count;
    int *capture_of; /* [(trains + domains) * SCRY_CONDITIONS] -> captures, -1 */
    uint64_t tokens; /* rows of all captures */
    size_t padding_assumed,
        padding_unknown; /* captures that give no sign of where their padding is; that may have some */

    struct logit_tables *logits; /* NULL: no model; set by the builder */
    latent_subset candidates;    /* with options.candidates, once chosen: the latents that domains are encoded on */
} build_inputs;

/* Latents are processed a block at a time; a shard holds whole blocks. */
enum { BLOCK_LATENTS = 512 };
static inline size_t blocks_of(uint32_t latents) {
    return ((size_t)latents + BLOCK_LATENTS - 1) / BLOCK_LATENTS;
}

/* False and err when a file cannot be read or does not fit the others; inputs_close must follow either way. */
bool inputs_open(build_inputs *in);
void inputs_close(build_inputs *in);

/* A capture that had to be inflated or sorted takes memory or disk while it is open: it is closed once its
 * group was walked, and where there are many, until then too. */
bool capture_reopen(build_inputs *in, build_capture *c);
void capture_suspend(build_capture *c);

static inline study_group *group_at(const build_inputs *in, size_t g) {
    return g < in->study->train_count ? &in->study->trains[g] : &in->study->domains[g - in->study->train_count];
}
/* True when sums of a group's condition c are taken against the reference: it has both captures. */
static inline bool is_compared(build_capture *const group[SCRY_CONDITIONS], int reference, int c) {
    int of = (int)scry_reference_condition((scry_reference)reference);
    return c != SCRY_BASE && c != of && group[c] && group[of];
}
/* True when some group has a capture under the condition. */
static inline bool is_captured(const build_inputs *in, int condition) {
    bool any = false;
    for (size_t i = 0; i < in->capture_count; i++) any = any || (int)in->captures[i].condition == condition;
    return any;
}
static inline uint64_t conditions_captured(const build_inputs *in) {
    uint64_t n = 0;
    for (int c = 0; c < SCRY_CONDITIONS; c++) n += is_captured(in, c);
    return n;
}
static inline uint64_t build_memory(const build_inputs *in) {
    return in->options->memory ? in->options->memory : SCRY_MEMORY;
}
static inline size_t group_count(const build_inputs *in) {
    return in->study->train_count + in->study->domain_count;
}

/* Hash the manifest, every file that it names, and the versions of scry and of the index format, to 16 digits. Large
 * files by parts. False and err when a file cannot be read. */
bool content_hash(const scry_study *study, char text[20], scry_error *err);
/* The same of the files in the folder of its model, by which logits of latents are computed; "" where it is not there,
 * so that an index is made again once it is. */
void content_hash_model(const scry_study *study, char text[20]);

#endif
