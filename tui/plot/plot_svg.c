/* plot_svg.c: a plot as SVG, with the layout, ticks and label placement of the terminal's plot, in pixels. */
#include "plot/plot_svg.h"
#include "base/mem.h"
#include "draw/svg.h"
#include "text/text.h"
#include "plot/point_labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For a sans-serif font of 13 pixels; wide enough for the widest in common use. */
static const measure pixels = {7.8, 18, false, false};
enum { INSET = 12, BASELINE = 14 };

/* A tick's text with a true minus sign. */
static void tick_text(const sheet *s, const char *text) {
    for (; *text; text++) {
        if (*text == '-') fputs("\xe2\x88\x92", s->out);
        else fputc(*text, s->out);
    }
}

static void write_line_of_text(const sheet *s, double y, double x, const char *style, double column, const char *text) {
    char safe[LABEL_MOST];
    label_clean(text, safe, false);
    text_fit(safe, (int)((s->f->whole.x + s->f->whole.w - x) / column + 0.01), false);
    svg_put(s->out, "<text x=\"%n\" y=\"%n\"%s>%t</text>\n", x, y + BASELINE, style, safe);
}

static void write_heading(const sheet *s) {
    const plot_layout *f = s->f;
    if (f->title >= 0)
        write_line_of_text(s, f->title, f->whole.x, " font-size=\"15\" font-weight=\"bold\"", s->m.column * 1.25,
                           s->p->title);
    for (size_t i = 0; i < f->note_count; i++)
        write_line_of_text(s, f->notes + (double)i * s->m.line, f->whole.x, " fill=\"#444\"", s->m.column,
                           s->p->notes[i]);
    if (f->y_label) write_line_of_text(s, f->head, f->whole.x, " fill=\"#444\"", s->m.column, s->p->y.label);
}

/* Writes the reason why there is no data, wrapped and centred. */
static void write_empty(const sheet *s) {
    char text[LABEL_MOST], why[LABEL_MOST];
    label_clean(s->p->empty, why, false);
    snprintf(text, sizeof text, "no data%s%.*s", *why ? ": " : "", LABEL_MOST - 12, why);
    int columns = (int)(s->f->whole.w / s->m.column), used = 0, line = 0;
    double x = s->f->whole.x + s->f->whole.w / 2, y = s->f->area.y + s->f->area.h / 2;
    svg_put(s->out, "<text text-anchor=\"middle\" fill=\"#444\"><tspan x=\"%n\" y=\"%n\">", x, y);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        int width = text_columns(word);
        if (used && used + 1 + width > columns) {
            svg_put(s->out, "</tspan><tspan x=\"%n\" y=\"%n\">", x, y + ++line * s->m.line);
            used = 0;
        }
        svg_put(s->out, "%s%t", used ? " " : "", word);
        used += width + 1;
    }
    fputs("</tspan></text>\n", s->out);
}

static void write_sample(const sheet *s, size_t series, double y, double x) {
    const plot_series *p = &s->p->series[series];
    const series_style *l = series_style_of(s->p, series);
    int number = series_style_number(s->p, series);
    double w = LAYOUT_SAMPLE * s->m.column;
    if (p->kind == PLOT_POINTS) {
        svg_sign(s, number, l->color, y, x + w - 8, 4.5, NULL);
    } else if (p->kind == PLOT_BARS) {
        svg_put(s->out, "<rect x=\"%n\" y=\"%n\" width=\"%n\" height=\"10\"", x, y - 5, w);
        svg_bar_style(s, series);
        fputs("/>\n", s->out);
    } else if (p->kind == PLOT_BAND) {
        svg_put(s->out, "<rect x=\"%n\" y=\"%n\" width=\"%n\" height=\"10\" fill=\"%s\" fill-opacity=\"0.18\"/>\n", x,
                y - 5, w, l->color);
    } else {
        svg_put(s->out, "<path d=\"M%n %nh%n\" stroke=\"%s\" stroke-width=\"2\"", x, y, w, l->color);
        if (*l->svg_dash) svg_put(s->out, " stroke-dasharray=\"%s\"", l->svg_dash);
        fputs("/>\n", s->out);
        if (p->kind == PLOT_LINE && p->n >= 3 && p->n <= 40) svg_sign(s, number, l->color, y, x + w / 2, 3.2, NULL);
    }
}

