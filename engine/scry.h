/* scry.h: the public interface of the engine. It knows no terminal and no command line.
 *
 * Data flows one way: study manifest -> index (a .scry file) -> ranking -> selection -> score ->
 * correlation. F is the number of latents (d_sae), D the number of domains.
 *
 * Formulas: "STS paper" is arXiv 2603.02908, "SAE as a Crystal Ball: Interpretable Features
 * Predict Cross-domain Transferability of LLMs without Training". */
#ifndef SCRY_H
#define SCRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "scores.h"

/* ---- words ---------------------------------------------------------------------------------- */

/* Under what condition a capture was taken. */
typedef enum scry_condition { SCRY_BASE, SCRY_ICL, SCRY_SFT, SCRY_RL, SCRY_CONDITIONS } scry_condition;

/* How a token of one condition finds its partner under another. */
typedef enum scry_pairing { SCRY_PAIR_TOKEN, SCRY_PAIR_SAMPLE, SCRY_PAIR_ROW, SCRY_PAIRINGS } scry_pairing;

/* Shift of a latent between base and a source x, over paired tokens:
 *   SQ    E[(h_x - h_base)^2]      STS paper, eq. for the latent shift
 *   ABS   E[|h_x - h_base|]
 *   MEAN  E[h_x] - E[h_base]       signed
 *   RATE  P(h_x > 0) - P(h_base > 0)   signed
 *   D     MEAN / sqrt((var_x + var_base) / 2)   signed */
typedef enum scry_metric { SCRY_SQ, SCRY_ABS, SCRY_MEAN, SCRY_RATE, SCRY_D, SCRY_METRICS } scry_metric;

/* The short names used in files, commands and on the screen: "base", "icl", "sq", "act2", ... */
const char *scry_condition_name(scry_condition c);
const char *scry_pairing_name(scry_pairing p);
const char *scry_metric_name(scry_metric m);
/* The enum's value for a name, or -1. */
int scry_condition_of(const char *name);
int scry_pairing_of(const char *name);
int scry_metric_of(const char *name);

const char *scry_version(void);

/* ---- building an index ---------------------------------------------------------------------- */

/* Called while work goes on; return false to cancel. done and total are in tokens. */
typedef bool (*scry_progress)(void *context, const char *step, uint64_t done, uint64_t total);

typedef struct scry_build_options {
    unsigned threads;       /* 0: all processors */
    uint64_t memory;        /* bytes that indexing may take; 0: SCRY_MEMORY */
    uint32_t shard, shards; /* only the latents of shard 1..shards; shards 0: all */
    uint32_t candidates;    /* 0: all; N: see scry_scored */
    bool allow_nonfinite;   /* treat NaN and infinity in the input as 0 instead of refusing it */
    scry_progress progress; /* may be NULL */
    void *context;
} scry_build_options;

#define SCRY_MEMORY ((uint64_t)2 << 30)

typedef struct scry_build_result {
    uint32_t latents;
    uint64_t tokens; /* rows read, all captures */
    uint64_t nnz;    /* activations kept */
    double seconds;
} scry_build_result;

/* Compiles the study manifest into an index at out: written beside it under a temporary name,
 * synced, then renamed, so that out is whole or absent. Warnings go to notes (may be NULL). */
bool scry_index_build(const char *study_path, const char *out, const scry_build_options *options,
                      scry_build_result *result, scry_notes *notes, scry_error *err);

/* Puts the shards of one index together, in any order, to the bytes that one run would have written. */
bool scry_merge(char *const *paths, size_t count, const char *out, scry_error *err);

/* Where the index of a manifest is cached: $XDG_CACHE_HOME/scry/KEY.scry, KEY being a hash of the
 * manifest and of every file that it names. NULL and err when a file is missing. Caller frees. */
char *scry_cache_path(const char *study_path, scry_error *err);

/* True when the file begins as an index does. */
bool scry_is_index(const char *path);

/* ---- an open index -------------------------------------------------------------------------- */

typedef struct scry_index scry_index;

