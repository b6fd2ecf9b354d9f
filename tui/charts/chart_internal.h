/* chart_internal.h: what the files of figures share. */
#ifndef SCRY_CHARTS_CHART_INTERNAL_H
#define SCRY_CHARTS_CHART_INTERNAL_H

#include "charts/chart.h"

/* Memory that lives as long as the figure. */
double *chart_numbers(chart *f, size_t n);
const char **chart_strings(chart *f, size_t n);
const char *chart_text(chart *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

plot_series *chart_series(chart *f, plot_series s);
void chart_rule(chart *f, plot_rule r);
void chart_note(chart *f, const char *text);

/* "act, by icl sq", for titles. */
const char *chart_ranked(chart *f, const chart_view *v);
/* ".68", as the explorer writes rho. */
const char *chart_rho(chart *f, double rho);
/* ".011": three decimals, for what is small. */
const char *chart_small(chart *f, double value);
/* "size of change" or "signed change". */
const char *chart_change(const chart_view *v);

void scatter_draw(chart *f, const chart_view *v, const chart_data *data);
void mixture_draw(chart *f, const chart_view *v, const chart_data *data);
bool concentration_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void concentration_draw(chart *f, const chart_view *v, const chart_data *data);
bool overlap_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void overlap_draw(chart *f, const chart_view *v, const chart_data *data);
bool sweep_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void sweep_draw(chart *f, const chart_view *v, const chart_data *data);
bool bands_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void bands_draw(chart *f, const chart_view *v, const chart_data *data);
bool null_distributions_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void null_distributions_draw(chart *f, const chart_view *v, const chart_data *data);
bool repeats_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void repeats_draw(chart *f, const chart_view *v, const chart_data *data);
bool task_share_work(const chart_request *ask, chart_data *data, const scry_cancel *stop);
void task_share_draw(chart *f, const chart_view *v, const chart_data *data);

#endif
