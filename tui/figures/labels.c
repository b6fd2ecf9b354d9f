/* labels.c: which text the first N latents belong to (STS paper, tables 7 and 8). */
#include "figures/parts.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

bool labels_work(const figure_ask *ask, figure_data *data, const scry_stop *stop) {
    data->owners = scry_owners_new(ask->index, 1, stop); /* one thread: the others are for the frames */
    return data->owners != NULL;
}

size_t figure_label_of(const scry_owners *o, uint32_t latent) {
    int owner = o->owner[latent];
    return owner >= 0 ? (size_t)owner : o->names + (owner == SCRY_SILENT);
}

size_t *figure_label_rows(const scry_owners *o, const char *task) {
    size_t n = o->names + 2, *row = malloc(n * sizeof *row), *held = calloc(n, sizeof *held);
    if (!row || !held) abort();
    for (uint32_t j = 0; j < o->latents; j++) held[figure_label_of(o, j)]++;
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

static columns columns_new(figure *f, size_t n) {
    columns c = {figure_numbers(f, n), figure_numbers(f, n), figure_strings(f, n), figure_strings(f, n),
                 figure_strings(f, n)};
    return c;
}

/* Latents of each label: all, and among the first `top` ranks. */
static void count(const figure_view *v, const scry_owners *o, uint32_t top, double *all, double *in_top) {
    for (uint32_t j = 0; j < o->latents; j++) all[figure_label_of(o, j)]++;
    for (uint32_t rank = 0; rank < top; rank++) in_top[figure_label_of(o, v->ranking->order[rank])]++;
}

void labels_draw(figure *f, const figure_view *v, const figure_data *data) {
    const char *task = scry_about(v->index)->train[v->scope->train].name;
    f->plot.title =
        figure_text(f, "which text the first %u latent%s by %s belong to", v->n, words_s(v->n), figure_ranked(f, v));
    f->plot.x = (plot_axis){.label = "share of the latents", .ticks = TICKS_PERCENT, .zero = true};
    figure_note(f, "the text of more than half of the ten samples on which a latent fires most");
    if (!data) return;
    const scry_owners *o = data->owners;
    size_t n = o->names + 2, *row = figure_label_rows(o, task);
    uint32_t top = v->n < o->latents ? v->n : o->latents;
    double *all = figure_numbers(f, n), *in_top = figure_numbers(f, n);
    columns c = columns_new(f, n);
    count(v, o, top, all, in_top);
    for (size_t i = 0; i < n; i++) {
        size_t k = row[i];
        c.name[i] = k < o->names ? o->name[k] : k == o->names ? "(mixed)" : "(silent)";
        c.top[i] = in_top[k] / (top ? top : 1);
        c.all[i] = all[k] / o->latents;
        c.of_top[i] = figure_text(f, "%.0f", in_top[k]);
        c.of_all[i] = figure_text(f, "%.1f%%", 100 * c.all[i]);
    }
    free(row);
    if (top)
        figure_note(f, figure_text(f, "%.60s has %s of the first %u (%.1f%%) and %s of all", task, c.of_top[0], top,
                                   100 * c.top[0], c.of_all[0]));
    figure_series(f, (plot_series){.kind = PLOT_BARS,
                                   .name = figure_text(f, "of the first %u", top),
                                   .n = n,
                                   .x = c.top,
                                   .names = c.name,
                                   .texts = c.of_top,
                                   .highlight = v->at_label <= n ? v->at_label : 0});
    figure_series(
        f, (plot_series){
               .kind = PLOT_BARS, .name = "of all latents", .n = n, .x = c.all, .names = c.name, .texts = c.of_all});
}
