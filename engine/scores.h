/* scores.h: the table of scores. Names, help, messages, the commands of the explorer, the index's sections and the
 * baselines' rows are all made from it; a new score is one more row, and whatever accumulator it needs in
 * index/build/.
 *
 * SCORE(enumerator, name, aggregate, condition, term, sum, residual, compared, key, help, definition)
 *
 *   aggregate   over the set of latents: SUM or MEAN of their contributions; or EFFECT, an estimate from the effect
 *               columns (effects.h), which is no sum over latents: a latent's contribution is then the estimate of
 *               the latent alone
 *   condition   BASE, or the other condition whose captures a domain needs: then h is the difference of activations
 *               from base over paired tokens
 *   term        what a token (or pair) with activation (or difference) h adds; a latent's contribution to a domain is
 *               the mean of it over the domain's tokens (or pairs). NAN of an EFFECT
 *   sum         the sum of `term` in the accumulators of latent j while an index is built (index/build/statistics.c);
 *               NAN of an EFFECT, of which an index holds nothing
 *   residual    the same mean of a dimension of the residual stream: MEAN, SQUARE, DIFFERENCE (baselines.h), or NONE
 *   compared    true: shown by `scry compare`, and in a report next to the chosen score
 *   key         the explorer's
 *   help, definition   one line for the help of a command; one for the report */
#ifndef SCRY_SCORES_H
#define SCRY_SCORES_H

#include "base/name_list.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* act and icl: STS paper, STS_act and STS_icl. act2: the authors' notebook. */
#define SCRY_SCORE_TABLE(SCORE)                                                                                        \
    SCORE(SCRY_ACT, act, SUM, BASE, h, sums->sum[j], MEAN, true, "3", "mean activation, summed",                       \
          "mean over a domain's tokens of the sum of the selection's activations")                                     \
    SCORE(SCRY_ACT2, act2, MEAN, BASE, h *h, sums->square[j], SQUARE, false, "4", "mean squared activation, averaged", \
          "mean over the selection of the mean squared activation")                                                    \
    SCORE(SCRY_SCORE_ICL, icl, SUM, ICL, h *h, pairs->figure[PAIR_DIFFERENCE_SQUARE][j], DIFFERENCE, true, "5",        \
          "mean squared change under demonstrations",                                                                  \
          "mean over paired tokens of the sum of squared changes that demonstrations make")                            \
    SCORE(SCRY_ABL, abl, EFFECT, BASE, NAN, NAN, NONE, false, "6", "estimated rise of the loss without the selection", \
          "second-order estimate of the rise of a domain's mean loss, in nats a token, when the model runs without "   \
          "the selection")

typedef enum scry_score {
#define SCORE(id, ...) id,
    SCRY_SCORE_TABLE(SCORE)
#undef SCORE
        SCRY_SCORES
} scry_score;

/* "|act|act2|icl", for an option's values; &[1] leaves out the first bar. */
#define SCRY_SCORE_BARRED(id, name, ...) "|" #name
#define SCRY_SCORE_VALUES                (&SCRY_SCORE_TABLE(SCRY_SCORE_BARRED)[1])

typedef struct scry_score_info {
    const char *name, *key, *help, *definition;
    int condition;  /* a scry_condition: that of the captures that a domain needs; SCRY_BASE: only its base */
    bool is_mean;   /* over the set; else a sum */
    bool is_effect; /* neither: an estimate from the effect columns */
    bool is_compared;
} scry_score_info;

/* [SCRY_SCORES], by scry_score. */
extern const scry_score_info scry_scores[];

const char *scry_score_name(scry_score s);
/* The score of that name, or -1. */
int scry_score_of(const char *name);
/* All names as a choice, "act, act2 or icl", each between quotes (which may be ""). Returns out. */
const char *scry_score_choices(char out[SCRY_CHOICES], const char *quote);

/* What one token (or pair) with activation (or difference) h adds to a latent's sum. */
static inline double scry_score_term(scry_score score, double h) {
    switch (score) {
#define SCORE(id, name, aggregate, condition, term, ...)                                                               \
    case id:                                                                                                           \
        return term;
        SCRY_SCORE_TABLE(SCORE)
#undef SCORE
    case SCRY_SCORES:
        break;
    }
    return (double)NAN;
}

/* Of a sum or mean: the STS of a set of `count` latents whose contributions to the domain add up to `sum`; 0 for an
 * empty set. */
static inline double scry_score_aggregate(scry_score score, double sum, uint32_t count) {
    if (!scry_scores[score].is_mean) return sum;
    return count ? sum / count : 0;
}

#endif
