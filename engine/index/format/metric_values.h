/* metric_values.h: how the metrics of metrics.h are computed: figures added up over pairs, what is stored of them, and
 * a metric from what is stored. Builder and reader share it, so that both get the same bits. */
#ifndef SCRY_INDEX_FORMAT_METRIC_VALUES_H
#define SCRY_INDEX_FORMAT_METRIC_VALUES_H

#include <math.h>

#include "index/format/layout.h"
#include "scry.h"

/* FIGURE(ID, next): a figure that begins at 0; after a pair of activations hb in base and ho in the source, d = ho -
 * hb, `now` becomes `next`. A pair of zeros must not change it: such pairs are not visited. */
#define PAIR_FIGURE_TABLE(FIGURE)                                                                                      \
    FIGURE(BASE, now + hb)                                                                                             \
    FIGURE(BASE_SQUARE, now + hb * hb)                                                                                 \
    FIGURE(OTHER, now + ho)                                                                                            \
    FIGURE(OTHER_SQUARE, now + ho * ho)                                                                                \
    FIGURE(DIFFERENCE_SQUARE, now + d * d)                                                                             \
    FIGURE(DIFFERENCE_SIZE, now + (d < 0 ? -d : d))

#define FIGURE(id, next) PAIR_##id,
enum { PAIR_FIGURE_TABLE(FIGURE) PAIR_FIGURES };
#undef FIGURE

static inline void pair_add(double figure[PAIR_FIGURES], double hb, double ho) {
    const double d = ho - hb;
#define FIGURE(id, next)                                                                                               \
    {                                                                                                                  \
        const double now = figure[PAIR_##id];                                                                          \
        figure[PAIR_##id] = next;                                                                                      \
    }
    PAIR_FIGURE_TABLE(FIGURE)
#undef FIGURE
}

/* Variance from a sum and a sum of squares of n numbers. A difference of nearly equal numbers is rounding, not spread:
 * the variance of a latent that never changes must be 0. */
static inline double pair_variance(double sum, double square, double n) {
    double mean = sum / n, v = square / n - mean * mean;
    return v > square / n * 1e-12 ? v : 0;
}

/* What an index stores for a metric that has an array in metrics.h, from the figures of n pairs. */
static inline double metric_stored(scry_metric metric, const double figure[PAIR_FIGURES], double n) {
    switch (metric) {
    case SCRY_SQ:
        return figure[PAIR_DIFFERENCE_SQUARE] / n;
    case SCRY_ABS:
        return figure[PAIR_DIFFERENCE_SIZE] / n;
    case SCRY_D: {
        double base = pair_variance(figure[PAIR_BASE], figure[PAIR_BASE_SQUARE], n);
        double other = pair_variance(figure[PAIR_OTHER], figure[PAIR_OTHER_SQUARE], n);
        double pooled = sqrt((base + other) / 2);
        return pooled > 0 ? (figure[PAIR_OTHER] - figure[PAIR_BASE]) / n / pooled : 0;
    }
    default:
        return 0;
    }
}

/* The array of shift/T/SOURCE that holds a metric; -1: metric_value makes it from others. */
static inline int metric_array(scry_metric metric) {
#define METRIC(id, name, array, ...) array,
    static const signed char arrays[] = {SCRY_METRIC_TABLE(METRIC)};
#undef METRIC
    return arrays[metric];
}

/* Over the pairs of one training set and source. */
typedef struct metric_base {
    double pairs, base_tokens, other_tokens; /* the last two: what firing counts are shares of */
    bool by_sample;
} metric_base;

/* A latent's metric from its numbers in the arrays of shift/T/SOURCE and from the tokens on which it fires in base and
 * in the source. Rates are differences of whole counts, divided once, so that equal rates tie exactly. */
static inline double metric_value(const metric_base *b, scry_metric metric, const double stored[SHIFT_ARRAYS],
                                  const double fires[2]) {
    if (metric_array(metric) >= 0) return stored[metric_array(metric)];
    if (metric == SCRY_MEAN) return (stored[SHIFT_OTHER] - stored[SHIFT_BASE]) / b->pairs;
    return b->by_sample ? (fires[1] * b->base_tokens - fires[0] * b->other_tokens) / (b->base_tokens * b->other_tokens)
                        : (fires[1] - fires[0]) / b->base_tokens;
}

#endif
