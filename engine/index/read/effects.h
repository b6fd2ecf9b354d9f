/* effects.h: the effect columns of an open index, which its views share. */
#ifndef SCRY_INDEX_READ_EFFECTS_H
#define SCRY_INDEX_READ_EFFECTS_H

#include "index/format/effect_columns.h"
#include "index/read/index.h"

/* The columns in use; NULL: none. Columns that were replaced stay valid until the index is closed. Any thread. */
const effect_columns *index_effect_columns(const scry_index *index);
/* Puts the columns of a file in use, for all views. False and err when they do not fit or are damaged; what was in use
 * stays. One thread at a time, while others may read. */
bool index_effects_attach(const scry_index *index, const char *path, bool verify, uint64_t fingerprint,
                          scry_error *err);
/* Grows with every file put in use. */
uint64_t index_effects_version(const scry_index *index);
/* Why a file that is there could not be put in use; NULL: no such problem. Cleared by index_effects_attach. */
const char *index_effects_problem(const scry_index *index);
void index_effects_set_problem(const scry_index *index, const scry_error *problem);
/* A latent's own estimates [D]: of removing it alone. The index must have columns. */
const float *index_effect_alone(const scry_index *index, uint32_t latent);

#endif
