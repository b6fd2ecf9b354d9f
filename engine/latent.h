/* latent.h: one latent in detail: its activations, sampled examples, their distribution, a profile by domain, decoder
 * neighbours and coactive latents. */
#ifndef SCRY_LATENT_H
#define SCRY_LATENT_H

#include "scry.h"
#include "base/cancel.h"

/* The nonzero activations of one latent, unpacked: those of capture c are start[c] .. start[c + 1] - 1, by row. Owner:
 * scry_latent_activations_free. */
typedef struct scry_latent_activations {
    uint32_t latent;
    size_t *start;     /* [captures + 1] */
    uint32_t *row;     /* [start[captures]] row in the capture, ascending */
    float *activation; /* [start[captures]] */
} scry_latent_activations;

/* Reads and unpacks the latent's postings; never NULL. */
scry_latent_activations *scry_latent_activations_read(const scry_index *index, uint32_t latent);
void scry_latent_activations_free(scry_latent_activations *activations);
/* The activation on a row of a capture; 0 where the latent does not fire. By binary search. */
float scry_latent_activations_at(const scry_latent_activations *activations, size_t capture, uint64_t row);

/* Finds the rows of a group's captures that hold the same token, paired as by the indexer: by row, or by sample id and
 * position, not counting demonstrations. Where the study pairs by sample, tokens are still paired like this as far as
 * their texts agree. Pairs are computed on first use, so only one thread at a time may use it. Borrows the index.
 * Owner: scry_token_pairing_free. */
typedef struct scry_token_pairing scry_token_pairing;

scry_token_pairing *scry_token_pairing_new(const scry_index *index);
void scry_token_pairing_free(scry_token_pairing *pairs);
/* The row of `other`, a capture of the same group, that holds the same token; or -1. */
int64_t scry_paired_row(scry_token_pairing *pairs, size_t capture, uint64_t row, size_t other);
/* True when the row counts in the statistics: skip_first and exclude keep it, and it was not left out as an outlier. */
bool scry_row_is_kept(scry_token_pairing *pairs, size_t capture, uint64_t row);
/* The number of the capture's tokens with a partner under the index's reference, both kept. */
uint64_t scry_paired_count(scry_token_pairing *pairs, size_t capture);

/* The number of the sample that holds a row; 0 where the capture has no tokens. */
uint32_t scry_sample_of(const scry_index *index, size_t capture, uint64_t row);

/* A text to be found in the samples of captures. It is compared with the texts of a sample's tokens, joined: it may
 * span tokens and begin or end within one, never span samples. Letters A to Z match in either case; a blank must be
 * there. */
enum { SCRY_BASE_CAPTURES = -1, SCRY_ALL_CAPTURES = -2 };
typedef struct scry_text_query {
    const char *text;   /* "" is found nowhere */
    int capture;        /* its number, or SCRY_BASE_CAPTURES or SCRY_ALL_CAPTURES */
    bool inside_words;  /* also where, within a token, a letter or digit stands before its first or behind its last */
    bool ignore_blanks; /* compare without blanks and line ends */
    int context;        /* -1: mark kept tokens that overlap a match; else tokens that have all of a match among
                         * themselves and this many tokens on either side, within the sample */
} scry_text_query;

/* What was found. Owner: scry_text_matches_free. */
typedef struct scry_text_matches {
    size_t captures;                    /* of the index */
    uint64_t **row;                     /* [captures] a bit for each row that is marked; NULL: not searched */
    uint64_t searched, samples, tokens; /* captures with text that were searched, their samples, their tokens */
    uint64_t matches, marked;           /* places, which may overlap; tokens */
    size_t capture;                     /* of the first match: its capture and rows, where there is one */
    uint64_t first, last;
} scry_text_matches;

/* Never NULL. When cancelled, the results are undefined. Works on the thread that calls. */
scry_text_matches *scry_text_find(const scry_index *index, const scry_text_query *query, const scry_cancel *cancel);
void scry_text_matches_free(scry_text_matches *matches);

