/* metric_values.h: a latent's shift by each metric from what is stored of it; the same bits for who builds an
 * index and who reads it. */
#ifndef SCRY_INDEX_FORMAT_METRIC_VALUES_H
#define SCRY_INDEX_FORMAT_METRIC_VALUES_H

#include "index/format/layout.h"
#include "scry.h"

/* Over the pairs of one training set and source. */
typedef struct metric_base {
    double pairs, base_tokens, other_tokens; /* the last two: what firing counts are shares of */
    bool by_sample;
} metric_base;

/* stored: the latent's figures in the order of SHIFT_SQ ...; fires: tokens above 0 in base and in the
 * source. Rates are differences of whole counts, divided once, so that equal rates tie exactly. */
static inline double metric_value(const metric_base *b, scry_metric metric, const double stored[SHIFT_ARRAYS],
                                  const double fires[2]) {
    switch (metric) {
    case SCRY_SQ:
        return stored[SHIFT_SQ];
    case SCRY_ABS:
        return stored[SHIFT_ABS];
    case SCRY_D:
        return stored[SHIFT_D];
    case SCRY_MEAN:
        return (stored[SHIFT_OTHER] - stored[SHIFT_BASE]) / b->pairs;
    default:
        return b->by_sample
                   ? (fires[1] * b->base_tokens - fires[0] * b->other_tokens) / (b->base_tokens * b->other_tokens)
                   : (fires[1] - fires[0]) / b->base_tokens;
    }
}

/* Which array of the file holds a metric; -1: it is made from others. */
static inline int metric_array(scry_metric metric) {
    switch (metric) {
    case SCRY_SQ:
        return SHIFT_SQ;
    case SCRY_ABS:
        return SHIFT_ABS;
    case SCRY_D:
        return SHIFT_D;
    default:
        return -1;
    }
}

#endif