static const char rule_style[] = " stroke=\"#666\" stroke-dasharray=\"2 3\"";

static void write_legend(const sheet *s) {
    char name[LABEL_MOST];
    for (size_t i = 0; i < s->f->legend_count; i++) {
        const legend_entry *e = &s->f->legend[i];
        double y = e->y + BASELINE - 4.5;
        if (e->series < s->p->series_count) write_sample(s, e->series, y, e->x);
        else svg_put(s->out, "<path d=\"M%n %nv14\"%s/>\n", e->x + s->m.column, y - 7, rule_style);
        label_clean(e->name, name, false);
        svg_put(s->out, "<text x=\"%n\" y=\"%n\">%t</text>\n", e->x + (LAYOUT_SAMPLE + 1) * s->m.column,
                e->y + BASELINE, name);
    }
}

static void write_axes(const sheet *s) {
    const plot_layout *f = s->f;
    const box *a = &f->area;
    fputs("<g stroke=\"#e4e4e4\">", s->out);
    for (size_t i = 0; i < f->y_ticks.n; i++)
        svg_put(s->out, "<path d=\"M%n %nh%n\"/>", a->x, a->y + a->h - f->y_ticks.tick[i].at, a->w);
    for (size_t i = 0; i < f->x_ticks.n; i++)
        svg_put(s->out, "<path d=\"M%n %nv%n\"/>", a->x + f->x_ticks.tick[i].at, a->y, a->h);
    svg_put(s->out, "</g>\n<path d=\"M%n %nv%nh%n\" fill=\"none\" stroke=\"#444\"/>\n", a->x, a->y, a->h, a->w);
    for (size_t i = 0; i < f->y_ticks.n; i++) {
        const tick *t = &f->y_ticks.tick[i];
        svg_put(s->out, "<text x=\"%n\" y=\"%n\" text-anchor=\"end\">", a->x - 6, a->y + a->h - t->at + 4.5);
        tick_text(s, t->text);
        fputs("</text>\n", s->out);
    }
    for (size_t i = 0; i < f->x_ticks.n; i++) {
        const tick *t = &f->x_ticks.tick[i];
        svg_put(s->out, "<path d=\"M%n %nv4\" stroke=\"#444\"/><text x=\"%n\" y=\"%n\" text-anchor=\"middle\">",
                a->x + t->at, a->y + a->h, a->x + t->start + t->columns * s->m.column / 2, f->tick_labels + BASELINE);
        tick_text(s, t->text);
        fputs("</text>\n", s->out);
    }
    char safe[LABEL_MOST];
    if (f->foot < 0) return;
    label_clean(s->p->x.label, safe, false);
    text_fit(safe, (int)(f->whole.w / s->m.column), false);
    double half = text_columns(safe) * s->m.column / 2, middle = a->x + a->w / 2;
    middle = fmax(fmin(middle, f->whole.x + f->whole.w - half), f->whole.x + half);
    svg_put(s->out, "<text x=\"%n\" y=\"%n\" text-anchor=\"middle\" fill=\"#444\">%t</text>\n", middle,
            f->foot + BASELINE, safe);
}

static bool shown(scale s, double value) {
    if (!scale_takes(s, value)) return false;
    double share = scale_share(s, value);
    return share >= 0 && share <= 1;
}

