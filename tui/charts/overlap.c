/* overlap.c: how many of the first N latents two sources have in common, and what they hold of each shift (STS paper,
 * fig. 2). */
#include "baselines.h"
#include "charts/chart_internal.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* Points of latents, and of dimensions of the residual stream (none: NULL). */
typedef struct numbers {
    size_t points, dimension_points;
    scry_overlap_point *latents, *dimensions;
    scry_reference against; /* of the other source */
} numbers;

static void free_numbers(void *own) {
    numbers *x = own;
    free(x->latents);
    free(x->dimensions);
    free(x);
}

/* Frees both rankings; NULL where one is. */
static scry_overlap_point *overlap_of(scry_ranking *a, scry_ranking *b, uint32_t top, size_t *points) {
    scry_overlap_point *p = a && b ? scry_overlap(a, b, top, points) : NULL;
    scry_ranking_free(a);
    scry_ranking_free(b);
    return p;
}

static bool compute(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    scry_error err = {0};
    if (q->other == q->source) {
        if (q->source == SCRY_BASE) chart_empty(data, "this training set has only base; overlap needs two rankings");
        else
            chart_empty(data, "this training set has one source of shift (%s); overlap needs two",
                        scry_condition_name(q->source));
        return true;
    }
    numbers *x = data->numbers = mem_new(1, sizeof *x);
    scry_ranking *a = scry_rank(q->index, q->train, q->source, q->metric, &err);
    scry_ranking *b = a ? scry_rank_for_overlap(q->index, q->train, q->other, q->metric, &err) : NULL;
    const scry_index *second = b ? scry_index_against(q->index, b->against, NULL) : q->index;
    x->against = b ? b->against : SCRY_AGAINST_BASE;
    x->latents = overlap_of(a, b, q->top, &x->points);
    if (!x->latents) chart_empty(data, "%.200s", err.text);
    if (q->dimensions)
        x->dimensions = overlap_of(scry_rank_residual(q->index, q->train, q->source, NULL),
                                   scry_rank_residual(second, q->train, q->other, NULL), q->top, &x->dimension_points);
    return !scry_cancelled(cancel);
}

/* Draws the share of N in both, and that of two random rankings; returns each N. */
static double *draw_shared(chart *f, const scry_overlap_point *points, size_t n, const char *name,
                           const char *chance_name) {
    double *x = chart_numbers(f, 3 * n), *both = x + n, *chance = both + n;
    for (size_t k = 0; k < n; k++) {
        x[k] = points[k].n;
        both[k] = (double)points[k].overlap / points[k].n;
        chance[k] = points[k].expected / points[k].n;
    }
    chart_line(f, name, n, x, both);
    chart_line(f, chance_name, n, x, chance);
    return x;
}

/* The point at N, or the last one below it. */
static const scry_overlap_point *point_at(const numbers *x, uint32_t n) {
    size_t k = 0;
    while (k + 1 < x->points && x->latents[k + 1].n <= n) k++;
    return &x->latents[k];
}

static void draw(chart *f, const chart_view *v, const chart_data *data) {
    const numbers *x = data ? data->numbers : NULL;
    char a[SCRY_SOURCE_TEXT], b[SCRY_SOURCE_TEXT];
    scry_source_text(v->ranking->source, v->ranking->against, a);
    scry_source_text(v->other, x ? x->against : SCRY_AGAINST_BASE, b);
    f->plot.title = chart_text(f, "the first N by %s and by %s (%s)", a, b, scry_metric_name(v->ranking->metric));
    f->plot.x = (plot_axis){.label = "N", .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){.label = "share", .ticks = TICKS_PERCENT, .fix_low = true, .fix_high = true, .high = 1};
    if (!x) return;
    size_t n = x->points;
    static const uint32_t told[] = {50, 100, 200};
    const scry_overlap_point *last = &x->latents[n - 1];
    char note[200];
    int used = snprintf(note, sizeof note, "in both:");
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (point_at(x, told[i])->n == told[i])
            used += snprintf(note + used, sizeof note - (size_t)used, "%s %u of %u", i ? "," : "",
                             point_at(x, told[i])->overlap, told[i]);
    if (last->n < told[0]) snprintf(note + used, sizeof note - (size_t)used, " %u of %u", last->overlap, last->n);
    chart_note(f, chart_text(f, "%s", note));
    double *at_n = draw_shared(f, x->latents, n, "in both", "expected by chance");
    double *share_a = chart_numbers(f, 2 * n), *share_b = share_a + n;
    for (size_t k = 0; k < n; k++) share_a[k] = x->latents[k].share_a, share_b[k] = x->latents[k].share_b;
    chart_line(f, chart_text(f, "%s %s", a, chart_quantity(v->ranking->source)), n, at_n, share_a);
    chart_line(f, chart_text(f, "%s %s", b, chart_quantity(v->other)), n, at_n, share_b);
    if (x->dimensions) draw_shared(f, x->dimensions, x->dimension_points, "dimensions in both", "dimensions by chance");
    uint32_t at = v->at_n ? v->at_n : v->n;
    if (!at) return;
    const scry_overlap_point *p = point_at(x, at);
    chart_cursor_at(f, p->n, chart_text(f, "N %u: %u in both, %.1f expected by chance", p->n, p->overlap, p->expected));
}

const chart_functions chart_overlap = {compute, free_numbers, draw, NULL, NULL};
