/* scatter.c: each domain's STS against its measured change, with the fitted line and how far a single domain can
 * move it. */
#include "charts/chart_internal.h"
#include "text/text.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE_POINTS = 48 };

typedef struct points {
    size_t n, cursor; /* cursor: from 1; 0: nowhere */
    double *x, *y;
    const char **name;
} points;

typedef struct cloud {
    points in, out; /* domains that take part, and those left out */
} cloud;

static cloud gather(chart *f, const chart_view *v) {
    const scry_result *r = v->result;
    const scry_info *info = scry_index_info(v->index);
    size_t D = r->domains;
    cloud c = {0};
    c.in.x = chart_numbers(f, 4 * D);
    c.in.y = c.in.x + D, c.out.x = c.in.y + D, c.out.y = c.out.x + D;
    c.in.name = chart_strings(f, 2 * D);
    c.out.name = c.in.name + D;
    for (size_t d = 0; d < D; d++) {
        double change = scry_scope_change(v->scope, v->index, d);
        if (isnan(r->sts[d]) || isnan(change)) continue;
        points *p = v->scope->use[d] ? &c.in : &c.out;
        p->x[p->n] = r->sts[d];
        p->y[p->n] = change;
        p->name[p->n++] = info->domain[d].name;
        if (v->domain == (long)d) p->cursor = p->n;
    }
    return c;
}

static scry_fit fit_without(const points *c, size_t out, double *room) {
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (i == out) continue;
        room[n] = c->x[i];
        room[c->n + n++] = c->y[i];
    }
    return scry_fit_line(room, room + c->n, n);
}

/* Draws the fitted line, and the band of the lines with one domain left out. */
static void draw_lines(chart *f, const points *c, const scry_fit *fit) {
    double low = c->x[0], high = c->x[0];
    for (size_t i = 1; i < c->n; i++) low = fmin(low, c->x[i]), high = fmax(high, c->x[i]);
    double *x = chart_numbers(f, 4 * LINE_POINTS), *least = x + LINE_POINTS, *most = least + LINE_POINTS,
           *line = most + LINE_POINTS, *room = chart_numbers(f, 2 * c->n);
    for (int k = 0; k < LINE_POINTS; k++) {
        x[k] = low + (high - low) * k / (LINE_POINTS - 1);
        line[k] = fit->intercept + fit->slope * x[k];
        least[k] = (double)INFINITY, most[k] = -(double)INFINITY;
    }
    for (size_t out = 0; out < c->n && c->n > 3; out++) {
        scry_fit one = fit_without(c, out, room);
        for (int k = 0; k < LINE_POINTS && !isnan(one.slope); k++) {
            least[k] = fmin(least[k], one.intercept + one.slope * x[k]);
            most[k] = fmax(most[k], one.intercept + one.slope * x[k]);
        }
    }
    chart_line(f, "fitted", LINE_POINTS, x, line)->look = 2;
    chart_band(f, "leave-one-out", LINE_POINTS, x, least, most)->look = 4;
}

/* Notes rho and its statistics in two lines. */
static void note_rho(chart *f, const chart_view *v) {
    char part[RHO_STATISTICS][RHO_STATISTIC_TEXT], line[2][RHO_STATISTICS * RHO_STATISTIC_TEXT] = {"", ""};
    rho_view of = {.info = scry_index_info(v->index),
                   .result = v->result,
                   .baseline = v->baseline,
                   .switches = v->switches,
                   .ready = v->statistics_ready};
    int n = rho_statistics_text(&of, (rho_room){62, 72, 2}, part), at = 0;
    strcat(strcpy(line[0], "rho "), chart_rho(f, v->result->fit.pearson));
    for (int i = 0; i < n; i++) {
        size_t used = strlen(line[at]);
        if (at == 0 && text_columns(line[0]) + 2 + text_columns(part[i]) > 72) used = 0, at = 1;
        snprintf(line[at] + used, sizeof line[0] - used, "%s%s", used ? "  " : "", part[i]);
    }
    chart_note(f, chart_text(f, "%s", line[0]));
    chart_note(f, chart_text(f, "%s", line[1]));
}

/* "extremes:4", or how many domains take part. */
static const char *domains_text(chart *f, const chart_view *v) {
    if (strncmp(v->scope_spec, "extremes:", 9) == 0) return v->scope_spec;
    return chart_text(f, "%zu of %zu domains", v->result->fit.n, v->result->domains);
}

static void note_domain(chart *f, const chart_view *v) {
    const scry_domain_info *d = &scry_index_info(v->index)->domain[v->domain];
    double change = d->change[v->scope->train], residual = v->result->residual[v->domain];
    const char *sts = chart_text(f, "%s: STS %.4g", d->name, v->result->sts[v->domain]);
    if (isnan(change)) chart_note(f, chart_text(f, "%s, no measured change", sts));
    else if (isnan(v->result->change[v->domain]))
        chart_note(f, chart_text(f, "%s, change %+.2f, left out", sts, change));
    else if (isnan(residual)) chart_note(f, chart_text(f, "%s, change %+.2f, no line", sts, change));
    else chart_note(f, chart_text(f, "%s, change %+.2f, residual %+.2f", sts, change, residual));
}

static void add_points(chart *f, const char *name, const points *p, int look) {
    if (!p->n) return;
    plot_series *s = chart_series(f, (plot_series){.kind = PLOT_POINTS, .name = name, .n = p->n, .x = p->x, .y = p->y});
    s->names = p->name;
    s->highlight = p->cursor;
    s->look = look;
}

static void draw(chart *f, const chart_view *v, const chart_data *data) {
    (void)data;
    cloud c = gather(f, v);
    const char *of =
        scry_index_info(v->index)->d_sae ? chart_text(f, ", %u latent%s", v->set->count, plural_s(v->set->count)) : "";
    f->plot.title = chart_text(f, "STS %s and %s%s, %s", scry_score_name(v->score), change_name(v->scope->is_signed),
                               of, strcmp(v->scope_spec, "all") == 0 ? "all domains" : domains_text(f, v));
    f->plot.x = (plot_axis){.label = chart_text(f, "STS %s", scry_score_name(v->score))};
    f->plot.y = (plot_axis){.label = chart_text(f, "%s, points", change_name(v->scope->is_signed)),
                            .zero = !v->scope->is_signed};
    if (!c.in.n && !c.out.n) {
        f->plot.empty = "no domain has a score and a measured change";
        return;
    }
    if (isnan(v->result->fit.pearson))
        chart_note(f,
                   c.in.n < 3 ? "no rho: fewer than 3 domains take part" : "no rho: all scores are equal; add latents");
    else note_rho(f, v);
    if (v->domain >= 0) note_domain(f, v);
    add_points(f, "domain", &c.in, 1);
    add_points(f, "left out", &c.out, 3);
    if (!isnan(v->result->fit.pearson)) draw_lines(f, &c.in, &v->result->fit);
}

const chart_functions chart_scatter = {NULL, NULL, draw, NULL, NULL};
