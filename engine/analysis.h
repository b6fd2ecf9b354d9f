/* analysis.h: rho by N, by band of ranks, of random sets and over resampled tokens; overlap and
 * concentration of two rankings; a data mixture; and the attribution of latents to texts.
 *
 * Everything here only reads the index and its arguments, so that any thread may run it on copies of a session's set
 * (scry_set_copy) and result. cancel may be NULL. Random figures depend on their seed alone. D is the number of
 * domains. */
#ifndef SCRY_ANALYSIS_H
#define SCRY_ANALYSIS_H

#include "scry.h"
#include "base/cancel.h"

/* ---- rho against N, and against ranks ------------------------------------------------------- */

/* Returns the values of N for a sweep, ascending: every one to 10, every 5 to 100, every 50 to 1,000, and so on, and
 * top itself; none for top 0. *count is their number; the caller frees them. */
uint32_t *scry_sweep_grid(uint32_t top, size_t *count);

/* The selection of ranks from..to (from 1, both included). */
typedef struct scry_sweep_point {
    uint32_t from, to;
    double share; /* of the total |shift| */
    scry_fit fit;
    double spearman, p_value; /* permutation p as in scry_result */
} scry_sweep_point;

/* Scores ranks 1..N for each N of scry_sweep_grid(top). Sums are exact, so that each point equals the score of its
 * selection alone. Returns *count points, which the caller frees; NULL when cancelled. */
scry_sweep_point *scry_sweep_n(const scry_index *index, const scry_ranking *ranking, scry_score score,
                               const scry_scope *scope, uint32_t top, const scry_cancel *cancel, size_t *count);
/* Scores ranks 1..width, width + 1..2 width, ... up to top (STS paper, fig. 4d); the last band may be shorter. */
scry_sweep_point *scry_sweep_bands(const scry_index *index, const scry_ranking *ranking, scry_score score,
                                   const scry_scope *scope, uint32_t top, uint32_t width, const scry_cancel *cancel,
                                   size_t *count);

/* Draws `sets` random sets of `size` latents, without replacement, from those that are active anywhere in the index,
 * and writes their rho to pearson[sets], and to spearman[sets] unless NULL. change [D]: the y of each domain; NaN:
 * takes no part. Returns the number of sets that have a rho, which come first: 0 when fewer than `size` latents are
 * active, or in an index made with candidates, whose latents are no random choice. */
uint32_t scry_random_rhos(const scry_index *index, scry_score score, const double *change, uint32_t size, uint32_t sets,
                          uint64_t seed, const scry_cancel *cancel, double *pearson, double *spearman);

/* The q-quantile of n sorted values, linear between neighbours (type 7 of Hyndman and Fan). NaN for n 0. */
double scry_quantile(const double *sorted, size_t n, double q);
/* Sorts in ascending order. */
void scry_sort(double *values, size_t n);
/* Mean and standard deviation (n - 1) of the values that are not NaN; NaN where there are none (deviation: fewer than
 * two). */
void scry_mean_sd(const double *values, size_t n, double *mean, double *sd);

/* ---- overlap and concentration -------------------------------------------------------------- */

/* Two rankings of the same dimensions, SAE latents or those of the residual stream, at n. */
typedef struct scry_overlap_point {
    uint32_t n, overlap;     /* overlap: dimensions among the first n of both */
    double expected;         /* by chance: n^2 / F */
    double share_a, share_b; /* of each total |shift| held by its first n (STS paper, fig. 2b) */
} scry_overlap_point;

/* Compares them at each N of scry_sweep_grid(top) (STS paper, fig. 2a). Returns *count points; the caller frees them.
 */
scry_overlap_point *scry_overlap(const scry_ranking *a, const scry_ranking *b, uint32_t top, size_t *count);

/* ---- mixture -------------------------------------------------------------------------------- */

/* Splits a budget of examples over n domains in proportion to their weights (STS paper, section on data mixture), by
 * largest remainder: examples[n] sum exactly to the budget, each between min and max. Where a bound is reached, the
 * rest is split in proportion among the others. Equal remainders go to the larger weight, then to the earlier domain.
 * use[n] false: the domain gets 0. Weights are finite and not negative. False and err when no split meets the bounds.
 */
bool scry_mixture(const double *weight, const bool *use, size_t n, uint32_t budget, uint32_t min, uint32_t max,
                  uint32_t *examples, scry_error *err);

