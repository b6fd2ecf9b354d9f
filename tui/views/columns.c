/* columns.c: the table's columns. */
#include "views/columns.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const scry_ranking *ranking(const app *a) {
    return scry_session_ranking(a->tab->session);
}

/* in: '*' as ranked, '+' put in by hand, '-' taken out by hand. */
static double in_value(app *a, uint32_t latent) {
    bool top = ranking(a)->rank[latent] < scry_session_n(a->tab->session);
    return scry_set_has(scry_session_set(a->tab->session), latent) ? (top ? 2 : 3) : (top ? 1 : 0);
}
static void in_text(app *a, uint32_t latent, char *text, size_t size) {
    static const char signs[] = " -*+";
    bool marked = scry_set_has(a->tab->table.marks, latent);
    snprintf(text, size, "%c%c", marked ? 'm' : ' ', signs[(int)in_value(a, latent)]);
}

static double rank_value(app *a, uint32_t latent) {
    return ranking(a)->rank[latent] + 1.0;
}
static void rank_text(app *a, uint32_t latent, char *text, size_t size) {
    snprintf(text, size, "%u", ranking(a)->rank[latent] + 1);
}

static double latent_value(app *a, uint32_t latent) {
    (void)a;
    return latent;
}
static void latent_text(app *a, uint32_t latent, char *text, size_t size) {
    (void)a;
    snprintf(text, size, "%u", latent);
}

static double shift_value(app *a, uint32_t latent) {
    return fabs(ranking(a)->shift[latent]);
}
static void shift_text(app *a, uint32_t latent, char *text, size_t size) {
    double shift = ranking(a)->shift[latent], magnitude = fabs(shift);
    snprintf(text, size,
             magnitude >= 100                       ? "%.0f"
             : magnitude >= 1                       ? "%.2f"
             : magnitude >= 0.001 || magnitude == 0 ? "%.4f"
                                                    : "%.1e",
             shift);
}

static double share_value(app *a, uint32_t latent) {
    return ranking(a)->total > 0 ? shift_value(a, latent) / ranking(a)->total : 0;
}
static void share_text(app *a, uint32_t latent, char *text, size_t size) {
    snprintf(text, size, "%.1f%%", 100 * share_value(a, latent));
}

static double cumulative_value(app *a, uint32_t latent) {
    return ranking(a)->cumulative[ranking(a)->rank[latent]];
}
static void cumulative_text(app *a, uint32_t latent, char *text, size_t size) {
    snprintf(text, size, "%.0f%%", 100 * cumulative_value(a, latent));
}

static double mean_value(app *a, uint32_t latent) {
    return scry_shift_of(a->tab->index, ranking(a)->train, ranking(a)->source, SCRY_MEAN, latent);
}
static void mean_text(app *a, uint32_t latent, char *text, size_t size) {
    double v = mean_value(a, latent);
    if (fabs(v) < 9.9995) view_rho(v, 3, true, text, size);
    else snprintf(text, size, "%+.1f", v);
}

static double rate_value(app *a, uint32_t latent) {
    return scry_rate_base(a->tab->index, ranking(a)->train, ranking(a)->source, latent);
}
static void rate_text(app *a, uint32_t latent, char *text, size_t size) {
    double rate = 100 * rate_value(a, latent);
    snprintf(text, size, rate >= 10 || rate == 0 ? "%.0f%%" : "%.1f%%", rate);
}

static double what_if_value(app *a, uint32_t latent) {
    float rho;
    scry_what_if(a->tab->index, scry_session_scorer(a->tab->session), scry_session_set(a->tab->session),
                 scry_session_scope(a->tab->session), &latent, 1, &rho);
    return (double)rho;
}
static void what_if_text(app *a, uint32_t latent, char *text, size_t size) {
    char rho[16], step[16];
    double value = what_if_value(a, latent), now = scry_session_result(a->tab->session)->fit.pearson;
    view_rho(value, 2, false, rho, sizeof rho);
    view_rho(value - now, 3, true, step, sizeof step);
    snprintf(text, size, "%s %s", rho, isnan(now) ? "" : step);
}

static void label_text(app *a, uint32_t latent, char *text, size_t size) {
    table_label(a, latent, text, size);
}

const column columns[] = {
    {"in", "in", 2, false, false, 9, "* in the score, + put in by hand, - taken out by hand, m marked", in_value,
     in_text},
    {"rank", "rank", 5, true, true, 7, "place by shift", rank_value, rank_text},
    {"latent", "latent", 7, true, true, 9, "number of the SAE's latent", latent_value, latent_text},
    {"shift", "shift", 15, true, false, 9, "how far the source moves it, by the metric", shift_value, shift_text},
    {"share", "share", 5, true, false, 3, "its part of the total shift", share_value, share_text},
    {"cum", "cum", 4, true, true, 4, "share of all up to this rank", cumulative_value, cumulative_text},
    {"mean", "mean", 5, true, false, 2, "signed change of its mean activation", mean_value, mean_text},
    {"rate", "rate", 4, true, false, 5, "share of base tokens on which it fires", rate_value, rate_text},
    {"what-if", "what-if", 10, true, false, 6, "rho if this one latent were switched, and the step to it",
     what_if_value, what_if_text},
    {"label", "label", 8, false, true, 8, "its label, or the tokens that hold most of its activation", NULL,
     label_text},
};
const int column_count = sizeof columns / sizeof *columns;

int column_find(const char *name) {
    for (int i = 0; i < column_count; i++)
        if (strcmp(columns[i].name, name) == 0) return i;
    return -1;
}
