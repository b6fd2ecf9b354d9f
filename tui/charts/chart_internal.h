/* chart_internal.h: what the files of charts share. */
#ifndef SCRY_CHARTS_CHART_INTERNAL_H
#define SCRY_CHARTS_CHART_INTERNAL_H

#include "charts/chart.h"

/* Zeroed memory that lives as long as the chart. */
double *chart_numbers(chart *f, size_t n);
const char **chart_strings(chart *f, size_t n);
const char *chart_text(chart *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

void chart_free_blocks(chart *f); /* frees all of it */

/* Append to the plot, up to the size of its arrays in `chart`. Text and numbers are borrowed. Return the series, for
 * the caller to set its other fields. */
plot_series *chart_series(chart *f, plot_series s);
plot_series *chart_line(chart *f, const char *name, size_t n, const double *x, const double *y);
plot_series *chart_band(chart *f, const char *name, size_t n, const double *x, const double *low, const double *high);
plot_series *chart_bars(chart *f, const char *name, size_t n, const double *x, const char *const *names,
                        const char *const *texts);
void chart_rule(chart *f, plot_rule r);
void chart_note(chart *f, const char *text);

/* Puts the cursor at x, with a text. */
void chart_cursor_at(chart *f, double x, const char *text);

/* Says why there is nothing to show. */
void chart_empty(chart_data *data, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "icl sq": the source and metric that rank, for titles. */
const char *chart_ranked(chart *f, const chart_view *v);
/* ".68", as the explorer writes rho; with three decimals, for small numbers. */
const char *chart_rho(chart *f, double rho);
const char *chart_small(chart *f, double value);

#define CHART(id, functions, ...) extern const chart_functions chart_##functions;
#include "charts/charts.def"
#undef CHART

#endif
