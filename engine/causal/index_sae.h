/* causal/index_sae.h: the SAE that made an index, from its own files. */
#ifndef SCRY_CAUSAL_INDEX_SAE_H
#define SCRY_CAUSAL_INDEX_SAE_H

#include "sae/sae.h"
#include "scry.h"

/* True when the SAE has the index's decoder: some rows of it are compared. s->W_dec may be NULL. */
bool index_has_decoder_of(const scry_index *index, const sae *s);

/* Loads the SAE that the index names. False where it is not there, is another one, or takes more than `memory` bytes.
 * Owner: sae_free, after true. */
bool index_sae_load(sae *s, const scry_index *index, uint64_t memory);

/* Writes the part of the stream that the SAE's latents make of x [count][d], sum over j of h_j W_dec_j in the latents'
 * own units, to out [count][d]; count at most 65,536. The decoder is
 * the index's. */
void index_sae_reconstruct(const scry_index *index, const sae *s, const float *x, uint32_t count, double *out);

#endif
