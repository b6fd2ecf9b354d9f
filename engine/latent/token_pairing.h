/* latent/token_pairing.h: kept rows and paired rows of an index, by the rules of study/kept_rows.h and
 * study/token_alignment.h, from the text and the manifest that the index holds. */
#ifndef SCRY_LATENT_TOKEN_PAIRING_H
#define SCRY_LATENT_TOKEN_PAIRING_H

#include "scry.h"
#include "study/kept_rows.h"
#include "study/token_alignment.h"

/* By the manifest and by the outliers that the indexer marked: kept[row] = 1 for the rows of the capture that count, 0
 * for the others; the caller frees it. *as_indexed is false where they are not as many as the indexer counted. */
uint8_t *index_kept_rows(const scry_index *index, size_t capture, bool *as_indexed);

/* The runs of a base capture (in row[0], bit 0 of the mask) and of `captures` - 1 others of its group (in row[1], bit
 * 1,
 * ...), by the study's pairing. kept: as by index_kept_rows. Owner: token_alignment_free. */
bool index_align(alignment_runs *runs, const scry_index *index, const int *capture, int captures,
                 const uint8_t *const *kept, scry_error *err);

#endif
