/* concentration.c: the share of the shift that the first N latents hold, by each source (STS paper, fig. 1a, 2b). */
#include "baselines.h"
#include "base/mem.h"
#include "charts/chart_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of latents, or of dimensions of the residual stream. */
typedef struct curves {
    size_t points;
    uint32_t *n;                    /* [points] */
    double *share[SCRY_CONDITIONS]; /* [points] of the first n by a source; NULL: not ranked by it */
} curves;

typedef struct numbers {
    curves latents, dimensions;
} numbers;

static void free_curves(curves *c) {
    free(c->n);
    for (int s = 0; s < SCRY_CONDITIONS; s++) free(c->share[s]);
}

static void free_numbers(void *own) {
    numbers *x = own;
    free_curves(&x->latents);
    free_curves(&x->dimensions);
    free(x);
}

/* Frees the ranking, which may be NULL. */
static void add_curve(curves *c, scry_condition source, scry_ranking *r) {
    if (!r) return;
    if (!c->n) c->n = scry_sweep_grid(r->latents, &c->points);
    c->share[source] = mem_new(c->points, sizeof(double));
    for (size_t k = 0; k < c->points; k++) c->share[source][k] = scry_cumulative(r, c->n[k] - 1);
    scry_ranking_free(r);
}

static bool compute(const chart_request *request, chart_data *data, const scry_cancel *cancel) {
    scry_condition has[SCRY_CONDITIONS];
    int sources = scry_train_sources(request->index, request->train, has);
    if (request->source == SCRY_BASE) has[sources++] = SCRY_BASE;
    numbers *x = data->numbers = mem_new(1, sizeof *x);
    for (int i = 0; i < sources && !scry_cancelled(cancel); i++) {
        add_curve(&x->latents, has[i], scry_rank(request->index, request->train, has[i], request->metric, NULL));
        if (request->dimensions)
            add_curve(&x->dimensions, has[i], scry_rank_residual(request->index, request->train, has[i], NULL));
    }
    return !scry_cancelled(cancel);
}

static void draw_curves(chart *f, const curves *c, scry_reference against, const char *suffix) {
    char source[SCRY_SOURCE_TEXT];
    double *n = chart_numbers(f, c->points);
    for (size_t k = 0; k < c->points; k++) n[k] = c->n[k];
    for (int s = 0; s < SCRY_CONDITIONS; s++)
        if (c->share[s])
            chart_line(f, chart_text(f, "%s%s", scry_source_text((scry_condition)s, against, source), suffix),
                       c->points, n, c->share[s]);
}

/* "the first 100 hold 62.3% by icl, 53.7% by sft" */
static void note_first(chart *f, const curves *c, uint32_t first) {
    char note[200];
    int used = snprintf(note, sizeof note, "the first %u hold", first);
    for (int s = 0; s < SCRY_CONDITIONS; s++)
        for (size_t k = 0; c->share[s] && k < c->points; k++)
            if (c->n[k] == first && used < (int)sizeof note - 40)
                used +=
                    snprintf(note + used, sizeof note - (size_t)used, "%s %.1f%% by %s", strchr(note, '%') ? "," : "",
                             100 * c->share[s][k], scry_condition_name((scry_condition)s));
    chart_note(f, chart_text(f, "%s", note));
}

static void draw(chart *f, const chart_view *v, const chart_data *data) {
    const scry_ranking *r = v->ranking;
    const char *what = chart_quantity(r->source);
    f->plot.title =
        chart_text(f, "share of the %s (%s) that the first N latents hold", what, scry_metric_name(r->metric));
    f->plot.x =
        (plot_axis){.label = chart_text(f, "N, latents with the largest %s", what), .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){.label = chart_text(f, "share of the total %s", what),
                            .ticks = TICKS_PERCENT,
                            .fix_low = true,
                            .fix_high = true,
                            .high = 1};
    if (!data) return;
    const numbers *x = data->numbers;
    draw_curves(f, &x->latents, r->against, "");
    draw_curves(f, &x->dimensions, r->against, ", dimensions");
    note_first(f, &x->latents, r->latents < 100 ? r->latents : 100);
    if (v->latent < 0) return;
    uint32_t rank = r->rank[v->latent];
    double share = 100 * scry_cumulative(r, rank);
    chart_cursor_at(f, rank + 1.0, chart_text(f, "rank %u latent %ld %.1f%%", rank + 1, v->latent, share));
}

const chart_functions chart_concentration = {compute, free_numbers, draw, NULL, NULL};
