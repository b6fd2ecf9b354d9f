/* sweep.c: rho of the first N latents against N, and of bands of ranks, with random sets of the same size (STS paper,
 * fig. 4d). */
#include "base/mem.h"
#include "charts/chart_internal.h"
#include "text/number_format.h"

#include <math.h>
#include <stdlib.h>

enum { SETS = 200, SETS_OF_MANY = 40, MANY = 20000 };

typedef struct numbers {
    size_t points;
    scry_sweep_point *sweep;           /* [points] */
    size_t widths;                     /* sizes of random sets */
    double *width, *low, *high, *mean; /* [widths] and 5 %, 95 % and mean of their rho */
} numbers;

static void free_numbers(void *own) {
    numbers *x = own;
    free(x->sweep);
    free(x->width);
    free(x);
}

/* Takes the points; makes room for random sets of `widths` sizes. */
static numbers *numbers_new(scry_sweep_point *sweep, size_t points, size_t widths) {
    numbers *x = mem_new(1, sizeof *x);
    x->sweep = sweep;
    x->points = points;
    x->width = mem_new(4 * widths, sizeof *x->width);
    x->low = x->width + widths;
    x->high = x->low + widths;
    x->mean = x->high + widths;
    return x;
}

static void add_random_sets(const chart_request *q, numbers *x, uint32_t size, const scry_cancel *cancel) {
    double rho[SETS], sd;
    uint32_t sets = size > MANY ? SETS_OF_MANY : SETS;
    sets = scry_random_rhos(q->index, q->score, q->change, size, sets, SCRY_SEED, cancel, rho, NULL);
    if (sets < 2) return;
    size_t k = x->widths++;
    x->width[k] = size;
    scry_mean_sd(rho, sets, &x->mean[k], &sd);
    scry_sort(rho, sets);
    x->low[k] = scry_quantile(rho, sets, 0.05);
    x->high[k] = scry_quantile(rho, sets, 0.95);
}

/* Sweeps over N, or over bands of q->band ranks. NULL: cancelled, or there is no ranking (data->empty says so). */
static numbers *sweep_ranks(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    size_t points;
    scry_error err = {0};
    scry_ranking *r = scry_rank(q->index, q->train, q->source, q->metric, &err);
    if (!r) chart_empty(data, "%.200s", err.text);
    if (!r) return NULL;
    scry_sweep_point *sweep = q->band
                                  ? scry_sweep_bands(q->index, r, q->score, &q->scope, q->top, q->band, cancel, &points)
                                  : scry_sweep_n(q->index, r, q->score, &q->scope, q->top, cancel, &points);
    scry_ranking_free(r);
    return sweep ? data->numbers = numbers_new(sweep, points, q->band ? 1 : points) : NULL;
}

static bool compute_sweep(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    numbers *x = sweep_ranks(q, data, cancel);
    if (!x) return data->empty[0] != 0;
    const scry_sweep_point *sweep = x->sweep;
    size_t points = x->points;
    double next = 1;
    for (size_t k = 0; k < points && !scry_cancelled(cancel); k++) {
        if (sweep[k].to < next && k + 1 < points) continue;
        add_random_sets(q, x, sweep[k].to, cancel);
        next = sweep[k].to * 1.4;
    }
    return !scry_cancelled(cancel);
}

static bool compute_bands(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    numbers *x = sweep_ranks(q, data, cancel);
    if (!x) return data->empty[0] != 0;
    add_random_sets(q, x, q->band < q->top ? q->band : q->top, cancel);
    return !scry_cancelled(cancel);
}

static const char *title(chart *f, const chart_view *v, const char *what) {
    return chart_text(f, "rho of STS %s with the %s, %s by %s", scry_score_name(v->score),
                      change_name(v->scope->is_signed), what, chart_ranked(f, v));
}

static void draw_random(chart *f, const numbers *x) {
    chart_line(f, "random, mean", x->widths, x->width, x->mean)->look = 3;
    chart_band(f, "5 to 95%", x->widths, x->width, x->low, x->high)->look = 3;
}

