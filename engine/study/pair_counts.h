/* pair_counts.h: how many tokens and samples of two conditions found each other. */
#ifndef SCRY_STUDY_PAIR_COUNTS_H
#define SCRY_STUDY_PAIR_COUNTS_H

#include "study/sample_matching.h"
#include "study/token_alignment.h"

/* Fill counts[r][c] for every reference r and every other condition c that are present; not of base against control. m:
 * the matchings with base, by which samples of control and of a third condition find each other too. */
void count_sample_pairs(pair_counts (*counts)[SCRY_CONDITIONS], const alignment_view *view, const sample_matching *m,
                        scry_pairing pairing);
void count_row_pairs(pair_counts (*counts)[SCRY_CONDITIONS], const alignment_view *view);

#endif
