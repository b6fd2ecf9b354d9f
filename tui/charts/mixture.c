/* mixture.c: a budget of examples, divided among the domains in proportion to their STS. */
#include "charts/chart_internal.h"
#include "text/number_format.h"
#include "base/mem.h"

#include <stdlib.h>

typedef struct shares {
    bool *use; /* [D] */
    uint32_t *examples;
    double *weight;
    size_t used;
    double total;
} shares;

static shares weigh(const chart_view *v) {
    size_t D = v->result->domains;
    shares s = {.use = mem_new(D, sizeof *s.use),
                .examples = mem_new(D, sizeof *s.examples),
                .weight = mem_new(D, sizeof *s.weight)};
    /* a domain without a measured change is not part of rho, but can get examples, as in scry mix */
    scry_domains_read(s.use, v->index, v->scope->train, v->scope_spec, NULL);
    for (size_t d = 0; d < D; d++) {
        double sts = v->result->sts[d];
        s.use[d] = s.use[d] && sts >= 0;
        s.weight[d] = s.use[d] ? sts : 0;
        s.used += s.use[d];
        s.total += s.weight[d];
    }
    return s;
}

static void draw_shares(chart *f, const chart_view *v, const shares *s) {
    const scry_info *info = scry_index_info(v->index);
    double *x = chart_numbers(f, s->used);
    const char **names = chart_strings(f, 2 * s->used), **texts = names + s->used;
    size_t n = 0, cursor = 0;
    chart_note(f, "right: examples, and the domain's share of the summed STS");
    for (size_t d = 0; d < v->result->domains; d++) {
        if (!s->use[d]) continue;
        x[n] = s->examples[d];
        names[n] = info->domain[d].name;
        texts[n++] = chart_text(f, "%u  %.1f%%", s->examples[d], s->total > 0 ? 100 * s->weight[d] / s->total : 0);
        if (v->domain == (long)d) cursor = n;
    }
    chart_bars(f, NULL, n, x, names, texts)->highlight = cursor;
    chart_rule(f, (plot_rule){.upright = true, .at = (double)v->budget / (double)s->used, .name = "even split"});
}

static void draw(chart *f, const chart_view *v, const chart_data *data) {
    (void)data;
    scry_error err = {0};
    shares s = weigh(v);
    f->plot.title = chart_text(f, "%u example%s over %zu domain%s in proportion to STS %s", v->budget,
                               plural_s(v->budget), s.used, plural_s(s.used), scry_score_name(v->score));
    f->plot.x = (plot_axis){.label = "examples", .ticks = TICKS_WHOLE, .zero = true};
    if (!s.used) f->plot.empty = "no domain that takes part has a score";
    else if (scry_mixture(s.weight, s.use, v->result->domains, v->budget, v->least, v->most ? v->most : v->budget,
                          s.examples, &err))
        draw_shares(f, v, &s);
    else f->plot.empty = chart_text(f, "%s", err.text);
    free(s.use);
    free(s.examples);
    free(s.weight);
}

const chart_functions chart_mixture = {NULL, NULL, draw, NULL, NULL};
