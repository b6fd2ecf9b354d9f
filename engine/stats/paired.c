/* stats/paired.c: two models measured on the same samples. */
#include "stats/paired.h"
#include "analysis.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>

static double itself(double ratio) {
    return ratio;
}

/* The standard deviation of values over n, times sqrt(factor); NaN where they do not vary. */
static double spread(const double *values, size_t n, double factor) {
    double mean, sd;
    size_t same = 0;
    while (same < n && values[same] == values[0]) same++;
    scry_mean_sd(values, n, &mean, &sd);
    return same == n ? (double)NAN : sd * sqrt(factor);
}

/* One resample's figures. Each draw has its own random stream, seeded by a hash of its number. */
static void draw(const paired_sample *samples, size_t count, uint64_t state, double *base, double *tuned) {
    double sum_base = 0, sum_tuned = 0, n = 0;
    for (size_t i = 0; i < count; i++) {
        const paired_sample *s = &samples[random_below(&state, (uint32_t)count)];
        sum_base += s->base;
        sum_tuned += s->tuned;
        n += s->n;
    }
    *base = sum_base / n;
    *tuned = sum_tuned / n;
}

void paired_bootstrap(const paired_sample *samples, size_t count, double (*value)(double ratio), uint32_t draws,
                      uint64_t seed, paired_estimate *out) {
    if (!value) value = itself;
    *out = (paired_estimate){NAN, NAN, NAN, NAN, NAN, NAN};
    double n = 0, base = 0, tuned = 0;
    for (size_t i = 0; i < count; i++) {
        base += samples[i].base;
        tuned += samples[i].tuned;
        n += samples[i].n;
    }
    if (!count) return;
    out->base = base / n;
    out->tuned = tuned / n;
    out->change = value(out->tuned) - value(out->base);
    if (count < 2) return;
    double *drawn = mem_new(3 * (size_t)draws, sizeof *drawn), *bases = drawn, *tuneds = drawn + draws,
           *changes = tuneds + draws, factor = (double)count / (double)(count - 1);
    for (uint32_t k = 0; k < draws; k++) {
        uint64_t stream = seed ^ (uint64_t)k << 32;
        draw(samples, count, random_next(&stream), &bases[k], &tuneds[k]);
        changes[k] = value(tuneds[k]) - value(bases[k]);
    }
    out->base_se = spread(bases, draws, factor);
    out->tuned_se = spread(tuneds, draws, factor);
    out->change_se = spread(changes, draws, factor);
    free(drawn);
}

void paired_mean_difference(const double *difference, size_t n, double *mean, double *se) {
    double unused;
    scry_mean_sd(difference, n, mean, &unused);
    *se = spread(difference, n, 1 / (double)n);
}
