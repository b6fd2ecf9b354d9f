/* task_share.c: the text to which each of the first N latents belongs (STS paper, tables 7 and 8). */
#include "base/mem.h"
#include "charts/chart_internal.h"
#include "text/number_format.h"

#include <stdlib.h>
#include <string.h>

static bool compute(const chart_request *request, chart_data *data, const scry_cancel *cancel) {
    data->numbers = scry_attribution_new(request->index, 1, cancel); /* one thread: the others are for the frames */
    return data->numbers != NULL;
}

static void free_numbers(void *numbers) {
    scry_attribution_free(numbers);
}

/* The group of a latent: its owner's number, then mixed, then silent. */
static size_t group_of(const scry_attribution *o, uint32_t latent) {
    int owner = o->owner[latent];
    return owner >= 0 ? (size_t)owner : o->names + (owner == SCRY_SILENT);
}

/* The group of each row, [names + 2]: the training task, then those of most latents. The caller frees. */
static size_t *row_groups(const scry_attribution *o, const char *task) {
    size_t n = o->names + 2, *row = mem_new(n, sizeof *row), *held = mem_new(n, sizeof *held);
    for (uint32_t j = 0; j < o->latents; j++) held[group_of(o, j)]++;
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

static const char *task_of(const chart_view *v) {
    return scry_index_info(v->index)->train[v->scope->train].name;
}

/* Counts the latents of each group: all, and among the first `top` ranks. */
static void count(const chart_view *v, const scry_attribution *o, uint32_t top, double *all, double *in_top) {
    for (uint32_t j = 0; j < o->latents; j++) all[group_of(o, j)]++;
    for (uint32_t rank = 0; rank < top; rank++) in_top[group_of(o, v->ranking->order[rank])]++;
}

static void draw(chart *f, const chart_view *v, const chart_data *data) {
    const char *task = task_of(v);
    f->plot.title = chart_text(f, "task share: the text to which the first %u latent%s by %s belong", v->n,
                               plural_s(v->n), chart_ranked(f, v));
    f->plot.x = (plot_axis){.label = "share of the latents", .ticks = TICKS_PERCENT, .zero = true};
    chart_note(f, "a latent belongs to the text of more than half of its ten strongest samples");
    if (!data) return;
    const scry_attribution *o = data->numbers;
    size_t n = o->names + 2, *row = row_groups(o, task);
    uint32_t top = v->n < o->latents ? v->n : o->latents;
    double *all = chart_numbers(f, 4 * n), *in_top = all + n, *share_all = in_top + n, *share_top = share_all + n;
    const char **name = chart_strings(f, 3 * n), **of_top = name + n, **of_all = of_top + n;
    count(v, o, top, all, in_top);
    for (size_t i = 0; i < n; i++) {
        size_t k = row[i];
        name[i] = k < o->names ? o->name[k] : k == o->names ? "(mixed)" : "(silent)";
        share_top[i] = in_top[k] / (top ? top : 1);
        share_all[i] = all[k] / o->latents;
        of_top[i] = chart_text(f, "%.0f", in_top[k]);
        of_all[i] = chart_text(f, "%.1f%%", 100 * share_all[i]);
    }
    free(row);
    if (top)
        chart_note(f, chart_text(f, "%.60s has %s of the first %u (%.1f%%) and %s of all", task, of_top[0], top,
                                 100 * share_top[0], of_all[0]));
    chart_bars(f, chart_text(f, "of the first %u", top), n, share_top, name, of_top)->highlight =
        v->row <= n ? v->row : 0;
    chart_bars(f, "of all latents", n, share_all, name, of_all);
}

static size_t group_count(const chart_view *v, const chart_data *data) {
    (void)v;
    const scry_attribution *o = data ? data->numbers : NULL;
    return o ? o->names + 2 : 1;
}

/* The next latent below the cursor's rank, around the end, that belongs to the row. */
static long next_of_group(const chart_view *v, const chart_data *data) {
    const scry_attribution *o = data ? data->numbers : NULL;
    const scry_ranking *r = v->ranking;
    if (!o || v->latent < 0) return -1;
    size_t *rows = row_groups(o, task_of(v)), group = rows[v->row ? v->row - 1 : 0];
    free(rows);
    uint32_t from = r->rank[v->latent];
    for (uint32_t k = 1; k <= r->latents; k++) {
        uint32_t latent = r->order[(from + k) % r->latents];
        if (group_of(o, latent) == group) return (long)latent;
    }
    return -1;
}

const chart_functions chart_task_share = {compute, free_numbers, draw, group_count, next_of_group};
