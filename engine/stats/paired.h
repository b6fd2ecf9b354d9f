/* stats/paired.h: two models measured on the same samples: the difference and its standard error.
 *
 * Samples (texts, questions) are what is drawn from a domain; the tokens of one sample are not independent of each
 * other. So errors come from resampling whole samples, the same ones for both models: what makes a sample hard for both
 * cancels in the difference. */
#ifndef SCRY_STATS_PAIRED_H
#define SCRY_STATS_PAIRED_H

#include <stddef.h>
#include <stdint.h>

/* Of one sample: what is summed under each model, and what it is divided by (tokens; 1 for a question). n > 0. */
typedef struct paired_sample {
    double base, tuned, n;
} paired_sample;

typedef struct paired_estimate {
    double base, tuned;       /* sum over sum of n */
    double base_se, tuned_se; /* their standard errors */
    double change;            /* value(tuned) - value(base) */
    double change_se;
} paired_estimate;

/* Estimates by the bootstrap over samples (B. Efron, 1979): in each of `draws` resamples, drawn with replacement, all
 * three figures are computed. The errors are their standard deviations over the draws, times sqrt(n / (n - 1)) for n
 * samples, as the variance of a mean is estimated over n - 1. NaN for fewer than 2 samples, and where no draw differs
 * from another: nothing is known of the spread then. value (NULL: the ratio itself): what the change is measured in.
 * All NaN without samples. The same seed gives the same draws. */
void paired_bootstrap(const paired_sample *samples, size_t count, double (*value)(double ratio), uint32_t draws,
                      uint64_t seed, paired_estimate *out);

/* The mean of n differences, and its standard error, sd / sqrt(n) with sd over n - 1; NaN for n below 2, and where all
 * differences are equal. */
void paired_mean_difference(const double *difference, size_t n, double *mean, double *se);

#endif