typedef struct scry_capture_info {
    const char *name; /* "train.base", "math.icl" */
    scry_condition condition;
    int group;           /* >= 0: domain number; < 0: training set -1 - number */
    uint64_t rows, kept; /* tokens in the file; tokens that count (skip_first, exclude) */
    uint32_t samples;
    uint64_t nnz;
    double l0; /* mean active latents a kept token; NaN where not all latents were encoded */
    bool has_tokens;
    uint64_t negative, nonfinite; /* activations below 0; values that were taken as 0 */
    double norm_share;            /* residuals: part of the sum of |x|^2 that one token text holds, and which */
    uint32_t norm_piece;
} scry_capture_info;

typedef struct scry_train_info {
    const char *name;
    bool has[SCRY_CONDITIONS];       /* has[SCRY_ICL]: icl can be a source */
    uint64_t pairs[SCRY_CONDITIONS]; /* paired tokens (or samples) with base */
} scry_train_info;

typedef struct scry_domain_info {
    const char *name;
    bool has_icl;
    double *change; /* [trains] percentage points, NaN where absent */
} scry_domain_info;

/* What is in an index. Valid as long as the index is open. */
typedef struct scry_info {
    const char *path, *name, *model, *hook, *sae; /* "" where the manifest is silent */
    uint32_t d_sae, d_model;                      /* d_model 0 when the captures held features */
    scry_pairing pairing;
    bool is_signed;
    uint32_t candidates, scored; /* candidates 0: every latent is scored; else see scry_scored */
    uint32_t k;                  /* of a TopK SAE, else 0 */
    bool folded;                 /* decoder rows have norm 1, or there is no SAE */
    double input_scale;          /* the SAE reads residuals times this, and its decoder is in those units */
    const char *input;           /* what it does to each residual first: "", "constant norm", "layer norm" */
    size_t trains, domains, captures, notes;
    scry_train_info *train;
    scry_domain_info *domain;
    scry_capture_info *capture;
    const char **note; /* what was noticed while the study was read */
    uint64_t tokens, nnz, file_size;
} scry_info;

/* NULL and err for a foreign, cut or damaged file. verify: check every section's checksum, which
 * reads the whole file; otherwise only those needed to open it. */
scry_index *scry_open(const char *path, bool verify, scry_error *err);
void scry_close(scry_index *index);
const scry_info *scry_index_info(const scry_index *index);

/* A scores-only study: a manifest without "train", whose domains give numbers ("sts") instead of
 * captures. It needs no index. */
bool scry_is_scores_only(const char *study_path);
/* Opens one: domains with their scores and changes, no latents (d_sae 0), no captures, and one training
 * set without a name. Of this file's functions, those that take a latent or a ranking must not be
 * called with it. Closed as an index is. */
scry_index *scry_open_scores(const char *study_path, scry_error *err);
/* The scores that such a study gives [D], NaN where absent; NULL for an index, and for a score that no
 * domain gives. */
const double *scry_given_scores(const scry_index *index, scry_score score);

/* Where the bytes of an index are: name and size of section i, from 0; false past the last one. The sections and what
 * lies between them (a header, their table, less than 64 bytes after each) add up to scry_info.file_size. */
bool scry_section(const scry_index *index, size_t i, const char **name, uint64_t *bytes);

/* What usually means a wrong dump, with the figure that shows it: L0 far from k, negative features,
 * density, one token that dominates, decoder norms not folded, ties at rank 100, rows paired that
 * hold different tokens. Adds to notes, after the index's own. */
void scry_warnings(const scry_index *index, scry_notes *notes);

/* Sources that this training set has, as conditions; returns how many. */
int scry_sources(const scry_index *index, size_t train, scry_condition out[SCRY_CONDITIONS]);
/* True when the index holds the score's contributions (or the study its numbers): not where no domain has the capture
 * that it needs, nor in an index that was made before there was such a score. */
bool scry_has_score(const scry_index *index, scry_score score);
/* The same with an error that says why not. */
bool scry_require_score(const scry_index *index, scry_score score, scry_error *err);
/* True when the domain has the captures that the score needs. */
bool scry_domain_has_score(const scry_index *index, scry_score score, size_t domain);

