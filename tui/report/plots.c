/* plots.c: the plots of a report. */
#include "analysis.h"
#include "baselines.h"
#include "draw/svg.h"
#include "plot/plot.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH = 640, HEIGHT = 400, SWEEP_TOP = 1000, BAND = 100, SETS = 200, CURVE_POINTS = 400, MIX_BUDGET = 220 };

static double *numbers(size_t n) {
    double *x = calloc(n ? n : 1, sizeof *x);
    if (!x) abort();
    return x;
}

static void put_figure(FILE *f, const plot *p, int height, const char *caption) {
    fputs("<figure class=\"plot\">\n", f);
    plot_svg(p, WIDTH, height, f);
    svg_put(f, "<figcaption>%t</figcaption>\n</figure>\n", caption);
}

/* ---- score and change ------------------------------------------------------------------------ */

static void scatter(FILE *f, const report *r, const scry_result *result, scry_score score) {
    const scry_info *info = scry_about(r->s->index);
    size_t D = result->domains, n = 0;
    double *x = numbers(2 * D + 4), *y = x + D, *line = y + D;
    const char **names = calloc(D, sizeof *names);
    if (!names) abort();
    double low = INFINITY, high = -INFINITY;
    for (size_t d = 0; d < D; d++) {
        if (isnan(result->sts[d]) || isnan(result->change[d])) continue;
        x[n] = result->sts[d];
        y[n] = result->change[d];
        names[n++] = info->domain[d].name;
        low = fmin(low, result->sts[d]);
        high = fmax(high, result->sts[d]);
    }
    line[0] = low, line[1] = high;
    for (int i = 0; i < 2; i++) line[2 + i] = result->fit.intercept + result->fit.slope * line[i];
    const plot_series series[] = {{.kind = PLOT_POINTS, .name = "domain", .n = n, .x = x, .y = y, .names = names},
                                  {.kind = PLOT_LINE, .name = "fitted line", .n = 2, .x = line, .y = line + 2}};
    char label[40], title[80];
    snprintf(label, sizeof label, "STS %s", scry_score_name(score));
    snprintf(title, sizeof title, "score and measured change, %s", label);
    const plot p = {.title = title,
                    .x = {.label = label},
                    .y = {.label = r->scope->is_signed ? "change, points" : "size of change, points"},
                    .series = series,
                    .series_count = isnan(result->fit.pearson) ? 1 : 2,
                    .empty = "no domain has a score and a measured change"};
    put_figure(f, &p, HEIGHT, "A point is a domain that takes part; the line is the least-squares fit.");
    free(names);
    free(x);
}

/* ---- rho against N --------------------------------------------------------------------------- */

/* 5 and 95 % of the rho of random sets, at sizes that grow by half. */
static size_t random_band(const report *r, const double *change, uint32_t most, double *n, double *low, double *high) {
    double rho[SETS];
    size_t count = 0;
    for (double at = 2; at <= most; at *= 1.5) {
        uint32_t drawn =
            scry_random_rhos(r->s->index, r->s->score, change, (uint32_t)at, SETS, SCRY_SEED, r->stop, rho, NULL);
        if (!drawn) break;
        scry_sort(rho, drawn);
        n[count] = floor(at);
        low[count] = scry_quantile(rho, drawn, 0.05);
        high[count++] = scry_quantile(rho, drawn, 0.95);
    }
    return count;
}

static void rho_against_n(FILE *f, const report *r, const scry_result *result) {
    enum { SOURCES = 3, BAND_POINTS = 40 };
    const subject *s = r->s;
    scry_condition has[SCRY_CONDITIONS];
    int sources = scry_sources(s->index, s->train, has);
    double *x[SOURCES] = {NULL}, *y[SOURCES] = {NULL}, n[BAND_POINTS], low[BAND_POINTS], high[BAND_POINTS];
    plot_series series[SOURCES + 1] = {{0}};
    size_t used = 0;
    uint32_t top = s->ranking->latents < SWEEP_TOP ? s->ranking->latents : SWEEP_TOP;
    for (int i = 0; i < sources && i < SOURCES; i++) {
        size_t count;
        scry_ranking *by = scry_rank(s->index, s->train, has[i], s->ranking->metric, NULL);
        scry_sweep_point *points = scry_sweep_n(s->index, by, s->score, r->scope, top, r->stop, &count);
        if (!points) count = 0; /* stopped */
        x[i] = numbers(count), y[i] = numbers(count);
        for (size_t k = 0; k < count; k++) x[i][k] = points[k].to, y[i][k] = points[k].fit.pearson;
        series[used++] =
            (plot_series){.kind = PLOT_LINE, .name = scry_condition_name(has[i]), .n = count, .x = x[i], .y = y[i]};
        free(points);
        scry_ranking_free(by);
    }
    double *change = numbers(result->domains);
    for (size_t d = 0; d < result->domains; d++) change[d] = isnan(result->sts[d]) ? (double)NAN : result->change[d];
    size_t band = random_band(r, change, top, n, low, high);
    if (band)
        series[used++] = (plot_series){
            .kind = PLOT_BAND, .name = "random, 5 to 95%", .n = band, .x = n, .y = high, .low = low, .look = 4};
    const plot_rule zero = {.at = 0};
    char title[60];
    snprintf(title, sizeof title, "rho against N, STS %s", scry_score_name(s->score));
    const plot p = {.title = title,
                    .x = {.label = "N, latents of largest shift", .log = true, .ticks = TICKS_WHOLE},
                    .y = {.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1},
                    .series = series,
                    .series_count = used,
                    .rules = &zero,
                    .rule_count = 1,
                    .has_cursor = r->top > 0,
                    .cursor = r->top,
                    .empty = "fewer than 3 domains have a score and a measured change"};
    put_figure(f, &p, HEIGHT,
               "By each source; the band holds 90 % of 200 random sets of that many active latents. The best of many "
               "N is not to be read as if it had been the only one.");
    free(change);
    for (int i = 0; i < SOURCES; i++) free(x[i]), free(y[i]);
}

