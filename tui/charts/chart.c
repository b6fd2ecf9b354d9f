/* chart.c: the table of charts, and how one is requested, computed and drawn. */
#include "charts/chart_internal.h"
#include "base/mem.h"
#include "draw/image_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const chart_type types[CHARTS] = {
#define CHART(id, functions, ...) {__VA_ARGS__, &chart_##functions},
#include "charts/charts.def"
#undef CHART
};

const chart_type *chart_type_of(chart_kind kind) {
    return &types[kind];
}

int chart_find(const char *name) {
    for (int k = 0; k < CHARTS; k++) {
        const chart_type *t = &types[k];
        if (strcmp(t->name, name) == 0 || strcmp(t->tab, name) == 0 || (t->alias && strcmp(t->alias, name) == 0))
            return k;
    }
    return -1;
}

bool chart_needs_domains(const chart_type *type) {
    return (type->depends & (OF_SCORE | OF_MODEL)) != 0;
}

void chart_names(char *text, size_t size) {
    *text = 0;
    for (int k = 0; k < CHARTS; k++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", k ? ", " : "", types[k].name);
}

const char *chart_cursor_name(const chart_type *type) {
    static const char *const names[] = {[CURSOR_DOMAIN] = "domain",
                                        [CURSOR_DOMAIN_STS] = "domain",
                                        [CURSOR_RANK] = "rank",
                                        [CURSOR_N] = "N",
                                        [CURSOR_ROW] = NULL};
    return type->cursor == CURSOR_ROW ? type->row_name : names[type->cursor];
}

static const char no_domains[] = "the study has no domains, so there is nothing to score";

static bool lacks_domains(chart_kind kind, const scry_index *index) {
    return chart_needs_domains(&types[kind]) && !scry_index_info(index)->domains;
}

chart *chart_new(chart_kind kind, const chart_view *v, const chart_data *data, bool fresh) {
    chart *f = mem_new(1, sizeof *f);
    f->plot.series = f->series;
    f->plot.rules = f->rules;
    f->plot.notes = f->notes;
    bool empty = data && data->empty[0];
    if (empty) f->plot.empty = chart_text(f, "%s", data->empty);
    else if (!data && types[kind].functions->compute) f->plot.empty = "computing ..";
    types[kind].functions->draw(f, v, empty ? NULL : data);
    if (lacks_domains(kind, v->index)) f->plot.empty = no_domains;
    if (data && data->done > 0) chart_note(f, chart_text(f, "computing .. %.0f%%", 100 * data->done));
    else if (data && !fresh) chart_note(f, "of the previous state; computing ..");
    return f;
}

chart *chart_make(chart_kind kind, const chart_view *v, const scry_cancel *cancel) {
    chart_request *request = types[kind].functions->compute ? chart_request_new(kind, v) : NULL;
    chart_data *data = request ? chart_compute(request, cancel) : NULL;
    chart *f = chart_new(kind, v, data, true);
    f->data = data;
    chart_request_free(request);
    return f;
}

void chart_free(chart *f) {
    if (!f) return;
    chart_free_blocks(f);
    chart_data_free(f->data);
    free(f);
}

static void draw_svg(FILE *svg, const void *context) {
    enum { WIDTH = 880, HEIGHT = 560 };
    const plot *of = context;
    plot_svg(of, WIDTH, plot_svg_height(of, WIDTH, HEIGHT), svg);
}

bool chart_write(const chart *f, const char *path, scry_error *err) {
    return image_file_write(path, draw_svg, &f->plot, err);
}

uint32_t chart_top(uint32_t n, uint32_t least) {
    uint64_t top = least;
    while (top < n) top *= 10;
    return top < UINT32_MAX ? (uint32_t)top : UINT32_MAX;
}

chart_view chart_view_of(const scry_index *index, const scry_ranking *ranking, const scry_set *set,
                         const scry_scope *scope, const char *scope_spec, const scry_result *result, scry_score score,
                         uint32_t n) {
    chart_view v = {.index = index, .ranking = ranking, .set = set, .scope = scope, .result = result, .score = score};
    v.scope_spec = scope_spec;
    v.statistics_ready = true;
    v.n = n;
    v.top = chart_top(n, CHART_TOP);
    v.texts = CHART_TEXTS;
    v.sets = CHART_SETS;
    v.seed = SCRY_SEED;
    v.band = CHART_BAND;
    v.budget = CHART_BUDGET;
    v.latent = v.domain = -1;
    if (ranking) v.other = scry_other_source(index, ranking);
    return v;
}

/* Domains take part with or without a measured change. */
static void take_model(chart_request *r, const chart_view *v) {
    scry_error err = {0};
    r->model = v->model ? mem_copy_string(v->model) : NULL;
    r->texts = v->texts;
    r->sets = v->sets;
    r->seed = v->seed;
    r->threads = v->threads;
    r->memory = v->memory;
    r->scope = scry_scope_copy(v->scope);
    r->scope.is_signed = false; /* without consequence */
    bool *use = mem_new(r->scope.domains + 1, sizeof *use);
    if (v->scope_spec && scry_domains_read(use, v->index, v->scope->train, v->scope_spec, &err))
        memcpy(r->scope.use, use, r->scope.domains * sizeof *use);
    free(use);
}

chart_request *chart_request_new(chart_kind kind, const chart_view *v) {
    chart_request *r = mem_new(1, sizeof *r);
    int depends = types[kind].depends;
    *r = (chart_request){.kind = kind, .index = v->index, .train = v->scope->train};
    if (depends & OF_METRIC) r->metric = v->ranking->metric;
    if (depends & OF_SOURCE) r->source = v->ranking->source;
    if (depends & OF_OTHER) r->other = v->other;
    if (depends & OF_TOP) r->top = v->top < v->ranking->latents ? v->top : v->ranking->latents;
    if (depends & OF_BAND) r->band = v->band;
    if (depends & OF_DIMENSIONS) r->dimensions = v->dimensions && r->metric == SCRY_SQ; /* ranked by no other metric */
    if (depends & OF_COUNT) r->count = v->set->count;
    if (depends & OF_SET) r->set = scry_set_copy(v->set);
    if (depends & OF_MODEL) take_model(r, v);
    if (!(depends & OF_SCORE)) return r;
    size_t D = v->scope->domains;
    r->score = v->score;
    r->scope = scry_scope_copy(v->scope);
    r->change = mem_new(D + 1, sizeof *r->change);
    for (size_t d = 0; d < D; d++) r->change[d] = isnan(v->result->sts[d]) ? (double)NAN : v->result->change[d];
    return r;
}

void chart_request_free(chart_request *r) {
    if (!r) return;
    scry_scope_free(&r->scope);
    free(r->change);
    free(r->model);
    scry_set_free(r->set);
    free(r);
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool chart_request_same(const chart_request *a, const chart_request *b) {
    size_t D = a->scope.domains;
    return a->kind == b->kind && a->index == b->index && a->train == b->train && a->source == b->source &&
           a->other == b->other && a->metric == b->metric && a->score == b->score && a->top == b->top &&
           a->band == b->band && a->count == b->count && a->dimensions == b->dimensions && a->texts == b->texts &&
           a->sets == b->sets && a->seed == b->seed && same_text(a->model, b->model) &&
           a->scope.is_signed == b->scope.is_signed && D == b->scope.domains &&
           (D == 0 || memcmp(a->scope.use, b->scope.use, D * sizeof *a->scope.use) == 0) &&
           (!a->set || scry_set_equal(a->set, b->set));
}

chart_data *chart_compute(const chart_request *request, const scry_cancel *cancel) {
    chart_data *data = mem_new(1, sizeof *data);
    data->kind = request->kind;
    if (lacks_domains(request->kind, request->index)) {
        chart_empty(data, "%s", no_domains);
        return data;
    }
    if (types[request->kind].functions->compute(request, data, cancel)) return data;
    chart_data_free(data);
    return NULL;
}

void chart_data_free(chart_data *data) {
    if (!data) return;
    if (data->numbers) types[data->kind].functions->free_numbers(data->numbers);
    free(data);
}
