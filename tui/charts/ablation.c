/* ablation.c: the mean rise of the domains' loss when the first N latents are taken out of the model, against N, with
 * random sets of the same size (STS paper, fig. 1b). */
#include "ablate.h"
#include "base/mem.h"
#include "charts/chart_internal.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct numbers {
    size_t points, domains, texts; /* domains that have texts, and how many texts in all */
    scry_ablation_point *point;    /* [points] */
    char note[300];                /* the first that opening the model had to say: "": none */
} numbers;

static void free_numbers(void *own) {
    numbers *x = own;
    free(x->point);
    free(x);
}

static numbers *numbers_new(const scry_causal *causal, const chart_request *q, const scry_notes *notes,
                            scry_ablation_point *point, size_t points) {
    numbers *x = mem_new(1, sizeof *x);
    *x = (numbers){.points = points, .point = point};
    if (notes->count)
        snprintf(x->note, sizeof x->note, "%s", text_without_path(notes->text[0], scry_index_info(q->index)->path));
    for (size_t d = 0; d < q->scope.domains; d++) {
        size_t samples = scry_causal_domains(causal)[d].samples;
        x->domains += samples > 0;
        x->texts += samples;
    }
    return x;
}

/* Hands on what there is so far. */
typedef struct relay {
    const chart_request *q;
    const scry_causal *causal;
    const scry_notes *notes;
    size_t all; /* points in the end */
} relay;

static void relay_points(void *context, const scry_ablation_point *point, size_t count) {
    const relay *r = context;
    if (!r->q->take_part || count == r->all) return;
    chart_data *part = mem_new(1, sizeof *part);
    scry_ablation_point *copy = mem_new(count, sizeof *copy);
    memcpy(copy, point, count * sizeof *copy);
    *part = (chart_data){.kind = r->q->kind, .done = (double)count / (double)r->all};
    part->numbers = numbers_new(r->causal, r->q, r->notes, copy, count);
    r->q->take_part(r->q->context, part);
}

static bool run(const chart_request *q, scry_causal *causal, const scry_notes *notes, const scry_ranking *ranking,
                chart_data *data, const scry_cancel *cancel, scry_error *err) {
    static const scry_ablation removed = {SCRY_VALUE_ZERO, 0, false};
    size_t count;
    relay r = {.q = q, .causal = causal, .notes = notes};
    free(scry_sweep_grid(q->top, &r.all));
    scry_ablation_watch watch = {relay_points, &r};
    scry_ablation_point *point =
        scry_ablate_n(causal, ranking, &removed, &q->scope, q->top, q->sets, q->seed, &watch, &count, cancel, err);
    if (point) data->numbers = numbers_new(causal, q, notes, point, count);
    return point != NULL;
}

/* Opening the model is the first OPENING of the work. */
static bool compute_ablation(const chart_request *q, chart_data *data, const scry_cancel *cancel) {
    static const double OPENING = 0.1;
    scry_error err = {0};
    scry_cancel first = scry_cancel_part(cancel, 0, OPENING), second = scry_cancel_part(cancel, OPENING, 1);
    scry_causal_options of = {.model = q->model,
                              .threads = q->threads,
                              .memory = q->memory,
                              .domains = q->scope.use,
                              .samples = q->texts,
                              .seed = q->seed,
                              .cancel = cancel ? &first : NULL};
    scry_notes notes = {0};
    scry_ranking *ranking = scry_rank(q->index, q->train, q->source, q->metric, &err);
    scry_causal *causal = ranking ? scry_causal_open(q->index, &of, &notes, &err) : NULL;
    bool ok = causal && run(q, causal, &notes, ranking, data, cancel ? &second : NULL, &err);
    scry_causal_free(causal);
    scry_ranking_free(ranking);
    scry_notes_free(&notes);
    if (ok) return true;
    if (scry_cancelled(cancel)) return false;
    chart_empty(data, "%s", text_without_path(err.text, scry_index_info(q->index)->path));
    return true;
}

static const char *range_words(const chart_view *v) {
    return v->sets >= SCRY_ABLATION_RANGE ? "5 to 95%" : "min to max";
}

/* "+.0123": as many decimals as small losses need. */
static const char *rise(chart *f, double value) {
    return isnan(value) ? "-" : chart_text(f, "%+.4f", value);
}

static void draw_random(chart *f, const chart_view *v, const numbers *x, const double *n) {
    double *mean = chart_numbers(f, 3 * x->points), *low = mean + x->points, *high = low + x->points;
    bool any = false;
    for (size_t k = 0; k < x->points; k++) {
        mean[k] = x->point[k].random_mean;
        low[k] = x->point[k].random_low;
        high[k] = x->point[k].random_high;
        any = any || !isnan(mean[k]);
    }
    if (!any) return;
    chart_line(f, "random, mean", x->points, n, mean)->look = 3;
    chart_band(f, range_words(v), x->points, n, low, high)->look = 3;
}

static void note_work(chart *f, const chart_view *v, const numbers *x) {
    const char *random = v->sets ? chart_text(f, "; %u random sets of each size", v->sets) : "";
    chart_note(f, chart_text(f, "mean over %zu domains, %zu texts%s", x->domains, x->texts, random));
}

static void draw_ablation(chart *f, const chart_view *v, const chart_data *data) {
    f->plot.title = chart_text(f, "rise of loss without the first N by %s", chart_ranked(f, v));
    f->plot.x = (plot_axis){.label = "N, latents taken out", .log = true, .ticks = TICKS_WHOLE};
    f->plot.y = (plot_axis){.label = "nats a token", .zero = true};
    if (!data) return;
    const numbers *x = data->numbers;
    double *n = chart_numbers(f, 2 * x->points + 1), *difference = n + x->points;
    size_t at = 0;
    uint32_t cursor = v->at_n ? v->at_n : v->n;
    for (size_t k = 0; k < x->points; k++) {
        n[k] = x->point[k].n;
        difference[k] = x->point[k].difference;
        if (x->point[k].n <= cursor) at = k;
    }
    chart_line(
        f,
        chart_text(f, "by %s", scry_source_text(v->ranking->source, v->ranking->against, (char[SCRY_SOURCE_TEXT]){""})),
        x->points, n, difference)
        ->look = 1;
    draw_random(f, v, x, n);
    chart_rule(f, (plot_rule){.at = 0});
    note_work(f, v, x);
    if (x->note[0]) chart_note(f, x->note);
    if (!cursor) return;
    const char *random = v->sets ? chart_text(f, ", random %s", rise(f, x->point[at].random_mean)) : "";
    chart_cursor_at(f, n[at], chart_text(f, "N %.0f %s%s", n[at], rise(f, difference[at]), random));
}

const chart_functions chart_ablation = {compute_ablation, free_numbers, draw_ablation, NULL, NULL};