/* ---- bootstrap over tokens ------------------------------------------------------------------ */

/* The unit that is resampled: samples (runs of tokens where a capture has none), since tokens of one text are not
 * independent; or single tokens, as in the paper's repeats. */
typedef enum scry_sampling_unit { SCRY_SAMPLES, SCRY_TOKENS } scry_sampling_unit;

/* A selection's score by block of tokens, where a block is one sampling unit: the domain's STS is the aggregate
 * (scry_score_aggregate) of the sum of `sum` over the sum of `count`. count is the block's kept tokens, for icl its
 * pairs as the index paired them. Blocks of domain d are first[d] .. first[d + 1]. */
typedef struct scry_blocks {
    scry_score score;
    size_t domains;
    uint32_t selected;
    size_t *first;
    double *sum, *count;
} scry_blocks;

/* Gathers them from the postings of the selected latents. NULL with err when the index lacks what this needs, or NULL
 * without err when cancelled. */
scry_blocks *scry_blocks_new(const scry_index *index, scry_score score, const scry_set *set, scry_sampling_unit unit,
                             const scry_cancel *cancel, scry_error *err);
void scry_blocks_free(scry_blocks *blocks);
/* The domain's STS from all its blocks: equal to the scorer's up to the rounding of contributions. NaN without blocks.
 */
double scry_blocks_sts(const scry_blocks *blocks, size_t domain);

/* The 95 % percentile interval of rho: each draw resamples the blocks of every domain with replacement. change [D] as
 * in scry_random_rhos. NaN where a domain that takes part has fewer than 2 blocks, or most draws have no rho. False
 * when cancelled. */
enum { SCRY_DRAWS = 1000 };
bool scry_interval(const scry_blocks *blocks, const double *change, uint32_t draws, uint64_t seed,
                   const scry_cancel *cancel, double *low, double *high);

/* The paper's repeats: each draws, with replacement, as many blocks as the domain has but at most max_blocks. Writes
 * rho[repeats] and sts[repeats][D] (may be NULL). False when cancelled. */
bool scry_repeats(const scry_blocks *blocks, const double *change, uint32_t repeats, uint32_t max_blocks, uint64_t seed,
                  const scry_cancel *cancel, double *rho, double *sts);

/* Sets ci_low and ci_high of a result that scry_result_fit has filled, by both steps; NaN where the index lacks what
 * they need. False when cancelled. */
bool scry_result_interval(scry_result *result, const scry_index *index, scry_score score, const scry_set *set,
                          const scry_cancel *cancel);

/* Completes a result of `set` that scry_result_fit has filled over `scope`: scry_result_statistics, the interval, and
 * the context; of one whose scorer is anchored, scry_result_finish_values, since an anchor is of no other set and of no
 * resample. untouched: the top N that the set was edited from; NULL: not known, and then nothing is said of a
 * search. False when cancelled; the result is then incomplete. */
bool scry_result_finish(scry_result *result, const scry_index *index, scry_score score, const scry_set *set,
                        const scry_set *untouched, const scry_scope *scope, const scry_cancel *cancel);

/* Adds to a result of scry_result_values what follows from the values and the changes alone: Spearman's rho, p,
 * leave-one-out, and of the context rho without a domain, the interval over domains and the ceiling. Some 10 ms; the
 * numbers of other selections stay NaN. */
void scry_result_finish_values(scry_result *result, const scry_index *index, const scry_scope *scope);

/* ---- attribution ---------------------------------------------------------------------------- */

enum { SCRY_SILENT = -1, SCRY_MIXED = -2 };
enum { SCRY_TOP_SAMPLES = 10 };

/* The text that each latent belongs to. Texts are the names of training sets, then of domains; a domain of the same
 * name as a training set is the same text. */
typedef struct scry_attribution {
    size_t names;
    const char **name; /* [names], borrowed from the index */
    uint32_t latents;
    int *owner; /* [F] number of a name, SCRY_SILENT or SCRY_MIXED */
} scry_attribution;

/* Attributes a latent to the text that holds more than half of its SCRY_TOP_SAMPLES strongest samples, each counted
 * once, over the base captures (STS paper, tables 7 and 8). threads 0: all processors. NULL when cancelled. */
scry_attribution *scry_attribution_new(const scry_index *index, unsigned threads, const scry_cancel *cancel);
void scry_attribution_free(scry_attribution *attribution);

#endif
