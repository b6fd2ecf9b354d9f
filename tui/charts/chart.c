/* chart.c: the table of plots, what they own, and what all of them say alike. */
#include "charts/chart_internal.h"
#include "base/mem.h"
#include "explorer/panes/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const chart_type chart_types[CHARTS] = {
    [CHART_SCATTER] = {"scatter", "scatter", "each domain's STS and measured change, and the fitted line", "domain", 0,
                       NULL, scatter_draw},
    [CHART_CONCENTRATION] = {"concentration", "shift", "share of the shift that the first N latents hold", "rank",
                             OF_TRAIN, concentration_work, concentration_draw},
    [CHART_SWEEP] = {"sweep", "N", "rho against N, with random sets of as many latents", "N", OF_RANKING | OF_SCORE,
                     sweep_work, sweep_draw},
    [CHART_BANDS] = {"bands", "bands", "rho of each band of ranks", "band", OF_RANKING | OF_SCORE, bands_work,
                     bands_draw},
    [CHART_OVERLAP] = {"overlap", "overlap", "latents among the first N of two sources", "N", OF_TRAIN, overlap_work,
                       overlap_draw},
    [CHART_MIXTURE] = {"mix", "mix", "a budget of examples over the domains in the ratio of their STS", "domain", 0,
                       NULL, mixture_draw},
    [CHART_RANDOM] = {"random", "random", "rho of random sets of as many latents, and this rho", NULL,
                      OF_SCORE | OF_COUNT, null_distributions_work, null_distributions_draw},
    [CHART_TASK_SHARE] = {"labels", "labels", "which text the first N latents belong to", "label", 0, task_share_work,
                          task_share_draw},
    [CHART_REPEATS] = {"repeats", "repeats", "rho over random samples of each domain's tokens", NULL, OF_SCORE | OF_SET,
                       repeats_work, repeats_draw},
};

int chart_find(const char *name) {
    for (int k = 0; k < CHARTS; k++)
        if (strcmp(chart_types[k].name, name) == 0 || strcmp(chart_types[k].tab, name) == 0) return k;
    return -1;
}

