/* stats/blocks.h: contributions on halves of the texts, for the engine's own files; analysis.h has the rest. */
#ifndef SCRY_STATS_BLOCKS_H
#define SCRY_STATS_BLOCKS_H

#include "analysis.h"

/* Writes to half[0] and half[1], [rows][D] zeros as index->contribution is laid out, each latent's contributions on the
 * samples of even and of odd number, and to has[D] whether the domain has both halves. Walks every posting. False and
 * err when the index does not say which tokens were left out; false when cancelled. */
bool blocks_halves(const scry_index *index, scry_score score, float *half[2], bool *has, const scry_cancel *cancel,
                   scry_error *err);

#endif
