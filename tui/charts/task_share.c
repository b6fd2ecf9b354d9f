/* labels.c: which text the first N latents belong to (STS paper, tables 7 and 8). */
#include "charts/chart_internal.h"
#include "base/mem.h"
#include "text/suggest.h"

#include <stdlib.h>
#include <string.h>

bool task_share_work(const chart_request *ask, chart_data *data, const scry_cancel *stop) {
    data->owners = scry_attribution_new(ask->index, 1, stop); /* one thread: the others are for the frames */
    return data->owners != NULL;
}

size_t chart_label_of(const scry_attribution *o, uint32_t latent) {
    int owner = o->owner[latent];
    return owner >= 0 ? (size_t)owner : o->names + (owner == SCRY_SILENT);
}

size_t *chart_label_rows(const scry_attribution *o, const char *task) {
    size_t n = o->names + 2, *row = mem_new(n, sizeof *row), *held = mem_new(n, sizeof *held);
    for (uint32_t j = 0; j < o->latents; j++) held[chart_label_of(o, j)]++;
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        bool first = i < o->names && strcmp(o->name[i], task) == 0;
        if (first) held[i] = SIZE_MAX;
        for (; at > 0 && held[row[at - 1]] < held[i]; at--) row[at] = row[at - 1];
        row[at] = i;
    }
    free(held);
    return row;
}

typedef struct columns {
    double *top, *all; /* share of each row */
    const char **name, **of_top, **of_all;
} columns;

static columns columns_new(chart *f, size_t n) {
    columns c = {chart_numbers(f, n), chart_numbers(f, n), chart_strings(f, n), chart_strings(f, n),
                 chart_strings(f, n)};
    return c;
}

/* Latents of each label: all, and among the first `top` ranks. */
static void count(const chart_view *v, const scry_attribution *o, uint32_t top, double *all, double *in_top) {
    for (uint32_t j = 0; j < o->latents; j++) all[chart_label_of(o, j)]++;
    for (uint32_t rank = 0; rank < top; rank++) in_top[chart_label_of(o, v->ranking->order[rank])]++;
}

void task_share_draw(chart *f, const chart_view *v, const chart_data *data) {
    const char *task = scry_index_info(v->index)->train[v->scope->train].name;
    f->plot.title =
        chart_text(f, "which text the first %u latent%s by %s belong to", v->n, plural_s(v->n), chart_ranked(f, v));
    f->plot.x = (plot_axis){.label = "share of the latents", .ticks = TICKS_PERCENT, .zero = true};
    chart_note(f, "the text of more than half of the ten samples on which a latent fires most");
    if (!data) return;
    const scry_attribution *o = data->owners;
    size_t n = o->names + 2, *row = chart_label_rows(o, task);
    uint32_t top = v->n < o->latents ? v->n : o->latents;
    double *all = chart_numbers(f, n), *in_top = chart_numbers(f, n);
    columns c = columns_new(f, n);
    count(v, o, top, all, in_top);
    for (size_t i = 0; i < n; i++) {
        size_t k = row[i];
        c.name[i] = k < o->names ? o->name[k] : k == o->names ? "(mixed)" : "(silent)";
        c.top[i] = in_top[k] / (top ? top : 1);
        c.all[i] = all[k] / o->latents;
        c.of_top[i] = chart_text(f, "%.0f", in_top[k]);
        c.of_all[i] = chart_text(f, "%.1f%%", 100 * c.all[i]);
    }
    free(row);
    if (top)
        chart_note(f, chart_text(f, "%.60s has %s of the first %u (%.1f%%) and %s of all", task, c.of_top[0], top,
                                 100 * c.top[0], c.of_all[0]));
    chart_series(f, (plot_series){.kind = PLOT_BARS,
                                  .name = chart_text(f, "of the first %u", top),
                                  .n = n,
                                  .x = c.top,
                                  .names = c.name,
                                  .texts = c.of_top,
                                  .highlight = v->at_label <= n ? v->at_label : 0});
    chart_series(
        f, (plot_series){
               .kind = PLOT_BARS, .name = "of all latents", .n = n, .x = c.all, .names = c.name, .texts = c.of_all});
}