/* The selection as it is, which may have been edited. */
static void draw_selection(chart *f, const chart_view *v) {
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

/* Why no point has a rho; NULL: one has. */
static const char *no_rho(const numbers *x) {
    for (size_t k = 0; k < x->points; k++)
        if (!isnan(x->sweep[k].fit.pearson)) return NULL;
    return x->points && x->sweep[0].fit.n >= 3 ? "all scores, or all changes, are equal"
                                               : "fewer than 3 domains have a score and a measured change";
}

static void draw_sweep(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = title(f, v, "the first N");
    f->plot.x = (plot_axis){.label = "N, latents in the score", .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1};
    if (!data) return;
    const numbers *x = data->numbers;
    f->plot.empty = no_rho(x);
    if (f->plot.empty) return;
    double *n = chart_numbers(f, 2 * x->points), *rho = n + x->points;
    size_t at = 0;
    uint32_t cursor = v->at_n ? v->at_n : v->n;
    for (size_t k = 0; k < x->points; k++) {
        n[k] = x->sweep[k].to;
        rho[k] = x->sweep[k].fit.pearson;
        if (x->sweep[k].to <= cursor) at = k;
    }
    chart_line(
        f,
        chart_text(f, "by %s", scry_source_text(v->ranking->source, v->ranking->against, (char[SCRY_SOURCE_TEXT]){""})),
        x->points, n, rho)
        ->look = 1;
    draw_selection(f, v);
    draw_random(f, x);
    chart_rule(f, (plot_rule){.at = 0});
    chart_note(f, chart_text(f, "p is of one N alone, not of the best of them; n %zu domains", x->sweep[at].fit.n));
    const char *p = p_text(f, x->sweep[at].p_value);
    if (cursor) chart_cursor_at(f, n[at], chart_text(f, "N %.0f rho %s%s", n[at], chart_rho(f, rho[at]), p));
}

static void draw_bands(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = title(f, v, chart_text(f, "bands of %u ranks", v->band));
    f->plot.x = (plot_axis){.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1};
    if (!data) return;
    const numbers *x = data->numbers;
    f->plot.empty = no_rho(x);
    if (f->plot.empty) return;
    double *rho = chart_numbers(f, x->points);
    const char **names = chart_strings(f, 2 * x->points), **texts = names + x->points;
    for (size_t k = 0; k < x->points; k++) {
        const scry_sweep_point *p = &x->sweep[k];
        rho[k] = p->fit.pearson;
        names[k] = chart_text(f, "%u-%u", p->from, p->to);
        texts[k] = chart_text(f, "%s%s", chart_rho(f, p->fit.pearson), p_text(f, p->p_value));
    }
    chart_bars(f, NULL, x->points, rho, names, texts)->highlight = v->row <= x->points ? v->row : 0;
    chart_note(f, chart_text(f, "p is of one band alone, not of the best of them; n %zu domains", x->sweep[0].fit.n));
    if (!x->widths) return;
    const char *random = chart_text(f, "random %s", chart_rho(f, x->mean[0]));
    chart_rule(f, (plot_rule){.upright = true, .at = x->mean[0], .name = random});
}

static size_t band_count(const chart_view *v, const chart_data *data) {
    (void)data;
    uint32_t top = v->top < v->ranking->latents ? v->top : v->ranking->latents;
    return (top + v->band - 1) / v->band;
}

static long first_of_band(const chart_view *v, const chart_data *data) {
    const numbers *x = data ? data->numbers : NULL;
    size_t at = v->row ? v->row - 1 : 0;
    return x && at < x->points ? (long)v->ranking->order[x->sweep[at].from - 1] : -1;
}

const chart_functions chart_sweep = {compute_sweep, free_numbers, draw_sweep, NULL, NULL};

const chart_functions chart_bands = {compute_bands, free_numbers, draw_bands, band_count, first_of_band};
