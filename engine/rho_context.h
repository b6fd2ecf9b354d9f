/* rho_context.h: the context of a rho: its value without one domain, by chance, after a search for it, and how high the
 * errors of the measured changes let it be. scry_rho_context (correlation.h)
 * holds them. D is the number of domains. */
#ifndef SCRY_RHO_CONTEXT_H
#define SCRY_RHO_CONTEXT_H

#include "scry.h"

/* All NaN. */
scry_rho_context scry_rho_context_none(void);

enum { SCRY_SEARCHES = 1000 }; /* permutations of the changes for search_p */

/* 95 % interval of Pearson's rho over domains, were these n drawn at random: Fisher's z, tanh(atanh rho -+ 1.96 /
 * sqrt(n - 3)). NaN with fewer than 4. */
void scry_domain_interval(double rho, size_t n, double *low, double *high);

/* Two-sided p of a value among n others: twice the smaller of the shares, counting the value itself, that are at most
 * and at least as large; at most 1. NaN for n 0. */
double scry_tail(double value, const double *others, size_t n);

/* The share of the variance of the changes y [n] that their standard errors se [n] leave to the changes themselves:
 * 1 - mean(se^2) / var(y), at least 0. NaN where an error is missing or n is below 3. No predictor is expected to
 * correlate with y by more than its square root (attenuation, Spearman 1904). */
double scry_reliability(const double *y, const double *se, size_t n);

/* As scry_random_rhos, of sets that are matched to `set` for firing rate: for each of its latents one that is within 60
 * ranks by the number of activations in the index, those of the set included. */
uint32_t scry_matched_rhos(const scry_index *index, scry_score score, const double *change, const scry_set *set,
                           uint32_t sets, uint64_t seed, const scry_cancel *cancel, double *pearson);

/* Searches compare sums of contributions: of an estimate (scry_score_info.is_effect) they give NaN once there is a
 * switch.
 *
 * Switches `switches` latents of the set in or out, one after another, each the one whose switch gives the largest
 * |rho|, and none twice. change [D]: NaN where a domain takes no part. Returns the rho of the step with the largest
 * |rho|, the first state included; NaN where none has one. */
double scry_greedy_search(const scry_index *index, scry_score score, scry_set *set, const double *change,
                          uint32_t switches);

/* Search-adjusted p: in SCRY_SEARCHES seeded permutations of the changes over the domains, the share of greedy searches
 * of so many switches from `start` that reach |rho|, (hits + 1) / (permutations + 1). It pays for the switches, not for
 * trying other rankings, N or scores. best_mean: the mean |rho| that they reach. NaN where rho is NaN. False when
 * cancelled. All processors. */
bool scry_search_p(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                   uint32_t switches, double rho, uint64_t seed, const scry_cancel *cancel, double *p_value,
                   double *best_mean);

/* Predictive R2 of such a search, each domain left out in turn: switches and line are chosen without it, and predict
 * it. 1 - sum of squared errors / sum of squared errors of the mean of the others; negative where that is better. NaN
 * with fewer than 4 domains. False when cancelled. */
bool scry_search_cross_validated(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                                 uint32_t switches, const scry_cancel *cancel, double *r2);

/* Finds the row of scry_baselines, other than the STS, with the largest |rho|; `top` is the number of raw dimensions.
 * Walks every posting of the index. threads 0: all processors. False when cancelled. */
bool scry_best_baseline_find(scry_best_baseline *out, const scry_index *index, scry_condition source, uint32_t top,
                             const scry_scope *scope, unsigned threads, const scry_cancel *cancel);

/* Split halves: the search is made on half of each domain's texts (samples of even number) and rho is measured on the
 * other half, and the other way round; the mean of both. NaN where fewer than 3 domains have two samples, where the
 * index was made with candidates, and beyond SCRY_SPLIT_POSTINGS activations, since it walks all of them. False when
 * cancelled.
 */
enum { SCRY_SPLIT_POSTINGS = 20000000 };
bool scry_search_split_half(const scry_index *index, scry_score score, const scry_set *start, const double *change,
                            uint32_t switches, const scry_cancel *cancel, double *rho);

#endif
