/* metrics.h: the table of metrics, by which latents are ranked. Names, messages, completions, help, reports and the
 * layout of an index follow it.
 *
 * METRIC(enumerator, name, array, sign, title, definition, base_title, base_definition): h is a latent's activation in
 * base, h' in the source, over paired tokens.
 *
 *   array   the metric's place among the arrays of the section shift/T/SOURCE of an index (index/format/layout.h),
 *           where metric_stored of index/format/metric_values.h says what is stored; -1: metric_value makes it from
 *           others. Places 3 and 4 are taken. A new metric is the last row and takes the next place.
 *   sign    SIGNED: can be negative; rankings are by absolute value
 *   base_   the same where latents are ranked by base alone, which moves them from 0: h is then the activation in base,
 *           over all tokens that count. NULL: needs two conditions */
#ifndef SCRY_METRICS_H
#define SCRY_METRICS_H

#include "base/name_list.h"

#include <stdbool.h>

/* sq: STS paper, eq. for the latent shift. */
#define SCRY_METRIC_TABLE(METRIC)                                                                                      \
    METRIC(SCRY_SQ, "sq", 0, UNSIGNED, "mean squared shift", "E[(h' - h)^2]", "mean squared activation", "E[h^2]")     \
    METRIC(SCRY_ABS, "abs", 1, UNSIGNED, "mean absolute shift", "E|h' - h|", "mean absolute activation", "E|h|")       \
    METRIC(SCRY_MEAN, "mean", -1, SIGNED, "change of the mean", "E[h'] - E[h]", "mean activation", "E[h]")             \
    METRIC(SCRY_RATE, "rate", -1, SIGNED, "change of the firing rate", "the change of the firing rate", "firing rate", \
           "the share of tokens with h > 0")                                                                           \
    METRIC(SCRY_D, "d", 2, SIGNED, "Cohen's d", "the mean change over the pooled standard deviation", NULL, NULL)

typedef enum scry_metric {
#define METRIC(id, ...) id,
    SCRY_METRIC_TABLE(METRIC)
#undef METRIC
        SCRY_METRICS
} scry_metric;

/* "sq|abs|...", for an option's values; &[1] leaves out the first bar. */
#define SCRY_METRIC_BARRED(id, name, ...) "|" name
#define SCRY_METRIC_VALUES                (&SCRY_METRIC_TABLE(SCRY_METRIC_BARRED)[1])

typedef struct scry_metric_info {
    const char *name, *title, *definition;
    bool is_signed;
    const char *base_title, *base_definition; /* NULL: not of base alone */
} scry_metric_info;

/* [SCRY_METRICS], by scry_metric. */
extern const scry_metric_info scry_metrics[];

const char *scry_metric_name(scry_metric m);
/* The metric of that name, or -1. */
int scry_metric_of(const char *name);
/* The names of those that base alone has, as a choice. Returns out. */
const char *scry_base_metric_choices(char out[SCRY_CHOICES], const char *quote);
/* All names as a choice, "sq, abs, mean, rate or d", each between quotes (which may be ""). Returns out. */
const char *scry_metric_choices(char out[SCRY_CHOICES], const char *quote);

#endif