/* Shifts [F] of a training set and source; NULL when there is no such source. Of the index: in its file, or
 * (MEAN and RATE) made and kept when they are first asked for. */
const double *scry_shift(const scry_index *index, size_t train, scry_condition source, scry_metric metric);
/* The same figures of one latent, without making an array; 0 when there is no such source. */
double scry_shift_of(const scry_index *index, size_t train, scry_condition source, scry_metric metric, uint32_t latent);
/* Over the pairs: mean activation in base and in the source, and the share of tokens on which it is above 0. */
double scry_mean_base(const scry_index *index, size_t train, scry_condition source, uint32_t latent);
double scry_mean_shifted(const scry_index *index, size_t train, scry_condition source, uint32_t latent);
double scry_rate_base(const scry_index *index, size_t train, scry_condition source, uint32_t latent);
double scry_rate_shifted(const scry_index *index, size_t train, scry_condition source, uint32_t latent);

struct scry_set;
/* A latent's contribution to each domain [D]; of the index. NULL when there is no such score. */
const float *scry_contribution(const scry_index *index, scry_score score, uint32_t latent);
/* Are the latent's contributions known? In an index made with candidates N the domains were encoded only on
 * the latents that are among the first N by some metric, source and training set: `scored` of them. Of the
 * others everything about the training sets is known, and their contributions are NaN. */
bool scry_scored(const scry_index *index, uint32_t latent);
/* False and err, which names a latent, when the set holds one that is not scored. */
bool scry_scored_all(const scry_index *index, const struct scry_set *set, scry_error *err);
/* Share of a domain's tokens on which the latent fires, counted in its postings; NaN when it is not scored. */
double scry_domain_rate(const scry_index *index, uint32_t latent, size_t domain);

/* ---- decoder -------------------------------------------------------------------------------- */

/* The latent's decoder row, out[d_model], as the SAE's files have it; false when the index holds no decoder. */
bool scry_decoder_row(const scry_index *index, uint32_t latent, float *out);
/* b_dec [d_model]; NULL when the index holds no decoder. */
const float *scry_decoder_bias(const scry_index *index);

/* ---- ranking -------------------------------------------------------------------------------- */

/* All latents by |shift| descending, ties by latent ascending. Owner: scry_ranking_free. */
typedef struct scry_ranking {
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t latents;
    uint32_t *order;     /* [F] latent at each rank, from 0 */
    uint32_t *rank;      /* [F] rank of each latent */
    const double *shift; /* [F] by latent, in the index */
    double total;        /* sum of |shift| */
    double *cumulative;  /* [summed] of scry_cumulative */
    uint32_t summed;
} scry_ranking;

scry_ranking *scry_rank(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                        scry_error *err);
/* Share of the total |shift| held up to and with this rank, from 0. Keeps what it has summed: not for two threads. */
double scry_cumulative(const scry_ranking *ranking, uint32_t rank);
/* The first source that did not make this ranking, or the one that did where there is no other. */
scry_condition scry_other_source(const scry_index *index, const scry_ranking *ranking);
/* Any n values by size, as latents are: ties by number. They stay the caller's, beneath the ranking. */
scry_ranking *scry_rank_values(const double *shift, uint32_t n);
void scry_ranking_free(scry_ranking *ranking);

/* ---- selection ------------------------------------------------------------------------------ */

/* A set of latents: one bit each. Owner: scry_set_free. */
typedef struct scry_set {
    uint32_t latents, count;
    uint64_t *bits;
} scry_set;

scry_set *scry_set_new(uint32_t latents);
scry_set *scry_set_copy(const scry_set *set);
void scry_set_free(scry_set *set);
static inline bool scry_set_has(const scry_set *set, uint32_t latent) {
    return set->bits[latent / 64] >> (latent % 64) & 1;
}
void scry_set_put(scry_set *set, uint32_t latent, bool in);
bool scry_set_equal(const scry_set *a, const scry_set *b);

/* Puts in (or takes out) what a list such as "3,17,90-120" names; what stands before an error has been done. */
bool scry_set_list(scry_set *set, const char *list, bool in, scry_error *err);

