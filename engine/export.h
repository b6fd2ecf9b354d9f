/* export.h: a selection handed on: as CSV, as decoder rows for steering, ablation and selective
 * fine-tuning (STS paper, table 11), as a list for Neuronpedia. */
#ifndef SCRY_EXPORT_H
#define SCRY_EXPORT_H

#include "scry.h"
#include "base/cancel.h"

typedef struct scry_exported {
    const scry_set *set;
    const scry_index *index;
    const scry_ranking *ranking;      /* order, shift and means: of its training set and source */
    uint32_t top;                     /* CSV: scry_set_write_csv */
    scry_score score;                 /* CSV */
    const scry_cancel *stop;          /* NULL: never. Stopped, nothing is written, and err says so */
    const char *model_id, *source_id; /* Neuronpedia's names; NULL: the manifest's model, and one made of its hook */
} scry_exported;

/* By the ending of the path: .safetensors, .json, else CSV. What the reader should know goes to notes
 * (may be NULL). Written to a temporary name, then renamed. */
bool scry_export(const scry_exported *e, const char *path, scry_notes *notes, scry_error *err);

/* scry_set_write_csv, which can be given up. */
bool scry_set_write_csv_until(const scry_set *set, const scry_index *index, const scry_ranking *ranking, uint32_t top,
                              scry_score score, const char *path, const scry_cancel *stop, scry_error *err);

/* The latents of the set in order of rank, [set->count]; the caller frees. */
uint32_t *scry_exported_latents(const scry_exported *e);

/* The n latents of the set, by rank, and their decoder, in the units of the residual stream:
 *
 *     latents       I64 [n]
 *     W_dec         F32 [n, d]   what one unit of the latent adds
 *     b_dec         F32 [d]
 *     mean_base     F32 [n]      over the pairs of training set and source
 *     mean_shifted  F32 [n]
 *
 * model, hook, sae, training set, source and metric are in the file's metadata. An error where the index
 * has no decoder. */
bool scry_set_write_tensors(const scry_exported *e, const char *path, scry_notes *notes, scry_error *err);

/* {"name", "description", "features": [{"modelId", "layer", "index", "description"}]}, by rank. The features
 * are what Neuronpedia's /api/list/add-features takes (100 at a time) and its quick-list addresses; "layer"
 * is its source id. */
bool scry_set_write_list(const scry_exported *e, const char *path, scry_notes *notes, scry_error *err);

#endif