void chart_names(char *text, size_t size) {
    *text = 0;
    for (int k = 0; k < CHARTS; k++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", k ? ", " : "", chart_types[k].name);
}

/* ---- memory --------------------------------------------------------------------------------- */

struct chart_block {
    struct chart_block *next;
    double bytes[]; /* for any type */
};

static void *figure_bytes(chart *f, size_t size) {
    struct chart_block *b = mem_new(1, sizeof *b + size);
    b->next = f->blocks;
    f->blocks = b;
    return b->bytes;
}

double *chart_numbers(chart *f, size_t n) {
    return figure_bytes(f, n * sizeof(double));
}

const char **chart_strings(chart *f, size_t n) {
    return figure_bytes(f, n * sizeof(const char *));
}

const char *chart_text(chart *f, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *copy = figure_bytes(f, strlen(text) + 1);
    strcpy(copy, text);
    return copy;
}

void chart_free(chart *f) {
    if (!f) return;
    for (struct chart_block *b = f->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(f);
}

/* ---- what the kinds say alike --------------------------------------------------------------- */

plot_series *chart_series(chart *f, plot_series s) {
    f->series[f->plot.series_count] = s;
    return &f->series[f->plot.series_count++];
}

void chart_rule(chart *f, plot_rule r) {
    f->rules[f->plot.rule_count++] = r;
}

void chart_note(chart *f, const char *text) {
    f->notes[f->plot.note_count++] = text;
}

const char *chart_rho(chart *f, double rho) {
    char text[32];
    format_rho(rho, 2, false, text, sizeof text);
    return chart_text(f, "%s", text);
}

const char *chart_small(chart *f, double value) {
    char text[32];
    format_rho(value, 3, false, text, sizeof text);
    return chart_text(f, "%s", text);
}

const char *chart_change(const chart_view *v) {
    return v->scope->is_signed ? "signed change" : "size of change";
}

const char *chart_ranked(chart *f, const chart_view *v) {
    return chart_text(f, "%s %s", scry_condition_name(v->ranking->source), scry_metric_name(v->ranking->metric));
}

chart *chart_new(chart_kind kind, const chart_view *v, const chart_data *data, bool fresh) {
    chart *f = mem_new(1, sizeof *f);
    f->plot.series = f->series;
    f->plot.rules = f->rules;
    f->plot.notes = f->notes;
    if (data && data->why[0]) f->plot.empty = chart_text(f, "%s", data->why);
    else if (!data && chart_types[kind].work) f->plot.empty = "being worked out ..";
    chart_types[kind].draw(f, v, data && !data->why[0] ? data : NULL);
    if (data && !fresh) chart_note(f, "of the state before; being worked out anew ..");
    return f;
}

/* ---- views ---------------------------------------------------------------------------------- */

uint32_t figure_top(uint32_t n) {
    uint64_t top = CHART_TOP;
    while (top < n) top *= 10;
    return top < UINT32_MAX ? (uint32_t)top : UINT32_MAX;
}

chart_view figure_view_of(const scry_index *index, const scry_ranking *ranking, const scry_set *set,
                          const scry_scope *scope, const char *words, const scry_result *result, scry_score score,
                          uint32_t n) {
    chart_view v = {.index = index,
                    .ranking = ranking,
                    .set = set,
                    .scope = scope,
                    .result = result,
                    .score = score,
                    .n = n,
                    .company = true,
                    .words = words,
                    .top = figure_top(n),
                    .band = CHART_BAND,
                    .budget = CHART_BUDGET,
                    .latent = -1,
                    .domain = -1};
    if (ranking) v.other = scry_other_source(index, ranking);
    return v;
}

/* ---- asking --------------------------------------------------------------------------------- */

chart_request *chart_request_new(chart_kind kind, const chart_view *v) {
    chart_request *a = mem_new(1, sizeof *a);
    int depends = chart_types[kind].depends;
    *a = (chart_request){.kind = kind, .index = v->index, .train = v->scope->train};
    if (depends & (OF_TRAIN | OF_RANKING)) {
        a->source = v->ranking->source;
        a->metric = v->ranking->metric;
        a->other = kind == CHART_OVERLAP ? v->other : SCRY_BASE;
        a->top = kind == CHART_CONCENTRATION ? 0 : v->top < v->ranking->latents ? v->top : v->ranking->latents;
        a->band = kind == CHART_BANDS ? v->band : 0;
        a->dimensions = v->dimensions && a->metric == SCRY_SQ; /* no other metric of them is known */
    }
    if (depends & OF_COUNT) a->count = v->set->count;
    if (depends & OF_SET) a->set = scry_set_copy(v->set);
    if (!(depends & OF_SCORE)) return a;
    size_t D = v->scope->domains;
    a->score = v->score;
    a->scope = *v->scope;
    a->scope.use = mem_new(D + 1, sizeof *a->scope.use);
    a->change = mem_new(D + 1, sizeof *a->change);
    memcpy(a->scope.use, v->scope->use, D * sizeof *a->scope.use);
    for (size_t d = 0; d < D; d++) a->change[d] = isnan(v->result->sts[d]) ? (double)NAN : v->result->change[d];
    return a;
}

void chart_request_free(chart_request *a) {
    if (!a) return;
    free(a->scope.use);
    free(a->change);
    scry_set_free(a->set);
    free(a);
}

static bool same_scope(const chart_request *a, const chart_request *b) {
    if (a->score != b->score || a->scope.is_signed != b->scope.is_signed || a->scope.domains != b->scope.domains)
        return false;
    return memcmp(a->scope.use, b->scope.use, a->scope.domains * sizeof *a->scope.use) == 0;
}

bool chart_request_same(const chart_request *a, const chart_request *b) {
    int depends = chart_types[a->kind].depends;
    if (a->kind != b->kind || a->index != b->index || a->train != b->train) return false;
    if (depends & (OF_TRAIN | OF_RANKING) &&
        (a->metric != b->metric || a->top != b->top || a->band != b->band || a->dimensions != b->dimensions))
        return false;
    if (a->kind == CHART_OVERLAP && (a->source != b->source || a->other != b->other)) return false;
    if (depends & OF_RANKING && a->source != b->source) return false;
    if (depends & OF_SCORE && !same_scope(a, b)) return false;
    if (depends & OF_COUNT && a->count != b->count) return false;
    return !(depends & OF_SET) || scry_set_equal(a->set, b->set);
}

chart_data *chart_compute(const chart_request *ask, const scry_cancel *stop) {
    chart_data *data = mem_new(1, sizeof *data);
    if (chart_types[ask->kind].work(ask, data, stop)) return data;
    chart_data_free(data);
    return NULL;
}

void chart_data_free(chart_data *data) {
    if (!data) return;
    free(data->sweep);
    free(data->overlap);
    free(data->grid);
    free(data->raw_overlap);
    free(data->raw_grid);
    for (int c = 0; c < SCRY_CONDITIONS; c++) free(data->share[c]), free(data->raw_share[c]);
    free(data->width);
    free(data->low);
    free(data->high);
    free(data->mean);
    free(data->rho);
    scry_attribution_free(data->owners);
    free(data);
}
