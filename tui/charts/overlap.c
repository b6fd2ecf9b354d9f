/* rank/overlap.c: what the tops of two sources share at each N, and what they hold of each shift (STS paper,
 * fig. 2). */
#include "baselines.h"
#include "charts/chart_internal.h"

#include <math.h>
#include <stdio.h>

bool overlap_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    scry_condition has[SCRY_CONDITIONS];
    scry_error err = {0};
    if (scry_train_sources(ask->index, ask->train, has) < 2) {
        snprintf(data->why, sizeof data->why, "this training set has one source of shift (%s); overlap needs two",
                 scry_condition_name(has[0]));
        return true;
    }
    scry_ranking *a = scry_rank(ask->index, ask->train, ask->source, ask->metric, &err);
    scry_ranking *b = a ? scry_rank(ask->index, ask->train, ask->other, ask->metric, &err) : NULL;
    if (b) data->overlap = scry_overlap(a, b, ask->top, &data->points);
    else snprintf(data->why, sizeof data->why, "%.200s", err.text);
    scry_ranking_free(a);
    scry_ranking_free(b);
    a = ask->dimensions ? scry_rank_residual(ask->index, ask->train, ask->source, NULL) : NULL;
    b = a ? scry_rank_residual(ask->index, ask->train, ask->other, NULL) : NULL;
    if (b) data->raw_overlap = scry_overlap(a, b, ask->top, &data->raw_points);
    scry_ranking_free(a);
    scry_ranking_free(b);
    return !scry_cancelled(stop);
}

/* What both hold of N, and what two random rankings would; returns the N's. */
static double *draw_shared(chart *f, const scry_overlap_point *points, size_t n, const char *name,
                           const char *chance_name) {
    double *x = chart_numbers(f, 3 * n), *both = x + n, *chance = both + n;
    for (size_t k = 0; k < n; k++) {
        x[k] = points[k].n;
        both[k] = (double)points[k].overlap / points[k].n;
        chance[k] = points[k].expected / points[k].n;
    }
    chart_series(f, (plot_series){.kind = PLOT_LINE, .name = name, .n = n, .x = x, .y = both});
    chart_series(f, (plot_series){.kind = PLOT_LINE, .name = chance_name, .n = n, .x = x, .y = chance});
    return x;
}

/* The point at N, or the last one below it. */
static const scry_overlap_point *point_at(const chart_data *data, uint32_t n) {
    size_t k = 0;
    while (k + 1 < data->points && data->overlap[k + 1].n <= n) k++;
    return &data->overlap[k];
}

void overlap_draw(chart *f, const chart_view *v, const chart_data *data) {
    const char *a = scry_condition_name(v->ranking->source), *b = scry_condition_name(v->other);
    f->plot.title = chart_text(f, "the first N by %s and by %s (%s)", a, b, scry_metric_name(v->ranking->metric));
    f->plot.x = (plot_axis){.label = "N", .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){.label = "share", .ticks = TICKS_PERCENT, .fix_low = true, .fix_high = true, .high = 1};
    if (!data) return;
    size_t n = data->points;
    static const uint32_t told[] = {50, 100, 200};
    const scry_overlap_point *last = &data->overlap[n - 1];
    char note[200];
    int used = snprintf(note, sizeof note, "in both:");
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (point_at(data, told[i])->n == told[i])
            used += snprintf(note + used, sizeof note - (size_t)used, "%s %u of %u", i ? "," : "",
                             point_at(data, told[i])->overlap, told[i]);
    if (last->n < told[0]) snprintf(note + used, sizeof note - (size_t)used, " %u of %u", last->overlap, last->n);
    chart_note(f, chart_text(f, "%s", note));
    double *x = draw_shared(f, data->overlap, n, "in both", "by chance");
    double *share_a = chart_numbers(f, 2 * n), *share_b = share_a + n;
    for (size_t k = 0; k < n; k++) share_a[k] = data->overlap[k].share_a, share_b[k] = data->overlap[k].share_b;
    chart_series(f,
                 (plot_series){.kind = PLOT_LINE, .name = chart_text(f, "%s shift", a), .n = n, .x = x, .y = share_a});
    chart_series(f,
                 (plot_series){.kind = PLOT_LINE, .name = chart_text(f, "%s shift", b), .n = n, .x = x, .y = share_b});
    if (data->raw_overlap)
        draw_shared(f, data->raw_overlap, data->raw_points, "dimensions in both", "dimensions by chance");
    uint32_t at = v->at_n ? v->at_n : v->n;
    if (!at) return;
    const scry_overlap_point *p = point_at(data, at);
    f->plot.has_cursor = true;
    f->plot.cursor = p->n;
    f->plot.cursor_text = chart_text(f, "N %u: %u in both, by chance %.1f", p->n, p->overlap, p->expected);
}
