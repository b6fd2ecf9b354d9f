/* parts.h: what the files of figures share. */
#ifndef SCRY_FIGURE_PARTS_H
#define SCRY_FIGURE_PARTS_H

#include "figures/figure.h"

/* Memory that lives as long as the figure. */
double *figure_numbers(figure *f, size_t n);
const char **figure_strings(figure *f, size_t n);
const char *figure_text(figure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

plot_series *figure_series(figure *f, plot_series s);
void figure_rule(figure *f, plot_rule r);
void figure_note(figure *f, const char *text);

/* "act, by icl sq", for titles. */
const char *figure_ranked(figure *f, const figure_view *v);
/* ".68", as the explorer writes rho. */
const char *figure_rho(figure *f, double rho);
/* ".011": three decimals, for what is small. */
const char *figure_small(figure *f, double value);
/* "size of change" or "signed change". */
const char *figure_change(const figure_view *v);

void scatter_draw(figure *f, const figure_view *v, const figure_data *data);
void mix_draw(figure *f, const figure_view *v, const figure_data *data);
bool concentration_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void concentration_draw(figure *f, const figure_view *v, const figure_data *data);
bool overlap_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void overlap_draw(figure *f, const figure_view *v, const figure_data *data);
bool sweep_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void sweep_draw(figure *f, const figure_view *v, const figure_data *data);
bool bands_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void bands_draw(figure *f, const figure_view *v, const figure_data *data);
bool random_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void random_draw(figure *f, const figure_view *v, const figure_data *data);
bool repeats_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void repeats_draw(figure *f, const figure_view *v, const figure_data *data);
bool labels_work(const figure_ask *ask, figure_data *data, const scry_stop *stop);
void labels_draw(figure *f, const figure_view *v, const figure_data *data);

#endif
