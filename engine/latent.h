/* latent.h: what an index knows about one latent: where it fires, chosen in several ways; how its
 * activations spread; each domain's part in them; which latents point the same way, and which fire
 * on the same tokens. No terminal. */
#ifndef SCRY_LATENT_H
#define SCRY_LATENT_H

#include "scry.h"
#include "base/cancel.h"

/* ---- activations ---------------------------------------------------------------------------- */

/* One latent's activations that are not 0, unpacked: those of capture c are start[c] .. start[c + 1],
 * by row. Owner: scry_latent_activations_free. */
typedef struct scry_latent_activations {
    uint32_t latent;
    size_t *start;     /* [captures + 1] */
    uint32_t *row;     /* [start[captures]] row in the capture, ascending */
    float *activation; /* the same places */
} scry_latent_activations;

scry_latent_activations *scry_latent_activations_read(const scry_index *index, uint32_t latent);
void scry_latent_activations_free(scry_latent_activations *fires);
/* The activation on a row of a capture, 0 where the latent is silent. */
float scry_latent_activations_at(const scry_latent_activations *fires, size_t capture, uint64_t row);

/* ---- the same token under other conditions -------------------------------------------------- */

/* Which rows of a group's captures hold the same token: found when first asked for, as the indexer
 * pairs them (by row, or by sample id and place, demonstrations in front left out). Where the study
 * pairs by sample, tokens are still paired like this, as far as their texts agree. Borrows the
 * index. Owner: scry_token_pairing_free. */
typedef struct scry_token_pairing scry_token_pairing;

scry_token_pairing *scry_token_pairing_new(const scry_index *index);
void scry_token_pairing_free(scry_token_pairing *pairs);
/* The row of `other`, a capture of the same group, that holds the same token; or -1. */
int64_t scry_paired_row(scry_token_pairing *pairs, size_t capture, uint64_t row, size_t other);
/* Does the row count in the statistics: not left out by skip_first or exclude. */
bool scry_row_is_kept(scry_token_pairing *pairs, size_t capture, uint64_t row);
/* How many tokens of the capture have a partner under base, both counting. */
uint64_t scry_paired_count(scry_token_pairing *pairs, size_t capture);

/* The number of the sample that holds a row; 0 where the capture has no tokens. */
uint32_t scry_sample_of(const scry_index *index, size_t capture, uint64_t row);

/* ---- tokens of one text --------------------------------------------------------------------- */

/* How latents answer to the tokens whose text is `text` (blanks before it aside, capital or small) in a capture, or in
 * all base captures with -1, less those that skip_first and exclude leave out: mean[F] activation over these tokens and
 * rate[F], the share of them on which it fires. Returns how many such tokens there are; none: all 0. threads 0: as many
 * as there are processors. Stopped: what it returns, mean and rate are of no use. */
uint64_t scry_token_response(const scry_index *index, const char *text, int capture, unsigned threads, float *mean,
                             float *rate, const scry_cancel *stop);

/* ---- examples ------------------------------------------------------------------------------- */

/* Which of a latent's activations are taken as examples, and in which order. Each sample of a text
 * gives at most one, whatever its condition.
 *   TOP       the strongest, strongest first
 *   QUANTILE  drawn from part `part` of `parts` of the positive activations, 1 being the weakest
 *   BETWEEN   drawn from those from `low` to below `high`
 *   RANDOM    drawn from all positive activations
 *   MOVED     the largest |h_x - h_base| over paired tokens that count, x being `versus`: the terms
 *             of the shift (STS paper, eq. for the latent shift); examples are the tokens of x
 * Draws are the same for the same seed, latent and captures, and stay in the order drawn, so that
 * the first few are as good a sample as all. Part k of the n positive activations of the captures,
 * ascending, holds the values from the floor(n (k - 1) / parts)-th (from 0) to below the
 * floor(n k / parts)-th; the last part holds the largest too. */
typedef enum scry_example_order { SCRY_TOP, SCRY_QUANTILE, SCRY_RANDOM, SCRY_MOVED, SCRY_BETWEEN } scry_example_order;

typedef struct scry_example_query {
    scry_example_order choice;
    uint32_t part, parts;
    uint64_t seed;
    int capture;           /* only this one, -1: all; MOVED: of its group */
    scry_condition versus; /* MOVED */
    double low, high;      /* BETWEEN */
} scry_example_query;

enum { SCRY_PARTS = 5, SCRY_EXAMPLE_ORDER_TEXT = 40 };

/* choice, part and parts, or limits, from "top", "q1" .. "q5", "random", "moved", or "1.5-2.5" (also "3-", from 3
 * on); the rest is left. */
bool scry_example_query_read(scry_example_query *pick, const char *word, scry_error *err);
/* The word of a pick; valid until the next call with the same buffer. */
const char *scry_example_query_text(const scry_example_query *pick, char text[SCRY_EXAMPLE_ORDER_TEXT]);
/* Returns how many were written to out[top]. */
size_t scry_example_query_run(const scry_index *index, scry_token_pairing *pairs, const scry_latent_activations *fires,
                              const scry_example_query *pick, size_t top, scry_example *out);

/* ---- spread --------------------------------------------------------------------------------- */