static void write_rules(const sheet *s) {
    const box *a = &s->f->area;
    for (size_t i = 0; i < s->p->rule_count; i++) {
        const plot_rule *r = &s->p->rules[i];
        if (r->upright && shown(s->f->x, r->at))
            svg_put(s->out, "<path d=\"M%n %nv%n\"%s/>\n", a->x + plot_layout_x(s->f, r->at), a->y, a->h, rule_style);
        else if (!r->upright && !s->f->bars && shown(s->f->y, r->at))
            svg_put(s->out, "<path d=\"M%n %nh%n\"%s/>\n", a->x, a->y + plot_layout_y(s->f, r->at), a->w, rule_style);
    }
    if (s->p->has_cursor && shown(s->f->x, s->p->cursor))
        svg_put(s->out, "<path d=\"M%n %nv%n\" stroke=\"#000\" stroke-width=\"1.2\"/>\n",
                a->x + plot_layout_x(s->f, s->p->cursor), a->y, a->h);
}

/* Labels are placed on a canvas of cells of 2 x 4 pixels. A font narrower than assumed leaves the gap on the side away
 * from the point. */
static void write_names(const sheet *s) {
    const box *a = &s->f->area;
    canvas *c = canvas_new((int)(a->h / 4), (int)(a->w / 2));
    canvas_paint(c, s->p, s->f, false);
    label_list names = labels_make(s->p, s->f, c, (label_measure){s->m.column / 2, 4, 1, 3, 2}, false);
    for (size_t i = 0; i < names.n; i++) {
        const label *l = &names.label[i];
        if (l->y < 0) continue;
        bool left = l->x + l->cols <= l->at_x, right = l->x > l->at_x;
        double x = a->x + 2 * (left ? l->x + l->cols : right ? l->x : l->x + l->cols / 2.0);
        svg_put(s->out,
                "<text x=\"%n\" y=\"%n\"%s%s%s paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\" "
                "stroke-linejoin=\"round\">%t</text>\n",
                x, a->y + 4 * l->y + 13.2,
                left    ? " text-anchor=\"end\""
                : right ? ""
                        : " text-anchor=\"middle\"",
                l->role == ROLE_MARK ? " font-weight=\"bold\"" : "", l->role == ROLE_FAINT ? " fill=\"#555\"" : "",
                l->text);
    }
    labels_free(&names);
    canvas_free(c);
}

enum { BAR_PITCH = 20, HEIGHT_MOST = 20000 };

int plot_svg_height(const plot *p, int width, int least) {
    plot_layout *f = mem_new(1, sizeof *f);
    plot_layout_make(p, (box){INSET, INSET, least - 2 * INSET, width - 2 * INSET}, pixels, f);
    double lacks = f->bars ? (double)(f->rows + f->hidden_rows) * f->bars * BAR_PITCH - f->area.h : 0;
    free(f);
    return lacks <= 0 ? least : lacks > HEIGHT_MOST - least ? HEIGHT_MOST : least + (int)ceil(lacks);
}

bool plot_svg(const plot *p, int width, int height, FILE *file) {
    plot_layout *f = mem_new(1, sizeof *f);
    if (width < 160) width = 160;
    if (height < 100) height = 100;
    plot_layout_make(p, (box){INSET, INSET, height - 2 * INSET, width - 2 * INSET}, pixels, f);
    sheet s = {file, p, f, pixels};
    char title[LABEL_MOST];
    label_clean(p->title, title, false);
    svg_put(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
            "xml:space=\"preserve\" "
            "font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n<title>%t</title>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
            width, height, width, height, title, width, height);
    if (f->kind == LAYOUT_SMALL) {
        svg_put(file, "<text x=\"%d\" y=\"%d\">too small</text>\n", INSET, INSET + BASELINE);
    } else {
        write_heading(&s);
        if (f->kind == LAYOUT_EMPTY) {
            write_empty(&s);
        } else {
            write_axes(&s);
            if (f->bars) svg_bars(&s);
            write_rules(&s);
            if (!f->bars) svg_series(&s), write_names(&s);
            write_legend(&s);
        }
    }
    fputs("</svg>\n", file);
    free(f);
    return !ferror(file);
}