/* Measure every latent on the marked tokens: mean[F] activation over these tokens, and rate[F], the share of them on
 * which the latent fires; all 0 where none is marked. threads 0: one for each processor. When cancelled, the results
 * are undefined. */
void scry_text_response(const scry_index *index, const scry_text_matches *on, unsigned threads, float *mean,
                        float *rate, const scry_cancel *cancel);

/* The contexts of a latent: its strongest tokens, at most one of a sample, each with the tokens around it. */
enum { SCRY_CONTEXT_EXAMPLES = 10, SCRY_CONTEXT = 8 };
/* Set the bits, latents[ceil(F / 64)], of the latents with the text in one of their contexts, also inside words.
 * Returns the number of places that have the text, in all captures. Reads all postings where there are any; threads
 * and cancel as above. */
uint64_t scry_contexts_find(const scry_index *index, const char *text, unsigned threads, uint64_t *latents,
                            const scry_cancel *cancel);

/* The latent's key tokens (scry_key_piece) as one text: each in double quotes (quote_text of base/escape.h), a blank
 * between; "" where it has none. The caller frees it. */
char *scry_key_tokens(const scry_index *index, uint32_t latent);

/* The choice and order of a latent's examples: at most one for each sample of a text, over all its conditions. Random
 * ones depend on the seed, latent and captures alone, and stay in the order drawn, so that any first few are a random
 * sample too. */
typedef enum scry_example_order {
    SCRY_TOP,      /* the strongest, strongest first */
    SCRY_QUANTILE, /* drawn from part `part` of `parts` of the positive activations, 1 being the weakest */
    SCRY_RANDOM,   /* drawn from all positive activations */
    SCRY_MOVED,    /* the tokens of x, which is `versus`, with the largest |h_x - h_reference| over paired tokens that
                    * count: the terms of the shift (STS paper, eq. for the latent shift) */
    SCRY_BETWEEN   /* drawn from those from `low` to below `high` */
} scry_example_order;

/* Part k of the n positive activations of the captures, ascending, holds the values from the floor(n (k - 1) /
 * parts)-th (from 0) to below the floor(n k / parts)-th; the last part holds the largest too. */
typedef struct scry_example_query {
    scry_example_order order;
    uint32_t part, parts;
    uint64_t seed;
    int capture;           /* only this one, -1: all; MOVED: of its group */
    scry_condition versus; /* MOVED */
    double low, high;      /* BETWEEN */
} scry_example_query;

enum { SCRY_PARTS = 5, SCRY_EXAMPLE_ORDER_TEXT = 40 };

/* Set order, part and parts, low and high from "top", "q1" .. "q5", "random", "moved", or "1.5-2.5" ("3-": from 3 on);
 * leave the other fields. False and err for any other word. */
bool scry_example_query_read(scry_example_query *query, const char *word, scry_error *err);
/* Write the word of a query to text. Returns text. */
const char *scry_example_query_text(const scry_example_query *query, char text[SCRY_EXAMPLE_ORDER_TEXT]);
/* Write the examples to out[top], and return their number. pairs is used for MOVED only, else may be NULL. */
size_t scry_example_query_run(const scry_index *index, scry_token_pairing *pairs,
                              const scry_latent_activations *activations, const scry_example_query *query, size_t top,
                              scry_example *out);

enum { SCRY_QUANTILES = 5 };
extern const double scry_quantile_at[SCRY_QUANTILES]; /* .05 .25 .5 .75 .95 */

/* Summary of a latent's activations over the kept tokens of some captures. */
typedef struct scry_distribution {
    uint64_t tokens, fires; /* kept tokens; those with h > 0 */
    double mean;            /* over tokens */
    double mean_firing;     /* over tokens with h > 0; NaN where there are none, as the next three */
    double least, most;
    double quantile[SCRY_QUANTILES]; /* of h > 0, with linear interpolation */
} scry_distribution;

/* use[captures]: the captures that take part. */
scry_distribution scry_distribution_of(const scry_index *index, const scry_latent_activations *activations,
                                       const bool *use);

