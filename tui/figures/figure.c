/* figure.c: the table of plots, what they own, and what all of them say alike. */
#include "figures/parts.h"
#include "views/view.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const figure_type figure_types[FIGURES] = {
    [FIGURE_SCATTER] = {"scatter", "scatter", "each domain's STS and measured change, and the fitted line", "domain", 0,
                        NULL, scatter_draw},
    [FIGURE_CONCENTRATION] = {"concentration", "shift", "share of the shift that the first N latents hold", "rank",
                              OF_TRAIN, concentration_work, concentration_draw},
    [FIGURE_SWEEP] = {"sweep", "N", "rho against N, with random sets of as many latents", "N", OF_RANKING | OF_SCORE,
                      sweep_work, sweep_draw},
    [FIGURE_BANDS] = {"bands", "bands", "rho of each band of ranks", "band", OF_RANKING | OF_SCORE, bands_work,
                      bands_draw},
    [FIGURE_OVERLAP] = {"overlap", "overlap", "latents among the first N of two sources", "N", OF_TRAIN, overlap_work,
                        overlap_draw},
    [FIGURE_MIX] = {"mix", "mix", "a budget of examples over the domains in the ratio of their STS", "domain", 0, NULL,
                    mix_draw},
    [FIGURE_RANDOM] = {"random", "random", "rho of random sets of as many latents, and this rho", NULL,
                       OF_SCORE | OF_COUNT, random_work, random_draw},
    [FIGURE_LABELS] = {"labels", "labels", "which text the first N latents belong to", "label", 0, labels_work,
                       labels_draw},
    [FIGURE_REPEATS] = {"repeats", "repeats", "rho over random samples of each domain's tokens", NULL,
                        OF_SCORE | OF_SET, repeats_work, repeats_draw},
};

int figure_find(const char *name) {
    for (int k = 0; k < FIGURES; k++)
        if (strcmp(figure_types[k].name, name) == 0 || strcmp(figure_types[k].tab, name) == 0) return k;
    return -1;
}

