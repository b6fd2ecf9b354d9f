/* analysis/sweep.c: rho of the first N latents against N, beside random sets of as many; and of bands of ranks
 * (STS paper, fig. 4d). */
#include "charts/chart_internal.h"
#include "base/mem.h"
#include "explorer/panes/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SETS = 200, SETS_OF_MANY = 40, MANY = 20000 };

/* Room for `n` widths at which random sets are drawn. */
static void make_widths(chart_data *data, size_t n) {
    data->width = mem_new(n + 1, sizeof(double));
    data->low = mem_new(n + 1, sizeof(double));
    data->high = mem_new(n + 1, sizeof(double));
    data->mean = mem_new(n + 1, sizeof(double));
}

/* rho of random sets of this many latents: 5 %, 95 %, mean. */
static void add_width(const chart_request *ask, chart_data *data, uint32_t size, const scry_cancel *stop) {
    double rho[SETS], sd;
    uint32_t sets = size > MANY ? SETS_OF_MANY : SETS;
    sets = scry_random_rhos(ask->index, ask->score, ask->change, size, sets, SCRY_SEED, stop, rho, NULL);
    if (sets < 2) return;
    size_t k = data->widths++;
    data->width[k] = size;
    scry_mean_sd(rho, sets, &data->mean[k], &sd);
    scry_sort(rho, sets);
    data->low[k] = scry_quantile(rho, sets, 0.05);
    data->high[k] = scry_quantile(rho, sets, 0.95);
}

static scry_ranking *rank(const chart_request *ask, chart_data *data) {
    scry_error err = {0};
    scry_ranking *r = scry_rank(ask->index, ask->train, ask->source, ask->metric, &err);
    if (!r) snprintf(data->why, sizeof data->why, "%.200s", err.text);
    return r;
}

bool sweep_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    scry_ranking *r = rank(ask, data);
    if (!r) return true;
    data->sweep = scry_sweep_n(ask->index, r, ask->score, &ask->scope, ask->top, stop, &data->points);
    scry_ranking_free(r);
    if (!data->sweep) return false;
    make_widths(data, data->points);
    double next = 1;
    for (size_t k = 0; k < data->points && !scry_cancelled(stop); k++) {
        if (data->sweep[k].to < next && k + 1 < data->points) continue;
        add_width(ask, data, data->sweep[k].to, stop);
        next = data->sweep[k].to * 1.4;
    }
    return !scry_cancelled(stop);
}

bool bands_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    scry_ranking *r = rank(ask, data);
    if (!r) return true;
    data->sweep = scry_sweep_bands(ask->index, r, ask->score, &ask->scope, ask->top, ask->band, stop, &data->points);
    scry_ranking_free(r);
    if (!data->sweep) return false;
    make_widths(data, 1);
    add_width(ask, data, ask->band < ask->top ? ask->band : ask->top, stop);
    return !scry_cancelled(stop);
}

static const char *title(chart *f, const chart_view *v, const char *what) {
    return chart_text(f, "rho of STS %s with the %s, %s by %s", scry_score_name(v->score), chart_change(v), what,
                      chart_ranked(f, v));
}

static bool any_rho(const chart_data *data) {
    for (size_t k = 0; k < data->points; k++)
        if (!isnan(data->sweep[k].fit.pearson)) return true;
    return false;
}

static void draw_random(chart *f, const chart_data *data) {
    chart_series(f, (plot_series){.kind = PLOT_LINE,
                                  .name = "random, mean",
                                  .n = data->widths,
                                  .x = data->width,
                                  .y = data->mean,
                                  .look = 3});
    chart_series(f, (plot_series){.kind = PLOT_BAND,
                                  .name = "5 to 95%",
                                  .n = data->widths,
                                  .x = data->width,
                                  .y = data->high,
                                  .low = data->low,
                                  .look = 3});
}

/* The selection as it stands, which may be edited by hand. */
static void draw_own(chart *f, const chart_view *v) {
    double *own = chart_numbers(f, 2);
    own[0] = v->set->count;
    own[1] = v->result->fit.pearson;
    if (!v->set->count || isnan(own[1])) return;
    chart_series(f, (plot_series){.kind = PLOT_POINTS, .name = "this set", .n = 1, .x = own, .y = own + 1, .look = 2});
}

static const char *p_text(chart *f, double p) {
    char text[16];
    format_rho(p, 3, false, text, sizeof text);
    return isnan(p) ? "" : p < 0.0005 ? " p <.001" : chart_text(f, " p %s", text);
}

static const char *no_rho(const chart_data *data) {
    return data->points && data->sweep[0].fit.n >= 3 ? "the scores or the changes of the domains are all alike"
                                                     : "fewer than 3 domains have a score and a measured change";
}

void sweep_draw(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = title(f, v, "the first N");
    f->plot.x = (plot_axis){.label = "N, latents in the score", .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1};
    if (data && !any_rho(data)) f->plot.empty = no_rho(data);
    if (!data || f->plot.empty) return;
    double *n = chart_numbers(f, 2 * data->points), *rho = n + data->points;
    size_t at = 0;
    uint32_t cursor = v->at_n ? v->at_n : v->n;
    for (size_t k = 0; k < data->points; k++) {
        n[k] = data->sweep[k].to;
        rho[k] = data->sweep[k].fit.pearson;
        if (data->sweep[k].to <= cursor) at = k;
    }
    chart_series(f, (plot_series){.kind = PLOT_LINE,
                                  .name = chart_text(f, "by %s", scry_condition_name(v->ranking->source)),
                                  .n = data->points,
                                  .x = n,
                                  .y = rho,
                                  .look = 1});
    draw_own(f, v);
    draw_random(f, data);
    chart_rule(f, (plot_rule){.at = 0});
    chart_note(f, chart_text(f, "p is of one N alone, not of the best of them; n %zu domains", data->sweep[at].fit.n));
    if (!cursor) return;
    f->plot.has_cursor = true;
    f->plot.cursor = n[at];
    f->plot.cursor_text =
        chart_text(f, "N %.0f rho %s%s", n[at], chart_rho(f, rho[at]), p_text(f, data->sweep[at].p_value));
}

void bands_draw(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = title(f, v, chart_text(f, "bands of %u ranks", v->band));
    f->plot.x = (plot_axis){.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1};
    if (data && !any_rho(data)) f->plot.empty = no_rho(data);
    if (!data || f->plot.empty) return;
    double *rho = chart_numbers(f, data->points);
    const char **names = chart_strings(f, 2 * data->points), **texts = names + data->points;
    for (size_t k = 0; k < data->points; k++) {
        const scry_sweep_point *p = &data->sweep[k];
        rho[k] = p->fit.pearson;
        names[k] = chart_text(f, "%u-%u", p->from, p->to);
        texts[k] = chart_text(f, "%s%s", chart_rho(f, p->fit.pearson), p_text(f, p->p_value));
    }
    chart_series(f, (plot_series){.kind = PLOT_BARS,
                                  .n = data->points,
                                  .x = rho,
                                  .names = names,
                                  .texts = texts,
                                  .highlight = v->at_band <= data->points ? v->at_band : 0});
    chart_note(f,
               chart_text(f, "p is of one band alone, not of the best of them; n %zu domains", data->sweep[0].fit.n));
    if (data->widths)
        chart_rule(f, (plot_rule){.upright = true,
                                  .at = data->mean[0],
                                  .name = chart_text(f, "random %s", chart_rho(f, data->mean[0]))});
}
