/* plots.c: the plots of a report: those of the explorer and of scry plot, as SVG in the page. */
#include "draw/svg.h"
#include "charts/chart.h"
#include "report/report.h"

enum { WIDTH = 720, HEIGHT = 450 };

/* When cancelled the chart is empty; the page is thrown away then. */
static void put_chart(FILE *f, const report *r, chart_kind kind, const chart_view *v, const char *caption) {
    chart *c = chart_make(kind, v, r->cancel);
    fputs("<figure class=\"plot\">\n", f);
    plot_svg(&c->plot, WIDTH, plot_svg_height(&c->plot, WIDTH, HEIGHT), f);
    svg_put(f, "<figcaption>%t</figcaption>\n</figure>\n", caption);
    chart_free(c);
}

static chart_view view_of(const report *r, const scry_result *result, scry_score score) {
    const selection_context *s = r->s;
    return chart_view_of(s->index, s->ranking, s->set, r->scope, r->scope_spec, result, score, r->top);
}

static void put_sweeps(FILE *f, const report *r, const chart_view *v) {
    scry_condition has[SCRY_CONDITIONS];
    int sources = scry_train_sources(v->index, v->scope->train, has);
    put_chart(f, r, CHART_SWEEP, v,
              "The band holds 90 % of 200 random sets of N active latents. Do not read the best of "
              "many N as if it were the only one.");
    for (int i = 0; i < sources; i++) {
        if (has[i] == v->ranking->source) continue;
        chart_view other = *v;
        scry_ranking *by = scry_rank(v->index, v->scope->train, has[i], v->ranking->metric, NULL);
        other.ranking = by;
        if (by) put_chart(f, r, CHART_SWEEP, &other, "The same with the latents that another source moves most.");
        scry_ranking_free(by);
    }
    put_chart(f, r, CHART_BANDS, v, "The score made of ranks 1 to 100 alone, of 101 to 200, and so on.");
}

void report_plots(FILE *f, const report *r, const scry_result *result, const scry_result *other,
                  scry_score other_score) {
    static const char caption[] =
        "A point is a domain; the line is the least-squares fit, and the band holds the lines "
        "with one domain left out.";
    chart_view v = view_of(r, result, r->s->score);
    fputs("<div class=\"plots\">\n", f);
    put_chart(f, r, CHART_SCATTER, &v, caption);
    if (other) {
        chart_view second = view_of(r, other, other_score);
        put_chart(f, r, CHART_SCATTER, &second, caption);
    }
    if (v.ranking) put_sweeps(f, r, &v);
    fputs("</div>\n", f);
}

void report_shift_plots(FILE *f, const report *r, const scry_result *result) {
    chart_view v = view_of(r, result, r->s->score);
    v.dimensions = true;
    if (r->top && r->top <= v.ranking->latents) v.latent = (long)v.ranking->order[r->top - 1];
    fputs("<div class=\"plots\">\n", f);
    put_chart(f, r, CHART_CONCENTRATION, &v,
              "The share of all latents' shift that the first N hold; by sq, also of the residual stream's dimensions, "
              "if the "
              "captures have them.");
    if (v.other != v.ranking->source)
        put_chart(
            f, r, CHART_OVERLAP, &v,
            "Expected by chance: two random rankings. Dimensions are few, so their tops overlap by chance alone.");
    fputs("</div>\n", f);
}

void report_mix_plot(FILE *f, const report *r, const scry_result *result) {
    chart_view v = view_of(r, result, r->s->score);
    fputs("<div class=\"plots\">\n", f);
    put_chart(f, r, CHART_MIXTURE, &v, "By largest remainder: they sum to the budget exactly.");
    fputs("</div>\n", f);
}
