/* effects.h: the score abl: an estimate of what removing latents from the model itself does to each domain's loss,
 * which moves with every toggle as the other scores do.
 *
 * Of sample s let g_0(t) be the gradient of its log-likelihood (of the tokens that count for the loss, ablate.h) by the
 * residual at token t, and g_1 .. g_M the same of labels drawn from the model's own predictions, whose squares estimate
 * the Fisher information. Then
 *
 *     a_m[s][j]  = sum over the tokens t of s of (g_m(t) . W_dec_j / input_scale) h_j(t)
 *     S_m[s]     = sum over the latents j of the set of a_m[s][j]
 *     estimate   = (sum over s of S_0[s] + (S_1[s]^2 + .. + S_M[s]^2) / 2M) / tokens
 *
 * is the rise of a domain's mean loss, in nats a token, to second order. It follows exact runs (scry_ablate) closely
 * for few latents and underestimates large sets: an anchor, the differences of an exact run of a set D, sets that right
 * around D. Never take an estimate for more than the shadow of the exact run.
 *
 * The a_m are the index's effect columns: a file X.effects of its own next to the index X.scry, since they take the
 * model, and minutes of a large one, which indexing does not. scry_open finds them again by themselves. They hold the
 * fingerprints of the index and the model; columns of another index are not used. */
#ifndef SCRY_EFFECTS_H
#define SCRY_EFFECTS_H

#include "base/cancel.h"
#include "scry.h"

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct scry_effects_info {
    const char *path, *model_path; /* the file; the folder of the model that it was made with */
    uint64_t model;                /* the model's fingerprint */
    uint32_t draws;                /* M */
    uint64_t seed, most;           /* of draws and samples; samples of a domain at most, 0: all */
    uint32_t samples;
    uint64_t entries, bytes; /* pairs of a latent and a sample in which it fires; of the file */
} scry_effects_info;
/* False when the index has no columns. Texts are borrowed from the index. */
bool scry_effects_info_of(const scry_index *index, scry_effects_info *out);
/* Where the index's columns are kept, or would be. The caller frees it. */
char *scry_effects_path(const scry_index *index);
/* Why a file of columns that is there could not be used; NULL: no such problem. */
const char *scry_effects_problem(const scry_index *index);
/* Puts the columns of a file in use: path NULL, the index's own. For all views of the index, whose other readers may go
 * on meanwhile; what they hold of older columns stays valid. False and err for a file that is damaged or of another
 * index; what was in use stays. */
bool scry_effects_attach(scry_index *index, const char *path, bool verify, scry_error *err);
/* Changes whenever columns are put in use: a scorer made before goes on with those that it was made with. */
uint64_t scry_effects_version(const scry_index *index);

enum { SCRY_EFFECT_DRAWS = 6 };

typedef struct scry_effects_options {
    const char *model, *study; /* as in scry_causal_options */
    uint32_t draws;            /* M; 0: SCRY_EFFECT_DRAWS */
    uint64_t seed;
    size_t samples; /* of a domain, at most, drawn by the seed; 0: all */
    unsigned threads;
    uint64_t memory; /* limit in bytes; 0: SCRY_MEMORY. Entries beyond it go to a scratch file next to the result */
    bool force;      /* compute even where the file is of this model and of these options */
    const scry_cancel *cancel;
} scry_effects_options;
/* Computes the columns and writes the index's file, which scry_effects_attach then puts in use; the index itself is
 * only read, so that this may run on another thread. *made is false where the file was right already. Results depend
 * neither on threads nor on memory. False and err as scry_causal_open, and when cancelled; an older file is then as it
 * was. Notes (may be NULL) receive what scry_causal_open notes. */
bool scry_effects_compute(const scry_index *index, const scry_effects_options *options, bool *made, scry_notes *notes,
                          scry_error *err);

/* ---- anchor --------------------------------------------------------------------------------- */

/* The set that was last run exactly, and each domain's difference of the mean loss [D], NaN where it has none. Around
 * it
 *
 *     abl(D') = exact(D) + estimate(D') - estimate(D) */
typedef struct scry_anchor {
    scry_set *set;
    double *exact;
    size_t domains;
} scry_anchor;
/* Copies both. */
scry_anchor *scry_anchor_new(const scry_set *set, const double *exact, size_t domains);
scry_anchor *scry_anchor_copy(const scry_anchor *anchor); /* NULL: NULL */
void scry_anchor_free(scry_anchor *anchor);               /* accepts NULL */

/* Anchors a scorer of abl, or with NULL takes the anchor away; nothing happens with another score. Copies the anchor. A
 * domain without an exact difference is NaN then. */
void scry_scorer_set_anchor(scry_scorer *scorer, const scry_anchor *anchor);
/* The scorer's; NULL: none. */
const scry_anchor *scry_scorer_anchor(const scry_scorer *scorer);

#endif