/* A set's CSV: a header with at least latent,included. */
bool scry_set_read_csv(scry_set *set, const char *path, scry_error *err);
/* latent,included,rank,shift,share,label, then a contribution column a domain (of `score`). Writes
 * the latents in the set, and those of the first `top` ranks that are not in it with included 0,
 * so that what was switched out by hand can be seen. Written to a temporary name, then renamed;
 * "-" is stdout. */
bool scry_set_write_csv(const scry_set *set, const scry_index *index, const scry_ranking *ranking, uint32_t top,
                        scry_score score, const char *path, scry_error *err);

/* ---- score ---------------------------------------------------------------------------------- */

/* Exact sums of contributions over a set, one a domain. Owner: scry_scorer_free. */
typedef struct scry_scorer scry_scorer;

scry_scorer *scry_scorer_new(const scry_index *index, scry_score score);
void scry_scorer_free(scry_scorer *scorer);
/* Makes the scorer's set equal to `set`. */
void scry_scorer_load(scry_scorer *scorer, const scry_set *set);
/* Adds or takes away one latent's column; O(D). The caller sees to it that it was out (or in). */
void scry_scorer_put(scry_scorer *scorer, uint32_t latent, bool in);
/* Use bulk mode from this many updates on. */
enum { SCRY_BULK_FROM = 512 };
/* Bulk mode: puts are cheap, and scry_scorer_value must not be called until it ends. Ending it when it was not begun
 * does nothing. */
void scry_scorer_begin_bulk(scry_scorer *scorer);
void scry_scorer_end_bulk(scry_scorer *scorer);
/* The domain's STS; NaN when the domain has no capture for this score. */
double scry_scorer_value(const scry_scorer *scorer, size_t domain);

/* A latent's part of a domain's STS, where `contribution` is its own in that domain (scry_contribution): the
 * contribution itself, or of a score that is a mean over the set, divided by the number of latents in it. A latent
 * outside the set counts as one of them: the part that it would have once switched in. */
double scry_score_part(scry_score score, double contribution, const scry_set *set, uint32_t latent);

/* ---- correlation ---------------------------------------------------------------------------- */

/* Which domains take part, and whether change is taken with its sign. */
typedef struct scry_scope {
    size_t train;
    bool is_signed;
    size_t domains;
    bool *use; /* [D]; also false where change is absent */
} scry_scope;

/* spec: "all", "extremes:K" (the K largest and K smallest |change|; ties by domain order), or
 * names "law,math" (base/name_list.h). Owner: scry_scope_free. */
bool scry_scope_read(scry_scope *scope, const scry_index *index, size_t train, const char *spec, bool is_signed,
                     scry_error *err);
/* Owner: scry_scope_free, like that of scry_scope_read. */
scry_scope scry_scope_copy(const scry_scope *scope);
void scry_scope_free(scry_scope *scope);
/* The same words, for work that needs no change: use[D] is also true where change is absent. */
bool scry_domains_read(bool *use, const scry_index *index, size_t train, const char *spec, scry_error *err);
/* The change as it is correlated: its size, or with its sign. NaN when absent. */
double scry_scope_change(const scry_scope *scope, const scry_index *index, size_t domain);

/* Pearson's rho between x (STS) and y (change), and the fitted line y = intercept + slope x.
 * NaN throughout, with n as it is, when fewer than 3 points or no variance. */
typedef struct scry_fit {
    size_t n;
    double pearson, r2, slope, intercept;
} scry_fit;

scry_fit scry_fit_line(const double *x, const double *y, size_t n);
/* Spearman's rho: Pearson's of mid-ranks. */
double scry_spearman(const double *x, const double *y, size_t n);
/* Two-sided permutation p of Pearson's rho: exact up to 9 points, else `draws` seeded shuffles,
 * (hits + 1) / (draws + 1). */
double scry_permutation_p(const double *x, const double *y, size_t n, uint32_t draws, uint64_t seed);
/* Smallest and largest rho with one point left out. */
void scry_leave_one_out(const double *x, const double *y, size_t n, double *low, double *high);

