/* index/build/outliers.h: rows of residuals that the statistics leave out because of their norm. */
#ifndef SCRY_INDEX_BUILD_OUTLIERS_H
#define SCRY_INDEX_BUILD_OUTLIERS_H

#include "index/build/inputs.h"
#include "index/format/container.h"

/* Find the outliers of an open capture of residuals (study/outlier_rows.h) and, unless options.keep_outliers, unmark
 * them in kept. Features have none: their rows are activations. done: tokens that were encoded so far. False and err
 * when cancelled. */
bool outliers_leave_out(build_inputs *in, build_capture *capture, uint64_t done);

static inline double outliers_ratio(const build_inputs *in) {
    return in->options->max_norm_ratio > 0 ? in->options->max_norm_ratio : SCRY_MAX_NORM_RATIO;
}

/* Write the section outlier/rows where outliers were left out. */
void outliers_write(const build_inputs *in, container_writer *w);

#endif
