/* latent/top_tokens.h: a list of the strongest examples, for the engine's own files. */
#ifndef SCRY_LATENT_TOP_TOKENS_H
#define SCRY_LATENT_TOP_TOKENS_H

#include "scry.h"

/* An activation with its sample and position; where the capture has no samples, the position is the row. */
scry_example top_tokens_example(const scry_index *index, uint32_t capture, uint32_t row, float activation);

/* Puts e into list[n], the strongest examples so far (ties by capture, then row), of at most `top`; returns the new
 * length. distinct: of one sample only the strongest, where its text was captured under several conditions too. */
size_t top_tokens_insert(const scry_index *index, scry_example *list, size_t n, size_t top, const scry_example *e,
                         bool distinct);

#endif