void figure_names(char *text, size_t size) {
    *text = 0;
    for (int k = 0; k < FIGURES; k++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", k ? ", " : "", figure_types[k].name);
}

/* ---- memory --------------------------------------------------------------------------------- */

struct figure_block {
    struct figure_block *next;
    double bytes[]; /* for any type */
};

static void *figure_bytes(figure *f, size_t size) {
    struct figure_block *b = calloc(1, sizeof *b + size);
    if (!b) abort();
    b->next = f->blocks;
    f->blocks = b;
    return b->bytes;
}

double *figure_numbers(figure *f, size_t n) {
    return figure_bytes(f, n * sizeof(double));
}

const char **figure_strings(figure *f, size_t n) {
    return figure_bytes(f, n * sizeof(const char *));
}

const char *figure_text(figure *f, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char *copy = figure_bytes(f, strlen(text) + 1);
    strcpy(copy, text);
    return copy;
}

void figure_free(figure *f) {
    if (!f) return;
    for (struct figure_block *b = f->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(f);
}

/* ---- what the kinds say alike --------------------------------------------------------------- */

plot_series *figure_series(figure *f, plot_series s) {
    f->series[f->plot.series_count] = s;
    return &f->series[f->plot.series_count++];
}

void figure_rule(figure *f, plot_rule r) {
    f->rules[f->plot.rule_count++] = r;
}

void figure_note(figure *f, const char *text) {
    f->notes[f->plot.note_count++] = text;
}

const char *figure_rho(figure *f, double rho) {
    char text[32];
    view_rho(rho, 2, false, text, sizeof text);
    return figure_text(f, "%s", text);
}

const char *figure_small(figure *f, double value) {
    char text[32];
    view_rho(value, 3, false, text, sizeof text);
    return figure_text(f, "%s", text);
}

const char *figure_change(const figure_view *v) {
    return v->scope->is_signed ? "signed change" : "size of change";
}

const char *figure_ranked(figure *f, const figure_view *v) {
    return figure_text(f, "%s %s", scry_condition_name(v->ranking->source), scry_metric_name(v->ranking->metric));
}

figure *figure_new(figure_kind kind, const figure_view *v, const figure_data *data, bool fresh) {
    figure *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->plot.series = f->series;
    f->plot.rules = f->rules;
    f->plot.notes = f->notes;
    if (data && data->why[0]) f->plot.empty = figure_text(f, "%s", data->why);
    else if (!data && figure_types[kind].work) f->plot.empty = "being worked out ..";
    figure_types[kind].draw(f, v, data && !data->why[0] ? data : NULL);
    if (data && !fresh) figure_note(f, "of the state before; being worked out anew ..");
    return f;
}

/* ---- views ---------------------------------------------------------------------------------- */

uint32_t figure_top(uint32_t n) {
    uint64_t top = FIGURE_TOP;
    while (top < n) top *= 10;
    return top < UINT32_MAX ? (uint32_t)top : UINT32_MAX;
}

figure_view figure_view_of(const scry_index *index, const scry_ranking *ranking, const scry_set *set,
                           const scry_scope *scope, const char *words, const scry_result *result, scry_score score,
                           uint32_t n) {
    figure_view v = {.index = index,
                     .ranking = ranking,
                     .set = set,
                     .scope = scope,
                     .result = result,
                     .score = score,
                     .n = n,
                     .company = true,
                     .words = words,
                     .top = figure_top(n),
                     .band = FIGURE_BAND,
                     .budget = FIGURE_BUDGET,
                     .latent = -1,
                     .domain = -1};
    if (ranking) v.other = scry_other_source(index, ranking);
    return v;
}

/* ---- asking --------------------------------------------------------------------------------- */

figure_ask *figure_ask_new(figure_kind kind, const figure_view *v) {
    figure_ask *a = calloc(1, sizeof *a);
    if (!a) abort();
    int depends = figure_types[kind].depends;
    *a = (figure_ask){.kind = kind, .index = v->index, .train = v->scope->train};
    if (depends & (OF_TRAIN | OF_RANKING)) {
        a->source = v->ranking->source;
        a->metric = v->ranking->metric;
        a->other = kind == FIGURE_OVERLAP ? v->other : SCRY_BASE;
        a->top = kind == FIGURE_CONCENTRATION ? 0 : v->top < v->ranking->latents ? v->top : v->ranking->latents;
        a->band = kind == FIGURE_BANDS ? v->band : 0;
        a->dimensions = v->dimensions && a->metric == SCRY_SQ; /* no other metric of them is known */
    }
    if (depends & OF_COUNT) a->count = v->set->count;
    if (depends & OF_SET) a->set = scry_set_copy(v->set);
    if (!(depends & OF_SCORE)) return a;
    size_t D = v->scope->domains;
    a->score = v->score;
    a->scope = *v->scope;
    a->scope.use = calloc(D + 1, sizeof *a->scope.use);
    a->change = calloc(D + 1, sizeof *a->change);
    if (!a->scope.use || !a->change) abort();
    memcpy(a->scope.use, v->scope->use, D * sizeof *a->scope.use);
    for (size_t d = 0; d < D; d++) a->change[d] = isnan(v->result->sts[d]) ? (double)NAN : v->result->change[d];
    return a;
}

void figure_ask_free(figure_ask *a) {
    if (!a) return;
    free(a->scope.use);
    free(a->change);
    scry_set_free(a->set);
    free(a);
}

static bool same_scope(const figure_ask *a, const figure_ask *b) {
    if (a->score != b->score || a->scope.is_signed != b->scope.is_signed || a->scope.domains != b->scope.domains)
        return false;
    return memcmp(a->scope.use, b->scope.use, a->scope.domains * sizeof *a->scope.use) == 0;
}

bool figure_same(const figure_ask *a, const figure_ask *b) {
    int depends = figure_types[a->kind].depends;
    if (a->kind != b->kind || a->index != b->index || a->train != b->train) return false;
    if (depends & (OF_TRAIN | OF_RANKING) &&
        (a->metric != b->metric || a->top != b->top || a->band != b->band || a->dimensions != b->dimensions))
        return false;
    if (a->kind == FIGURE_OVERLAP && (a->source != b->source || a->other != b->other)) return false;
    if (depends & OF_RANKING && a->source != b->source) return false;
    if (depends & OF_SCORE && !same_scope(a, b)) return false;
    if (depends & OF_COUNT && a->count != b->count) return false;
    return !(depends & OF_SET) || scry_set_equal(a->set, b->set);
}

figure_data *figure_work(const figure_ask *ask, const scry_stop *stop) {
    figure_data *data = calloc(1, sizeof *data);
    if (!data) abort();
    if (figure_types[ask->kind].work(ask, data, stop)) return data;
    figure_data_free(data);
    return NULL;
}

void figure_data_free(figure_data *data) {
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
    scry_owners_free(data->owners);
    free(data);
}
