/* export.h: writes a selection for other programs: as CSV, as decoder rows for steering, ablation and selective
 * fine-tuning (STS paper, table 11), or as a list for Neuronpedia.
 *
 * Every file replaces an older one atomically; "-" is standard output. After an error or when cancelled, which is an
 * error too, an older file is unchanged. */
#ifndef SCRY_EXPORT_H
#define SCRY_EXPORT_H

#include "scry.h"
#include "base/cancel.h"

/* The selection and the options of an export. All pointers are borrowed. */
typedef struct scry_export_request {
    const scry_set *set;
    const scry_index *index;
    const scry_ranking *ranking;      /* order and shift; mean activations are those of its training set and source */
    uint32_t top;                     /* CSV: as in scry_set_write_csv */
    scry_score score;                 /* CSV */
    const scry_cancel *cancel;        /* NULL: not cancellable */
    const char *rho;                  /* tensors and Neuronpedia: a sentence on the selection's rho; NULL: none */
    const char *model_id, *source_id; /* Neuronpedia's IDs; NULL: the manifest's model, and one made from its hook */
} scry_export_request;

/* Chooses the format by the end of the path: .safetensors, .json, else CSV. Adds warnings to notes (may be NULL). */
bool scry_export(const scry_export_request *e, const char *path, scry_notes *notes, scry_error *err);

/* Writes the columns latent,included,rank,shift,share,label, one of contributions (of `score`) per domain, and
 * key_tokens (scry_key_tokens, as csv_text_write_line of base/escape.h writes them): the latents in the set, and with
 * included 0 those of the first `top` ranks that are not, so that removals can be seen. scry_set_read reads it. */
bool scry_set_write_csv(const scry_set *set, const scry_index *index, const scry_ranking *ranking, uint32_t top,
                        scry_score score, const char *path, const scry_cancel *cancel, scry_error *err);

/* Writes the n latents of the set, by rank, and their decoder, in the units of the residual stream:
 *
 *     latents       I64 [n]
 *     W_dec         F32 [n, d]   what one unit of the latent adds
 *     b_dec         F32 [d]
 *     mean_base     F32 [n]      over the pairs of training set and source
 *     mean_shifted  F32 [n]
 *
 * with model, hook, sae, training set, source, metric and rho as the file's metadata. An error where the index has no
 * decoder. */
bool scry_export_decoder(const scry_export_request *e, const char *path, scry_notes *notes, scry_error *err);

/* Writes {"name", "description", "features": [{"modelId", "layer", "index", "description"}]}, by rank. The features are
 * what Neuronpedia's /api/list/add-features (100 at a time) and its quick-list addresses take; "layer" is its source
 * id. */
bool scry_export_neuronpedia(const scry_export_request *e, const char *path, scry_notes *notes, scry_error *err);

#endif
