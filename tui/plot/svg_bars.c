/* svg_bars.c: rows of names and bars as SVG. */
#include "draw/svg.h"
#include "text/text.h"
#include "plot/plot_svg.h"

#include <math.h>

void svg_bar_style(const sheet *s, size_t series) {
    const char *color = series_style_of(s->p, series)->color;
    static const char *const opacity[] = {"1", "0", "0.35"};
    svg_put(s->out, " fill=\"%s\" fill-opacity=\"%s\" stroke=\"%s\"", color,
            opacity[series_style_number(s->p, series) % 3], color);
}

static void write_bar(const sheet *s, size_t series, size_t i, double top, double thick) {
    const plot_series *p = &s->p->series[series];
    const plot_layout *f = s->f;
    if (!series_takes(p, i, f->x, f->y)) {
        svg_put(s->out, "<text x=\"%n\" y=\"%n\" fill=\"#555\">no value</text>\n", f->area.x + 4,
                top + thick / 2 + 4.5);
        return;
    }
    double from = f->x.log || f->x.low > 0 ? f->x.low : f->x.high < 0 ? f->x.high : 0;
    double a = fmin(fmax(scale_share(f->x, from), 0), 1) * f->area.w;
    double b = fmin(fmax(scale_share(f->x, p->x[i]), 0), 1) * f->area.w;
    svg_put(s->out, "<rect x=\"%n\" y=\"%n\" width=\"%n\" height=\"%n\"", f->area.x + fmin(a, b), top, fabs(b - a),
            thick);
    svg_bar_style(s, series);
    if (p->highlight == i + 1) fputs(" stroke-width=\"2.5\"", s->out);
    fputs("/>\n", s->out);
    char text[LABEL_MOST];
    if (f->text_width <= 0 || !p->texts || !p->texts[i]) return;
    label_clean(p->texts[i], text, false);
    svg_put(s->out, "<text x=\"%n\" y=\"%n\" text-anchor=\"end\">%t</text>\n", f->whole.x + f->whole.w,
            top + thick / 2 + 4.5, text);
}

static void write_name(const sheet *s, size_t row, double middle) {
    const char *name = NULL;
    bool pointed = false;
    for (size_t i = 0; i < s->p->series_count; i++) {
        const plot_series *p = &s->p->series[i];
        if (p->kind != PLOT_BARS) continue;
        pointed |= p->highlight == row + 1;
        if (!name && p->names && row < p->n) name = p->names[row];
    }
    if (s->f->name_width <= 0 || !name) return;
    char safe[LABEL_MOST];
    label_clean(name, safe, false);
    text_fit(safe, (int)s->f->name_width, false);
    svg_put(s->out, "<text x=\"%n\" y=\"%n\" text-anchor=\"end\"%s>%t</text>\n", s->f->area.x - 8, middle + 4.5,
            pointed ? " font-weight=\"bold\"" : "", safe);
}

void svg_bars(const sheet *s) {
    const plot_layout *f = s->f;
    double margin = (f->pitch - f->bars * f->thick) / 2;
    for (size_t row = 0; row < f->rows; row++) {
        double top = f->area.y + f->pitch * (double)row + margin;
        int bar = 0;
        for (size_t i = 0; i < s->p->series_count; i++) {
            if (s->p->series[i].kind != PLOT_BARS) continue;
            double at = top + bar++ * f->thick;
            if (f->first_row + row < s->p->series[i].n) write_bar(s, i, f->first_row + row, at + 1, f->thick - 2);
        }
        write_name(s, f->first_row + row, f->area.y + f->pitch * ((double)row + 0.5));
    }
    if (f->hidden_rows)
        svg_put(s->out, "<text x=\"%n\" y=\"%n\" fill=\"#555\">%d more</text>\n", f->area.x + 4,
                f->area.y + f->pitch * (double)f->rows + 13, (int)f->hidden_rows);
}
