/* correlation.h: the correlation of a score with the measured change over a study's domains. Included by scry.h.
 *
 * A scope chooses the domains; scry_result_fit computes a set's STS and their correlation in one step, cheap
 * enough for every frame; scry_result_statistics and scry_result_finish (analysis.h) add what qualifies a rho.
 * Everything here reads the index and its arguments only, so that any thread may work on its own copies. D is the
 * number of domains. */
#ifndef SCRY_CORRELATION_H
#define SCRY_CORRELATION_H

#include "scry.h"
#include "base/cancel.h"

/* The domains that take part, and whether the signed or the absolute change is used. */
typedef struct scry_scope {
    size_t train;
    bool is_signed;
    size_t domains;
    bool *use; /* [D]; false also where the change is absent */
} scry_scope;

/* spec: "all", "extremes:K" (the K largest and the K smallest changes, as they are correlated: by size unless signed;
 * ties by domain order), or names such as
 * "law,math" (base/name_list.h). After an error the scope needs no freeing. */
bool scry_scope_read(scry_scope *scope, const scry_index *index, size_t train, const char *spec, bool is_signed,
                     scry_error *err);
scry_scope scry_scope_copy(const scry_scope *scope);
void scry_scope_free(scry_scope *scope);
/* Reads the same specs into use[D] for work that needs no change: true also where the change is absent; extremes by
 * size. */
bool scry_domains_read(bool *use, const scry_index *index, size_t train, const char *spec, scry_error *err);
/* The change as it is correlated, absolute or signed, in percentage points. NaN where absent. */
double scry_scope_change(const scry_scope *scope, const scry_index *index, size_t domain);

/* Pearson's rho between x (STS) and y (change), and the least-squares line y = intercept + slope x. All NaN but n with
 * fewer than 3 points, or without variance in x or y. */
typedef struct scry_fit {
    size_t n;
    double pearson, r2, slope, intercept;
} scry_fit;

scry_fit scry_fit_line(const double *x, const double *y, size_t n);
/* Spearman's rho: Pearson's of mid-ranks. */
double scry_spearman(const double *x, const double *y, size_t n);
/* Two-sided permutation p of Pearson's rho: exact up to 9 points, else (hits + 1) / (draws + 1) over `draws` seeded
 * shuffles. */
double scry_permutation_p(const double *x, const double *y, size_t n, uint32_t draws, uint64_t seed);
/* Smallest and largest rho with one point left out; NaN with fewer than 4 points. */
void scry_leave_one_out(const double *x, const double *y, size_t n, double *low, double *high);

/* The context of a rho (rho_context.h). Numbers that cannot be computed are NaN, and domains -1. */
typedef struct scry_rho_context {
    int train_domain, farthest_domain;             /* the training set's own domain; the one farthest from the others */
    double without_train, without_farthest;        /* rho without it */
    double domains_low, domains_high;              /* 95 % interval of rho over domains (scry_domain_interval) */
    double random_tail;                            /* two-sided p among random sets: scry_tail */
    double matched_mean, matched_sd, matched_tail; /* the same of sets matched for firing rate (scry_matched_rhos) */
    double untouched;                              /* rho of the top N before any latent was switched by hand */
    uint32_t switches;                             /* latents in which the selection differs from it */
    double search_p, search_mean;                  /* scry_search_p, where switches > 0 */
    double cv_r2;                                  /* scry_search_cross_validated */
    double split_half;                             /* scry_search_split_half, where switches > 0 */
    double reliability, ceiling; /* scry_reliability, and its square root: the largest |rho| to expect */
} scry_rho_context;

/* A baseline's rho, as in baselines.h. name NULL: there is none. Texts are constants. */
typedef struct scry_best_baseline {
    const char *name, *of, *with;
    double pearson;
} scry_best_baseline;

/* A score's STS over a scope, and its correlation with the change. */
typedef struct scry_result {
    scry_fit fit;
    double spearman, p_value, loo_min, loo_max;
    double ci_low, ci_high;                     /* bootstrap interval of rho: scry_result_interval */
    double random_mean, random_sd, random_rank; /* rho of random sets of the same size; share of them below this rho */
    scry_rho_context context;                   /* scry_result_finish */
    double *sts, *change, *fitted, *residual;   /* [D]; NaN where a domain takes no part */
    size_t domains;
    bool anchored; /* the STS is set right by an exact run (effects.h), which no other set's is */
} scry_result;

enum { SCRY_PERMUTATIONS = 100000, SCRY_RANDOM_SETS = 1000 };
enum { SCRY_SEED = 20260302 }; /* the default seed, printed with every figure that depends on it */

/* Computes STS, fit and residuals; the statistics become NaN. Allocates the arrays. Owner: scry_result_free. */
void scry_result_fit(scry_result *result, const scry_index *index, const scry_scorer *scorer, const scry_scope *scope);
/* The same for any value per domain, sts[D], in place of a score. */
void scry_result_values(scry_result *result, const scry_index *index, const double *sts, const scry_scope *scope);
/* Adds Spearman's rho, p, leave-one-out and the comparison with random sets of `count` latents, drawn from those that
 * are active anywhere in the index (count 0, or an index made with candidates: without that). False when cancelled; the
 * statistics are then incomplete. */
bool scry_result_statistics(scry_result *result, const scry_index *index, scry_score score, uint32_t count,
                            const scry_cancel *cancel);
void scry_result_free(scry_result *result);

/* Writes to out[n] what rho would be after toggling one latent of `set`, whose scorer is given: for each of
 * latents[0..n), or where that is NULL, for each of 0..n-1. */
void scry_what_if(const scry_index *index, const scry_scorer *scorer, const scry_set *set, const scry_scope *scope,
                  const uint32_t *latents, size_t n, float *out);

#endif