enum { SCRY_QUANTILES = 5 };
extern const double scry_quantile_at[SCRY_QUANTILES]; /* .05 .25 .5 .75 .95 */

/* Figures of a latent's activations over the kept tokens of some captures. */
typedef struct scry_distribution {
    uint64_t tokens, fires; /* kept tokens; those with h > 0 */
    double mean;            /* over tokens */
    double mean_firing;     /* over those with h > 0; NaN where there are none, as the next three */
    double least, most;
    double quantile[SCRY_QUANTILES]; /* of h > 0, linear between neighbours */
} scry_distribution;

/* use[captures]: which take part. */
scry_distribution scry_distribution_of(const scry_index *index, const scry_latent_activations *fires, const bool *use);

/* Bins over low .. high: equal ones, or (logarithmic) each the same factor wider than the one
 * before. Bin i holds the values from its lower edge to below its upper; the last its upper too. */
typedef struct scry_bins {
    bool logarithmic;
    uint32_t count;
    double low, high;
} scry_bins;

double scry_bin_edge(const scry_bins *bins, uint32_t i);
/* counts[bins->count]: positive activations in each bin; those outside are in none. */
void scry_histogram(const scry_index *index, const scry_latent_activations *fires, const bool *use,
                    const scry_bins *bins, uint64_t *counts);

/* ---- domains -------------------------------------------------------------------------------- */

/* A latent on a domain's tokens. NaN where the domain has no icl capture. */
typedef struct scry_profile {
    double mean, rate;         /* under base: E_t[h], P(h > 0) over kept tokens */
    double mean_icl, rate_icl; /* under icl, over its kept tokens */
    double difference;         /* E[h_icl - h_base] over paired tokens that count in both */
} scry_profile;

/* out[domains]. */
void scry_profile_of(const scry_index *index, scry_token_pairing *pairs, const scry_latent_activations *fires,
                     scry_profile *out);

/* ---- decoder neighbours --------------------------------------------------------------------- */

typedef struct scry_neighbour {
    uint32_t latent;
    double cosine;
} scry_neighbour;

/* A search for the latents whose decoder rows point most in the same, or the opposite, direction as
 * one latent's. It goes through the whole decoder on all cores, a stretch at a time, so that
 * whoever draws frames can go on drawing them. The result is the same bits whatever the stretches
 * and the number of threads. Borrows the index. Owner: scry_decoder_neighbours_free. */
typedef struct scry_decoder_neighbours scry_decoder_neighbours;

/* NULL and err where the index has no decoder, or the latent's row is zero. threads 0: all. */
scry_decoder_neighbours *scry_decoder_neighbours_start(const scry_index *index, uint32_t latent, unsigned threads,
                                                       scry_error *err);
/* Works for about this many seconds (0: to the end). True when all is done. */
bool scry_decoder_neighbours_work(scry_decoder_neighbours *n, double seconds);
/* Share done, 0..1. */
double scry_decoder_neighbours_share(const scry_decoder_neighbours *n);
/* When done: the `top` nearest (or most opposite) first, ties by latent, the latent itself and
 * those with a zero row left out. Returns how many were written to out[top]. */
size_t scry_decoder_neighbours_list(const scry_decoder_neighbours *n, bool opposite, size_t top, scry_neighbour *out);
void scry_decoder_neighbours_free(scry_decoder_neighbours *n);

/* ---- latents that fire together ------------------------------------------------------------- */

/* b: another latent; T: kept tokens of the captures taken; a: the latent asked about.
 *   jaccard  |a and b| / |a or b|
 *   pmi      log2(T |a and b| / (|a| |b|)), pointwise mutual information, bits */
typedef struct scry_coactive {
    uint32_t latent;
    uint32_t both, fires; /* tokens on which both fire; on which b does */
    double jaccard, pmi;
} scry_coactive;

typedef enum scry_coactive_order {
    SCRY_BY_JACCARD,
    SCRY_BY_BOTH,
    SCRY_BY_PMI,
    SCRY_COACTIVE_ORDERS
} scry_coactive_order;
extern const char *const scry_coactive_order_name[SCRY_COACTIVE_ORDERS];

/* PMI of a few tokens is chance: ordered by it, only latents with this many in common are listed. */
enum { SCRY_PMI_MIN_TOKENS = 5 };

/* Counts over all latents of the index, a stretch at a time, as for neighbours. Borrows the index.
 * Owner: scry_coactivation_free. */
typedef struct scry_coactivation scry_coactivation;

/* capture: only this one; -1: the base captures of all groups. threads 0: all. */
scry_coactivation *scry_coactivation_start(const scry_index *index, uint32_t latent, int capture, unsigned threads);
bool scry_coactivation_work(scry_coactivation *t, double seconds);
double scry_coactivation_share(const scry_coactivation *t);
/* Kept tokens of the captures taken, and those on which the latent fires. */
uint64_t scry_coactivation_tokens(const scry_coactivation *t, uint64_t *fires);
/* When done: as scry_decoder_neighbours_list; largest first, ties by latent; none that shares no token. */
size_t scry_coactivation_list(const scry_coactivation *t, scry_coactive_order order, size_t top, scry_coactive *out);
void scry_coactivation_free(scry_coactivation *t);

#endif