static void bands(FILE *f, const report *r) {
    const subject *s = r->s;
    size_t count;
    scry_sweep_point *points =
        scry_sweep_bands(s->index, s->ranking, s->score, r->scope, SWEEP_TOP, BAND, r->stop, &count);
    if (!points) count = 0; /* stopped */
    double *x = numbers(2 * (count + 1)), *y = x + count + 1;
    for (size_t k = 0; k < count; k++) x[k] = points[k].from, y[k] = points[k].fit.pearson;
    if (count) x[count] = points[count - 1].to, y[count] = y[count - 1];
    const plot_series series = {.kind = PLOT_STEPS, .n = count + 1, .x = x, .y = y};
    const plot_rule zero = {.at = 0};
    char title[80], label[60];
    snprintf(title, sizeof title, "rho by rank band, STS %s", scry_score_name(s->score));
    snprintf(label, sizeof label, "ranks by %s, %d at a time", scry_condition_name(s->ranking->source), BAND);
    const plot p = {.title = title,
                    .x = {.label = label, .ticks = TICKS_WHOLE},
                    .y = {.label = "rho", .fix_low = true, .fix_high = true, .low = -1, .high = 1},
                    .series = &series,
                    .series_count = count ? 1 : 0,
                    .rules = &zero,
                    .rule_count = 1,
                    .empty = "fewer than 3 domains have a score and a measured change"};
    put_figure(f, &p, HEIGHT, "The score made of ranks 1 to 100 alone, of 101 to 200, and so on.");
    free(points);
    free(x);
}

void report_plots(FILE *f, const report *r, const scry_result *result, const scry_result *other,
                  scry_score other_score) {
    fputs("<div class=\"plots\">\n", f);
    scatter(f, r, result, r->s->score);
    if (other) scatter(f, r, other, other_score);
    if (r->s->ranking) {
        rho_against_n(f, r, result);
        bands(f, r);
    }
    fputs("</div>\n", f);
}

/* ---- concentration and overlap --------------------------------------------------------------- */

/* A ranking's cumulative share, thinned to points that grow evenly on a logarithmic axis. */
static plot_series share_curve(const scry_ranking *by, const char *name, double *x, double *y) {
    size_t n = 0;
    uint32_t last = 0;
    for (int i = 0; i < CURVE_POINTS; i++) {
        uint32_t at = (uint32_t)lround(exp(log(by->latents) * i / (CURVE_POINTS - 1)));
        if (at <= last || at > by->latents) continue;
        x[n] = at;
        y[n++] = scry_cumulative(by, at - 1);
        last = at;
    }
    return (plot_series){.kind = PLOT_LINE, .name = name, .n = n, .x = x, .y = y};
}

typedef struct rankings {
    scry_ranking *latents[2], *dimensions[2]; /* NULL where there is no such source */
    scry_condition source[2];
    int sources;
} rankings;

static void concentration(FILE *f, const report *r, const rankings *k) {
    plot_series series[4];
    char names[4][40];
    double *x = numbers(8 * CURVE_POINTS);
    size_t used = 0;
    for (int i = 0; i < k->sources; i++) {
        scry_ranking *const both[] = {k->latents[i], k->dimensions[i]};
        for (int of = 0; of < 2; of++) {
            if (!both[of]) continue;
            snprintf(names[used], sizeof names[used], "%s, %s", scry_condition_name(k->source[i]),
                     of ? "raw dimensions" : "latents");
            double *at = x + 2 * used * CURVE_POINTS;
            series[used] = share_curve(both[of], names[used], at, at + CURVE_POINTS);
            used++;
        }
    }
    const plot p = {.title = "concentration of the shift",
                    .x = {.label = "N of largest shift", .log = true, .ticks = TICKS_WHOLE},
                    .y = {.label = "share of the total shift",
                          .ticks = TICKS_PERCENT,
                          .fix_low = true,
                          .fix_high = true,
                          .high = 1},
                    .series = series,
                    .series_count = used,
                    .has_cursor = r->top > 0,
                    .cursor = r->top};
    put_figure(f, &p, HEIGHT, "How much of all latents' shift the first N hold.");
    free(x);
}