/* A score's STS and correlation over a scope, with the company that a rho must keep. */
typedef struct scry_result {
    scry_fit fit;
    double spearman, p_value, loo_min, loo_max;
    double ci_low, ci_high;                     /* over resampled tokens: analysis.h, scry_result_interval */
    double random_mean, random_sd, random_rank; /* rho of random sets of the same size; share below */
    double *sts, *change, *fitted, *residual;   /* [D]; NaN where a domain takes no part */
    size_t domains;
} scry_result;

enum { SCRY_PERMUTATIONS = 100000, SCRY_RANDOM_SETS = 1000 };
enum { SCRY_SEED = 20260302 }; /* stated with every drawn figure */

/* STS, fit and residuals: what is cheap enough for every frame. Allocates the arrays; owner:
 * scry_result_free. */
void scry_result_fit(scry_result *result, const scry_index *index, const scry_scorer *scorer, const scry_scope *scope);
/* The same of any value a domain, sts[D], in place of a score. */
void scry_result_values(scry_result *result, const scry_index *index, const double *sts, const scry_scope *scope);
/* Spearman, p, leave-one-out and the place among random sets of `count` latents drawn from those
 * that are active anywhere in the index (count 0: not that one); without random sets where only candidates are
 * scored. */
void scry_result_statistics(scry_result *result, const scry_index *index, scry_score score, uint32_t count);
void scry_result_free(scry_result *result);

/* rho if this one latent were switched, for latents[0..n), or with latents NULL for 0..n-1: out[n]. */
void scry_what_if(const scry_index *index, const scry_scorer *scorer, const scry_set *set, const scry_scope *scope,
                  const uint32_t *latents, size_t n, float *out);

/* ---- tokens --------------------------------------------------------------------------------- */

/* Where an activation was. token is the row in the capture. */
typedef struct scry_example {
    uint32_t capture, sample, position;
    uint64_t token;
    float activation;
} scry_example;

/* The capture's number by name ("train.base", "math" for its base, "math.icl"), or -1. */
int scry_capture_find(const scry_index *index, const char *name);

/* The `top` strongest activations of a latent, strongest first, ties by capture, then row. capture -1: all.
 * distinct: at most one a sample. Returns how many were written to out[top]. */
size_t scry_top_tokens(const scry_index *index, uint32_t latent, int capture, bool distinct, size_t top,
                       scry_example *out);
/* Activations of a latent on `count` rows of a capture from row `from`: out[count], 0 where silent. */
void scry_activations(const scry_index *index, uint32_t latent, size_t capture, uint64_t from, size_t count,
                      float *out);
/* How often the latent is active in the index, all captures. */
uint64_t scry_postings(const scry_index *index, uint32_t latent);
/* The latents that are active anywhere, ascending: out[F]. Returns how many. */
uint32_t scry_active_latents(const scry_index *index, uint32_t *out);

/* The token's text; "" when the study has no tokens. */
const char *scry_token(const scry_index *index, size_t capture, uint64_t row);
/* A sample's place: its id, first row and length. */
typedef struct scry_sample {
    const char *id, *about; /* about: the line's other keys as JSON, or "" */
    uint64_t first;
    uint32_t count;
    uint32_t cut; /* its tokens that "rows" left out before the first */
} scry_sample;
scry_sample scry_sample_at(const scry_index *index, size_t capture, uint32_t sample);

/* The label given to a latent, or NULL; those written by hand (labels.h) go first. */
const char *scry_label(const scry_index *index, uint32_t latent);
/* The pieces that hold most of the latent's activation, strongest first; NULL past the last. */
enum { SCRY_KEY_PIECES = 3 };
const char *scry_key_piece(const scry_index *index, uint32_t latent, int nth);
/* The same as numbers of distinct texts, SCRY_NO_PIECE past the last; how many texts there are; and the text of one. */
#define SCRY_NO_PIECE UINT32_MAX
void scry_key_pieces(const scry_index *index, uint32_t latent, uint32_t out[SCRY_KEY_PIECES]);
uint32_t scry_pieces(const scry_index *index);
const char *scry_piece(const scry_index *index, uint32_t piece);

#endif
