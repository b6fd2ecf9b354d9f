/* The slow twin: scry's figures computed a second time, in plain loops and
 * double precision, sharing no code with the engine. Tests only.
 *
 * Any trouble (unreadable file, wrong shape, unknown name) is a line on stderr
 * and exit(3).
 *
 * Conventions, where the formulas leave a choice:
 *  - A row is kept unless its position in its sample is < skip_first or its
 *    token string is in exclude. Rows that are not kept take part in nothing.
 *  - token pairing: samples matched by id (the same ids on both sides, the
 *    same length, or it is an error), position with position; a pair counts
 *    when both its rows are kept.
 *  - row pairing: row k of one matrix with row k of the other, cut to the
 *    shorter; a pair counts when both its rows are kept.
 *  - sample pairing: each sample's kept rows averaged; samples found (with at
 *    least one kept row) on both sides are the pairs.
 *  - two captures of which none is base are paired likewise; sample pairing
 *    then takes only samples whose id base has too.
 *  - no "pairing" in the study: token when both captures have tokens, else row.
 *  - a capture without a token file is one sample with an empty id and tokens.
 *  - several training sets: the first one. "rows": [from, to) of the matrix
 *    after its shards are joined; the token file then covers just those rows.
 */
#ifndef SCRY_TESTS_TWIN_TWIN_H
#define SCRY_TESTS_TWIN_TWIN_H

typedef struct twin twin;

twin *twin_open(const char *study_json);
void twin_free(twin *t);

int twin_latents(twin *t);
int twin_domains(twin *t);
const char *twin_domain_name(twin *t, int d);
double twin_change(twin *t, int d); /* NaN when absent */

/* 1 when the study has the capture: "train.base", "train.icl", "train.sft",
 * "train.rl", "train.control", "<domain>" or "<domain>.base", "<domain>.icl",
 * "<domain>.control" */
int twin_has(twin *t, const char *capture);

/* Shift of every latent over the training set's pairs.
 * source: icl sft rl control; metric: sq abs mean rate d; out: F doubles.
 * mean, abs, sq, d are over pairs, d with population variances (0 when the
 * pooled one is 0); rate is the difference of the shares of rows with h > 0, of
 * paired rows, or under sample pairing of all kept rows of each capture. */
void twin_shift(twin *t, const char *source, const char *metric, double *out);
/* The same from another condition than base: "control". */
void twin_shift_against(twin *t, const char *reference, const char *source, const char *metric, double *out);

/* What base alone is ranked by: E h^2, E |h|, E h, or the share with h > 0 ("sq", "abs", "mean", "rate"), over all kept
 * rows of the training set's base, whatever the pairing. */
void twin_base(twin *t, const char *metric, double *out);

/* by |shift| descending, ties by latent ascending */
void twin_order(const double *shift, int F, int *order);

/* score: act act2 icl; out: F doubles, domain d's contribution of each latent */
void twin_contribution(twin *t, const char *score, int d, double *out);
/* The same, icl being compared with another condition than base. */
void twin_contribution_against(twin *t, const char *reference, const char *score, int d, double *out);

/* What a token, or a pair, with activation (or difference) h adds; whether the score is a mean over the set. */
double twin_term(const char *score, double h);
int twin_is_mean(const char *score);

/* sum over the set, divided by n for a mean (0 for an empty set) */
double twin_score(const char *score, const double *contribution, const int *set, int n);

/* Pearson's rho and the least-squares line y = intercept + slope x.
 * pearson is NaN when n < 2 or x or y is constant; the line when n < 2 or x is. */
void twin_correlate(const double *x, const double *y, int n, double *pearson, double *slope, double *intercept);

/* The K kept tokens where the latent is most active (activation > 0 only), by
 * activation descending, then sample index, then position. Returns how many. */
int twin_top(twin *t, int latent, const char *capture, int K, int *sample, int *position, double *activation);
const char *twin_sample_id(twin *t, const char *capture, int sample);
const char *twin_token(twin *t, const char *capture, int sample, int position);

#endif