static void overlap(FILE *f, const rankings *k) {
    plot_series series[4];
    double *x[2] = {NULL};
    size_t used = 0;
    static const char *const names[] = {"latents", "raw dimensions"}, *const chance[] = {"latents by chance",
                                                                                         "dimensions by chance"};
    for (int of = 0; of < 2; of++) {
        scry_ranking *const *by = of ? k->dimensions : k->latents;
        if (!by[0] || !by[1]) continue;
        size_t count;
        scry_overlap_point *points = scry_overlap(by[0], by[1], SWEEP_TOP, &count);
        x[of] = numbers(3 * count);
        for (size_t i = 0; i < count; i++) {
            x[of][i] = points[i].n;
            x[of][count + i] = (double)points[i].overlap / points[i].n;
            x[of][2 * count + i] = points[i].expected / points[i].n;
        }
        series[used++] = (plot_series){
            .kind = PLOT_LINE, .name = names[of], .n = count, .x = x[of], .y = x[of] + count, .look = of + 1};
        series[used++] = (plot_series){
            .kind = PLOT_LINE, .name = chance[of], .n = count, .x = x[of], .y = x[of] + 2 * count, .look = of + 3};
        free(points);
    }
    char title[80];
    snprintf(title, sizeof title, "overlap of the tops by %s and by %s", scry_condition_name(k->source[0]),
             scry_condition_name(k->source[1]));
    const plot p = {
        .title = title,
        .x = {.label = "N", .log = true, .ticks = TICKS_WHOLE},
        .y = {.label = "share of N in both", .ticks = TICKS_PERCENT, .fix_low = true, .fix_high = true, .high = 1},
        .series = series,
        .series_count = used};
    put_figure(f, &p, HEIGHT,
               "By chance: two random rankings. Dimensions are few, so that their tops overlap by chance alone.");
    for (int i = 0; i < 2; i++) free(x[i]);
}

void report_shift_plots(FILE *f, const report *r) {
    const subject *s = r->s;
    scry_condition has[SCRY_CONDITIONS];
    rankings k = {.sources = scry_sources(s->index, s->train, has)};
    if (k.sources > 2) k.sources = 2;
    for (int i = 0; i < k.sources; i++) {
        k.source[i] = has[i];
        k.latents[i] = scry_rank(s->index, s->train, has[i], SCRY_SQ, NULL);
        k.dimensions[i] = scry_rank_raw(s->index, s->train, has[i], NULL);
    }
    fputs("<div class=\"plots\">\n", f);
    concentration(f, r, &k);
    if (k.sources > 1) overlap(f, &k);
    fputs("</div>\n", f);
    for (int i = 0; i < 2; i++) {
        scry_ranking_free(k.latents[i]);
        scry_ranking_free(k.dimensions[i]);
    }
}

/* ---- mixture --------------------------------------------------------------------------------- */

void report_mix_plot(FILE *f, const report *r, const scry_result *result) {
    const scry_info *info = scry_about(r->s->index);
    size_t D = result->domains, n = 0;
    uint32_t *examples = calloc(D, sizeof *examples);
    bool *use = calloc(D, sizeof *use);
    double *sts = numbers(2 * D), *x = sts + D;
    const char **names = calloc(2 * D, sizeof *names), **texts = names + D;
    char(*text)[16] = calloc(D, sizeof *text);
    if (!examples || !use || !names || !text) abort();
    for (size_t d = 0; d < D; d++) {
        use[d] = !isnan(result->sts[d]);
        sts[d] = use[d] ? result->sts[d] : 0;
    }
    scry_error why = {0};
    if (scry_mix(sts, use, D, MIX_BUDGET, 0, MIX_BUDGET, examples, &why))
        for (size_t d = 0; d < D; d++) {
            if (!use[d]) continue;
            snprintf(text[n], sizeof text[n], "%u", examples[d]);
            names[n] = info->domain[d].name;
            texts[n] = text[n];
            x[n++] = examples[d];
        }
    const plot_series series = {.kind = PLOT_BARS, .n = n, .x = x, .names = names, .texts = texts};
    const plot_rule even = {.upright = true, .at = n ? (double)MIX_BUDGET / (double)n : 0, .name = "even split"};
    char title[80];
    snprintf(title, sizeof title, "%d examples in the ratio of STS %s", MIX_BUDGET, scry_score_name(r->s->score));
    const plot p = {.title = title,
                    .x = {.label = "examples", .ticks = TICKS_WHOLE, .zero = true},
                    .series = &series,
                    .series_count = n ? 1 : 0,
                    .rules = &even,
                    .rule_count = n ? 1 : 0,
                    .empty = why.text};
    fputs("<div class=\"plots\">\n", f);
    put_figure(f, &p, 120 + 22 * (int)(D < 40 ? D : 40), "By largest remainder: they sum to the budget exactly.");
    fputs("</div>\n", f);
    free(examples);
    free(use);
    free(sts);
    free(names);
    free(text);
}
