/* null_distributions.c: distributions of rho: of random sets of latents, and over random samples of tokens. */
#include "charts/chart_internal.h"
#include "text/number_format.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = 40, FEW_BINS = 20 };

typedef struct numbers {
    uint32_t count;
    double rho[]; /* [count] ascending */
} numbers;

static numbers *numbers_new(chart_data *data, uint32_t room) {
    return data->numbers = mem_new(1, sizeof(numbers) + room * sizeof(double));
}

static bool compute_random(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    numbers *x = numbers_new(data, SCRY_RANDOM_SETS);
    x->count =
        scry_random_rhos(q->index, q->score, q->change, q->count, SCRY_RANDOM_SETS, SCRY_SEED, cancel, x->rho, NULL);
    if (!x->count)
        chart_empty(data, "%s",
                    q->count ? "no random sets: fewer latents are active, or fewer than 3 domains take part"
                             : "no latent is selected");
    scry_sort(x->rho, x->count);
    return !scry_cancelled(cancel);
}

static bool compute_repeats(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    scry_error err = {0};
    scry_blocks *tokens = scry_blocks_new(q->index, q->score, q->set, SCRY_TOKENS, cancel, &err);
    if (!tokens) {
        chart_empty(data, "%.200s", err.text);
        return err.status != 0;
    }
    numbers *x = numbers_new(data, CHART_REPEATED);
    bool done = scry_repeats(tokens, q->change, CHART_REPEATED, CHART_TOKENS, SCRY_SEED, cancel, x->rho, NULL);
    scry_blocks_free(tokens);
    for (uint32_t k = 0; done && k < CHART_REPEATED; k++)
        if (!isnan(x->rho[k])) x->rho[x->count++] = x->rho[k];
    if (!x->count)
        chart_empty(data, "no rho: %s", q->set->count ? "fewer than 3 domains take part" : "no latent is selected");
    scry_sort(x->rho, x->count);
    return done;
}

/* Draws counts in bins of equal width from low to high; the last edge is repeated, so that the last step has a width.
 */
static void draw_bins(chart *f, const numbers *n, double low, double high, size_t bins) {
    double *x = chart_numbers(f, 2 * (bins + 1)), *y = x + bins + 1;
    for (size_t k = 0; k <= bins; k++) x[k] = low + (high - low) * (double)k / (double)bins;
    for (uint32_t i = 0; i < n->count; i++) {
        double at = floor((n->rho[i] - low) / (high - low) * (double)bins);
        y[at < 0 ? 0 : at >= (double)bins ? bins - 1 : (size_t)at]++;
    }
    chart_series(f, (plot_series){.kind = PLOT_STEPS, .n = bins + 1, .x = x, .y = y});
    f->plot.x = (plot_axis){.label = "rho", .fix_low = true, .fix_high = true, .low = low, .high = high};
}

static void mark_selection(chart *f, const chart_view *v) {
    double rho = v->result->fit.pearson;
    if (!isnan(rho)) chart_cursor_at(f, rho, chart_text(f, "this set %s", chart_rho(f, rho)));
}

static void draw_random(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = chart_text(f, "rho of random sets of %u latent%s, STS %s with the %s", v->set->count,
                               plural_s(v->set->count), scry_score_name(v->score), change_name(v->scope->is_signed));
    f->plot.x.label = "rho";
    f->plot.y = (plot_axis){.label = "sets", .ticks = TICKS_WHOLE, .zero = true};
    if (!data) return;
    const numbers *n = data->numbers;
    double mean, sd;
    uint32_t below = 0;
    scry_mean_sd(n->rho, n->count, &mean, &sd);
    while (below < n->count && n->rho[below] < v->result->fit.pearson) below++;
    chart_note(f, chart_text(f, "%u sets: mean %s, SD %s, 95%% of them from %s to %s", n->count, chart_rho(f, mean),
                             chart_rho(f, sd), chart_rho(f, scry_quantile(n->rho, n->count, 0.025)),
                             chart_rho(f, scry_quantile(n->rho, n->count, 0.975))));
    if (!isnan(v->result->fit.pearson))
        chart_note(f, chart_text(f, "this set's rho %s: it beats %.1f%% of them", chart_rho(f, v->result->fit.pearson),
                                 100.0 * below / n->count));
    draw_bins(f, n, -1, 1, BINS);
    mark_selection(f, v);
}

static void draw_repeats(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = chart_text(f, "rho over random samples of tokens, STS %s with the %s", scry_score_name(v->score),
                               change_name(v->scope->is_signed));
    f->plot.x.label = "rho";
    f->plot.y = (plot_axis){.label = "repeats", .ticks = TICKS_WHOLE, .zero = true};
    if (!data) return;
    const numbers *n = data->numbers;
    double mean, sd, own = v->result->fit.pearson, low = n->rho[0], high = n->rho[n->count - 1];
    if (!isnan(own)) low = fmin(low, own), high = fmax(high, own);
    double room = fmax((high - low) * 0.1, 0.005);
    scry_mean_sd(n->rho, n->count, &mean, &sd);
    chart_note(f, chart_text(f, "%u repeats of up to %u tokens per domain: mean %s, SD %s", n->count, CHART_TOKENS,
                             chart_rho(f, mean), chart_small(f, sd)));
    draw_bins(f, n, fmax(low - room, -1), fmin(high + room, 1), FEW_BINS);
    mark_selection(f, v);
}

const chart_functions chart_random = {compute_random, free, draw_random, NULL, NULL};

const chart_functions chart_repeats = {compute_repeats, free, draw_repeats, NULL, NULL};
