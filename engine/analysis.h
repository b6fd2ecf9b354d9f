/* analysis.h: what the paper measures around a score: how rho depends on N, on ranks and on chance,
 * overlap and concentration of two rankings, a data mixture, intervals over resampled tokens, and
 * which text each latent belongs to.
 *
 * All of it reads the index and what is passed and nothing else, so that it can run in a thread of its
 * own beside a session, on a copy of its set (scry_set_copy) and result. Figures that are drawn depend on their seed
 * alone. D is the number of domains. */
#ifndef SCRY_ANALYSIS_H
#define SCRY_ANALYSIS_H

#include "scry.h"
#include "base/cancel.h"

/* ---- rho against N, and against ranks ------------------------------------------------------- */

/* Values of N worth a point: every one to 10, every 5 to 100, every 50 to 1,000, and so on, and top
 * itself. *count of them, ascending; the caller frees. Empty for top 0. */
uint32_t *scry_sweep_grid(uint32_t top, size_t *count);

/* The latents at ranks from..to (from 1, both included) as a selection. */
typedef struct scry_sweep_point {
    uint32_t from, to;
    double share; /* of the total |shift| that they hold */
    scry_fit fit;
    double spearman, p_value; /* permutation p as in scry_result */
} scry_sweep_point;

/* Ranks 1..N for each N of scry_sweep_grid(top). Sums are exact, so each point equals a score of that
 * selection by itself. *count points; the caller frees. NULL when stopped. */
scry_sweep_point *scry_sweep_n(const scry_index *index, const scry_ranking *ranking, scry_score score,
                               const scry_scope *scope, uint32_t top, const scry_cancel *stop, size_t *count);
/* Ranks 1..width, width + 1..2 width, ... up to top (STS paper, fig. 4d); the last may be shorter. */
scry_sweep_point *scry_sweep_bands(const scry_index *index, const scry_ranking *ranking, scry_score score,
                                   const scry_scope *scope, uint32_t top, uint32_t width, const scry_cancel *stop,
                                   size_t *count);

/* rho of `sets` random sets of `size` latents, drawn without replacement from those that are active
 * anywhere in the index: pearson[sets], and spearman[sets] unless NULL. change [D]: the y of each
 * domain, NaN: takes no part. Returns how many sets have a rho; those stand first. 0 when there are
 * fewer active latents than `size`. */
uint32_t scry_random_rhos(const scry_index *index, scry_score score, const double *change, uint32_t size, uint32_t sets,
                          uint64_t seed, const scry_cancel *stop, double *pearson, double *spearman);

/* The q-quantile of n sorted values, linear between neighbours (type 7 of Hyndman and Fan). NaN for n 0. */
double scry_quantile(const double *sorted, size_t n, double q);
/* Ascending. */
void scry_sort(double *values, size_t n);

/* ---- overlap and concentration -------------------------------------------------------------- */

/* For two rankings of the same dimensions, whether SAE latents or the residual stream's own. */
typedef struct scry_overlap_point {
    uint32_t n, overlap;     /* how many are among the first n of both */
    double expected;         /* overlap of two rankings by chance, n^2 / F */
    double share_a, share_b; /* of each total |shift| in its first n (STS paper, fig. 2b) */
} scry_overlap_point;

/* At each N of scry_sweep_grid(top). *count points; the caller frees. STS paper, fig. 2a. */
scry_overlap_point *scry_overlap(const scry_ranking *a, const scry_ranking *b, uint32_t top, size_t *count);

/* ---- mixture -------------------------------------------------------------------------------- */

/* Splits a budget of whole examples over n domains in the ratio of their weights (STS paper, sec.
 * on data mixture), by largest remainder: examples[n] sum to the budget exactly, each from least to
 * most. Where a bound binds, the rest is in ratio among the others. Equal remainders go to the larger
 * weight, then to the earlier domain. use[n] false: takes no part and gets 0. Weights finite and
 * not negative. */
bool scry_mixture(const double *weight, const bool *use, size_t n, uint32_t budget, uint32_t least, uint32_t most,
                  uint32_t *examples, scry_error *err);

