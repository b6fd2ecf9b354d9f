/* null_distributions.c: rho as it comes out by chance: of random sets of latents, and over random samples of tokens. */
#include "charts/chart_internal.h"
#include "base/mem.h"
#include "text/suggest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BINS = 40, FEW_BINS = 20 };

static double *room_for(uint32_t n) {
    double *rho = mem_new(n, sizeof *rho);
    return rho;
}

bool null_distributions_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    data->rho = room_for(SCRY_RANDOM_SETS);
    data->rhos = scry_random_rhos(ask->index, ask->score, ask->change, ask->count, SCRY_RANDOM_SETS, SCRY_SEED, stop,
                                  data->rho, NULL);
    if (!data->rhos)
        snprintf(data->why, sizeof data->why, "%s",
                 ask->count ? "no random sets: fewer latents are active, or fewer than 3 domains take part"
                            : "no latent is in the score");
    scry_sort(data->rho, data->rhos);
    return !scry_cancelled(stop);
}

bool repeats_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    scry_error err = {0};
    scry_blocks *tokens = scry_blocks_new(ask->index, ask->score, ask->set, SCRY_TOKENS, stop, &err);
    if (!tokens) {
        snprintf(data->why, sizeof data->why, "%.200s", err.text);
        return err.status != 0;
    }
    data->rho = room_for(CHART_REPEATED);
    bool done = scry_repeats(tokens, ask->change, CHART_REPEATED, CHART_TOKENS, SCRY_SEED, stop, data->rho, NULL);
    scry_blocks_free(tokens);
    for (uint32_t k = 0; done && k < CHART_REPEATED; k++)
        if (!isnan(data->rho[k])) data->rho[data->rhos++] = data->rho[k];
    if (!data->rhos)
        snprintf(data->why, sizeof data->why, "no rho: %s",
                 ask->set->count ? "fewer than 3 domains take part" : "no latent is in the score");
    scry_sort(data->rho, data->rhos);
    return done;
}

/* Counts in bins of equal width from low to high; the last edge again, so that the last step has a width. */
static void draw_bins(chart *f, const chart_data *data, double low, double high, size_t bins) {
    double *x = chart_numbers(f, 2 * (bins + 1)), *y = x + bins + 1;
    for (size_t k = 0; k <= bins; k++) x[k] = low + (high - low) * (double)k / (double)bins;
    for (uint32_t i = 0; i < data->rhos; i++) {
        double at = floor((data->rho[i] - low) / (high - low) * (double)bins);
        y[at < 0 ? 0 : at >= (double)bins ? bins - 1 : (size_t)at]++;
    }
    chart_series(f, (plot_series){.kind = PLOT_STEPS, .n = bins + 1, .x = x, .y = y});
    f->plot.x = (plot_axis){.label = "rho", .fix_low = true, .fix_high = true, .low = low, .high = high};
}

static void mark_own(chart *f, const chart_view *v) {
    double rho = v->result->fit.pearson;
    if (isnan(rho)) return;
    f->plot.has_cursor = true;
    f->plot.cursor = rho;
    f->plot.cursor_text = chart_text(f, "this set %s", chart_rho(f, rho));
}

void null_distributions_draw(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = chart_text(f, "rho of random sets of %u latent%s, STS %s with the %s", v->set->count,
                               plural_s(v->set->count), scry_score_name(v->score), chart_change(v));
    f->plot.x.label = "rho";
    f->plot.y = (plot_axis){.label = "sets", .ticks = TICKS_WHOLE, .zero = true};
    if (!data) return;
    double mean, sd;
    uint32_t below = 0;
    scry_mean_sd(data->rho, data->rhos, &mean, &sd);
    while (below < data->rhos && data->rho[below] < v->result->fit.pearson) below++;
    chart_note(f, chart_text(f, "%u sets: mean %s, deviation %s, 95%% of them from %s to %s", data->rhos,
                             chart_rho(f, mean), chart_rho(f, sd),
                             chart_rho(f, scry_quantile(data->rho, data->rhos, 0.025)),
                             chart_rho(f, scry_quantile(data->rho, data->rhos, 0.975))));
    if (!isnan(v->result->fit.pearson))
        chart_note(f, chart_text(f, "this set's rho %s: %.1f%% of them lie below it",
                                 chart_rho(f, v->result->fit.pearson), 100.0 * below / data->rhos));
    draw_bins(f, data, -1, 1, BINS);
    mark_own(f, v);
}

void repeats_draw(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = chart_text(f, "rho over random samples of tokens, STS %s with the %s", scry_score_name(v->score),
                               chart_change(v));
    f->plot.x.label = "rho";
    f->plot.y = (plot_axis){.label = "repeats", .ticks = TICKS_WHOLE, .zero = true};
    if (!data) return;
    double mean, sd, own = v->result->fit.pearson, low = data->rho[0], high = data->rho[data->rhos - 1];
    if (!isnan(own)) low = fmin(low, own), high = fmax(high, own);
    double room = fmax((high - low) * 0.1, 0.005);
    scry_mean_sd(data->rho, data->rhos, &mean, &sd);
    chart_note(f, chart_text(f, "%u repeats of up to %u tokens a domain: mean %s, deviation %s", data->rhos,
                             CHART_TOKENS, chart_rho(f, mean), chart_small(f, sd)));
    draw_bins(f, data, fmax(low - room, -1), fmin(high + room, 1), FEW_BINS);
    mark_own(f, v);
}
