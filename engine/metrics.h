/* metrics.h: the table of metrics. Names, messages, completions, help, reports and the layout of an index follow it.
 *
 * METRIC(ID, name, array, sign, title, definition): h is a latent's activation in base, h' in the source, over paired
 * tokens. array: the metric's place among the arrays of the section shift/T/SOURCE of an index (index/format/layout.h),
 * where metric_stored of index/format/metric_values.h says what is stored; -1: metric_value makes it from others.
 * Places 3 and 4 are taken; a new metric gets the next number and the last row. */
#ifndef SCRY_METRICS_H
#define SCRY_METRICS_H

#define SCRY_METRIC_TABLE(METRIC)                                                                                      \
    METRIC(SQ, "sq", 0, UNSIGNED, "mean squared shift", "E[(h' - h)^2]")                                               \
    METRIC(ABS, "abs", 1, UNSIGNED, "mean absolute shift", "E|h' - h|")                                                \
    METRIC(MEAN, "mean", -1, SIGNED, "change of the mean", "E[h'] - E[h]")                                             \
    METRIC(RATE, "rate", -1, SIGNED, "change of the firing rate", "the change of the firing rate")                     \
    METRIC(D, "d", 2, SIGNED, "Cohen's d", "the mean change over the pooled standard deviation")

/* "sq|abs|...", as options and commands list them. */
#define SCRY_METRIC_CHOICE(id, name, ...) "|" name
#define SCRY_METRIC_CHOICES               (&(SCRY_METRIC_TABLE(SCRY_METRIC_CHOICE))[1])

#endif
