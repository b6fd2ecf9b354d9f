/* concentration.c: how much of the shift the first N latents hold, for each source (STS paper, fig. 1a, 2b). */
#include "baselines.h"
#include "base/mem.h"
#include "charts/chart_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the first at[k] latents or dimensions hold; the caller frees. r may be NULL. */
static double *shares_of(const scry_ranking *r, const uint32_t *at, size_t points) {
    double *share = mem_new(points + 1, sizeof *share);
    for (size_t k = 0; r && k < points; k++) share[k] = scry_cumulative(r, at[k] - 1);
    return share;
}

bool concentration_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(ask->index, ask->train, has);
    data->grid = scry_sweep_grid(scry_index_info(ask->index)->d_sae, &data->points);
    for (int i = 0; i < n && !scry_cancelled(stop); i++) {
        scry_ranking *r = scry_rank(ask->index, ask->train, has[i], ask->metric, NULL);
        data->share[has[i]] = shares_of(r, data->grid, data->points);
        scry_ranking_free(r);
        r = ask->dimensions ? scry_rank_residual(ask->index, ask->train, has[i], NULL) : NULL;
        if (!r) continue;
        if (!data->raw_grid) data->raw_grid = scry_sweep_grid(r->latents, &data->raw_points);
        data->raw_share[has[i]] = shares_of(r, data->raw_grid, data->raw_points);
        scry_ranking_free(r);
    }
    return !scry_cancelled(stop);
}

/* A line for each source. */
static void draw_curves(chart *f, const uint32_t *at, size_t points, double *const share[SCRY_CONDITIONS],
                        const char *more) {
    double *n = chart_numbers(f, points);
    for (size_t k = 0; k < points; k++) n[k] = at[k];
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (share[c])
            chart_series(f, (plot_series){.kind = PLOT_LINE,
                                          .name = chart_text(f, "%s%s", scry_condition_name((scry_condition)c), more),
                                          .n = points,
                                          .x = n,
                                          .y = share[c]});
}

void concentration_draw(chart *f, const chart_view *v, const chart_data *data) {
    const scry_ranking *r = v->ranking;
    f->plot.title = chart_text(f, "share of the shift (%s) that the first N latents hold", scry_metric_name(r->metric));
    f->plot.x = (plot_axis){.label = "N, latents of largest shift", .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){
        .label = "share of the total shift", .ticks = TICKS_PERCENT, .fix_low = true, .fix_high = true, .high = 1};
    if (!data) return;
    draw_curves(f, data->grid, data->points, data->share, "");
    draw_curves(f, data->raw_grid, data->raw_points, data->raw_share, ", dimensions");
    char note[200];
    uint32_t top = r->latents < 100 ? r->latents : 100;
    int used = snprintf(note, sizeof note, "the first %u hold", top);
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        for (size_t k = 0; data->share[c] && k < data->points; k++)
            if (data->grid[k] == top && used < (int)sizeof note - 40)
                used +=
                    snprintf(note + used, sizeof note - (size_t)used, "%s %.1f%% by %s", strchr(note, '%') ? "," : "",
                             100 * data->share[c][k], scry_condition_name((scry_condition)c));
    }
    chart_note(f, chart_text(f, "%s", note));
    if (v->latent < 0) return;
    uint32_t rank = r->rank[v->latent];
    f->plot.has_cursor = true;
    f->plot.cursor = rank + 1.0;
    f->plot.cursor_text =
        chart_text(f, "rank %u latent %ld %.1f%%", rank + 1, v->latent, 100 * scry_cumulative(r, rank));
}