/* Bins over low .. high, of equal width, or of equal ratio where logarithmic. Bin i holds the values from its lower
 * edge to below its upper one; the last bin its upper edge too. */
typedef struct scry_bins {
    bool logarithmic;
    uint32_t count;
    double low, high;
} scry_bins;

double scry_bin_edge(const scry_bins *bins, uint32_t i);
/* Count the positive activations in each bin, counts[bins->count]; values outside are not counted. */
void scry_histogram(const scry_index *index, const scry_latent_activations *activations, const bool *use,
                    const scry_bins *bins, uint64_t *counts);

/* A latent on a domain's tokens. NaN where the domain has no icl capture. */
typedef struct scry_profile {
    double mean, rate;         /* under base: E_t[h], P(h > 0) over kept tokens */
    double mean_icl, rate_icl; /* under icl, over its kept tokens */
    double difference;         /* E[h_icl - h_reference] over paired tokens that count in both */
} scry_profile;

/* Fill out[domains]. */
void scry_profile_of(const scry_index *index, scry_token_pairing *pairs, const scry_latent_activations *activations,
                     scry_profile *out);

typedef struct scry_neighbour {
    uint32_t latent;
    double cosine;
} scry_neighbour;

/* A search for the latents whose decoder rows have the largest, or smallest, cosine with one latent's. It scans the
 * decoder on all cores, in slices of time so that a caller can draw between them. Results do not depend on the slices
 * or on the number of threads. Borrows the index. Owner: scry_decoder_neighbours_free. */
typedef struct scry_decoder_neighbours scry_decoder_neighbours;

/* NULL and err where the index has no decoder or the latent's row is zero. threads 0: one for each processor. */
scry_decoder_neighbours *scry_decoder_neighbours_start(const scry_index *index, uint32_t latent, unsigned threads,
                                                       scry_error *err);
/* The same of any direction [d_model] of the stream, to which every latent is compared. */
scry_decoder_neighbours *scry_decoder_neighbours_of(const scry_index *index, const double *direction, unsigned threads,
                                                    scry_error *err);
/* Work for about this many seconds (0: to the end). True when the search is complete. */
bool scry_decoder_neighbours_work(scry_decoder_neighbours *n, double seconds);
/* The progress, 0 to 1. */
double scry_decoder_neighbours_share(const scry_decoder_neighbours *n);
/* When done: write the nearest (or most opposite) latents to out[top], nearest first, ties by latent, without the
 * latent itself and those with a zero row. Returns how many. */
size_t scry_decoder_neighbours_list(const scry_decoder_neighbours *n, bool opposite, size_t top, scry_neighbour *out);
void scry_decoder_neighbours_free(scry_decoder_neighbours *n);

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

/* PMI is unreliable on few tokens: in its order only latents with at least this many tokens in common are listed. */
enum { SCRY_PMI_MIN_TOKENS = 5 };

/* Counts over all latents of the index, in slices of time as for neighbours. Borrows the index. Owner:
 * scry_coactivation_free. */
typedef struct scry_coactivation scry_coactivation;

/* capture: only this one; -1: the base captures of all groups. threads 0: one for each processor. */
scry_coactivation *scry_coactivation_start(const scry_index *index, uint32_t latent, int capture, unsigned threads);
/* As scry_decoder_neighbours_work and _share. */
bool scry_coactivation_work(scry_coactivation *t, double seconds);
double scry_coactivation_share(const scry_coactivation *t);
/* The number of kept tokens of the captures taken, and in *fires of those on which the latent fires. */
uint64_t scry_coactivation_tokens(const scry_coactivation *t, uint64_t *fires);
/* When done: as scry_decoder_neighbours_list; largest first, ties by latent; none that shares no token. */
size_t scry_coactivation_list(const scry_coactivation *t, scry_coactive_order order, size_t top, scry_coactive *out);
void scry_coactivation_free(scry_coactivation *t);

#endif