/* ---- resampled tokens ----------------------------------------------------------------------- */

/* What is drawn: whole samples (runs of tokens where a capture has none), for tokens of one text
 * are not independent; or single tokens, as the paper's repeats do. */
typedef enum scry_sampling_unit { SCRY_SAMPLES, SCRY_TOKENS } scry_sampling_unit;

/* A selection's score in parts, one a block of tokens: the domain's STS is the sum of `sum` over
 * the sum of `count` (and over `selected` for act2). count is the block's kept tokens, for icl its
 * pairs as the index paired them. Blocks of domain d are first[d] .. first[d + 1]. */
typedef struct scry_blocks {
    scry_score score;
    size_t domains;
    uint32_t selected;
    size_t *first;
    double *sum, *count;
} scry_blocks;

/* Gathered from the postings of the selected latents. NULL when stopped (err stays empty), or with
 * err when the index does not hold what it takes. Owner: scry_blocks_free. */
scry_blocks *scry_blocks_new(const scry_index *index, scry_score score, const scry_set *set, scry_sampling_unit unit,
                             const scry_cancel *stop, scry_error *err);
void scry_blocks_free(scry_blocks *blocks);
/* The domain's STS from all its blocks: the scorer's, but for the rounding of contributions. NaN
 * without blocks. */
double scry_blocks_sts(const scry_blocks *blocks, size_t domain);

/* Percentile interval of rho that holds 95 %: each draw takes, in every domain, as many blocks as
 * there are, with replacement. change [D] as in scry_random_rhos. NaN where a domain that takes part
 * has fewer than 2 blocks, or most draws have no rho. False when stopped. */
enum { SCRY_DRAWS = 1000 };
bool scry_interval(const scry_blocks *blocks, const double *change, uint32_t draws, uint64_t seed,
                   const scry_cancel *stop, double *low, double *high);

/* The paper's repeats: each draws, with replacement, as many blocks as the domain has but no more
 * than `most`: rho[repeats], sts[repeats][D] (may be NULL). False when stopped. */
bool scry_repeats(const scry_blocks *blocks, const double *change, uint32_t repeats, uint32_t most, uint64_t seed,
                  const scry_cancel *stop, double *rho, double *sts);

/* Mean and deviation (n - 1) of the values that are not NaN; NaN without any (deviation: without two). */
void scry_mean_sd(const double *values, size_t n, double *mean, double *sd);

/* Both steps of the interval for a result that scry_result_fit has filled: sets ci_low and ci_high.
 * False when stopped; an index that cannot give it leaves NaN. */
bool scry_result_interval(scry_result *result, const scry_index *index, scry_score score, const scry_set *set,
                          const scry_cancel *stop);

/* scry_result_statistics, which can be given up: false when stopped; the company is then not whole. */
bool scry_result_statistics_until(scry_result *result, const scry_index *index, scry_score score, uint32_t count,
                                  const scry_cancel *stop);

/* All the company of a result that scry_result_fit has filled: scry_result_statistics and the interval.
 * False when stopped; the company is then not whole. */
bool scry_result_finish(scry_result *result, const scry_index *index, scry_score score, const scry_set *set,
                        const scry_cancel *stop);

/* ---- which text a latent belongs to --------------------------------------------------------- */

/* By name: the training sets first, then the domains; a domain of a training set's name is the same
 * text. */
enum { SCRY_SILENT = -1, SCRY_MIXED = -2 };
enum { SCRY_TOP_SAMPLES = 10 };

typedef struct scry_attribution {
    size_t names;
    const char **name; /* [names], in the index */
    uint32_t latents;
    int *owner; /* [F] name's number, or SCRY_SILENT, SCRY_MIXED */
} scry_attribution;

/* The text that holds more than half of the samples (ten at most, each counted once) on which the
 * latent fires most, over the base captures (STS paper, tables 7 and 8). threads 0: all. NULL
 * when stopped. Owner: scry_attribution_free. */
scry_attribution *scry_attribution_new(const scry_index *index, unsigned threads, const scry_cancel *stop);
void scry_attribution_free(scry_attribution *owners);

#endif
