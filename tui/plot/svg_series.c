/* svg_series.c: bands, lines and points of a plot as SVG. */
#include "draw/svg.h"
#include "plot/plot_svg.h"

#include <math.h>

static double px(const sheet *s, double value) {
    return s->f->area.x + plot_layout_x(s->f, value);
}

static double py(const sheet *s, double value) {
    return s->f->area.y + plot_layout_y(s->f, value);
}

static bool takes(const sheet *s, const plot_series *p, size_t i) {
    return series_takes(p, i, s->f->x, s->f->y);
}

static void end_sign(const sheet *s, const char *about) {
    if (about) svg_put(s->out, "><title>%t</title></path>\n", about);
    else fputs("/>\n", s->out);
}

void svg_sign(const sheet *s, int number, const char *color, double y, double x, double size, const char *about) {
    bool open = number >= 3;
    double r = size;
    switch (number % 3) {
    case 0:
        svg_put(s->out, "<path d=\"M%n %na%n %n 0 1 0 %n 0a%n %n 0 1 0 %n 0z\"", x - r, y, r, r, 2 * r, r, r, -2 * r);
        break;
    case 1:
        r *= 1.3;
        svg_put(s->out, "<path d=\"M%n %nl%n %nl%n %nl%n %nz\"", x - r, y, r, -r, r, r, -r, r);
        break;
    default:
        r *= 1.2;
        svg_put(s->out, "<path d=\"M%n %nl%n %nl%n %nz\"", x - r, y + 0.8 * r, r, -1.8 * r, r, 1.8 * r);
        break;
    }
    if (open) svg_put(s->out, " fill=\"#fff\" stroke=\"%s\" stroke-width=\"1.8\"", color);
    else svg_put(s->out, " fill=\"%s\" stroke=\"#fff\" stroke-width=\"0.8\"", color);
    end_sign(s, about);
}

static void svg_star(const sheet *s, double y, double x, const char *about) {
    fputs("<path d=\"", s->out);
    for (int i = 0; i < 10; i++) {
        double r = i % 2 ? 3 : 7.4, angle = 3.14159265358979 * (i / 5.0 - 0.5);
        svg_put(s->out, "%s%n %n", i ? "L" : "M", x + r * cos(angle), y + r * sin(angle));
    }
    fputs("z\" fill=\"#000\" stroke=\"#fff\"", s->out);
    end_sign(s, about);
}

static double bound(double value, double low, double high) {
    return value < low ? low : value > high ? high : value;
}

/* Clamps to the area, so that a band never extends beyond it. */
static void band_edge(const sheet *s, const plot_series *p, size_t i, bool lower) {
    const box *a = &s->f->area;
    svg_put(s->out, "%n %n ", bound(px(s, series_x(p, i)), a->x, a->x + a->w),
            bound(py(s, lower ? p->low[i] : p->y[i]), a->y, a->y + a->h));
}

static void write_band(const sheet *s, const plot_series *p, const char *color) {
    for (size_t i = 0; i < p->n;) {
        size_t end = i;
        while (end < p->n && takes(s, p, end)) end++;
        if (end > i) {
            fputs("<polygon points=\"", s->out);
            for (size_t k = i; k < end; k++) band_edge(s, p, k, false);
            for (size_t k = end; k-- > i;) band_edge(s, p, k, true);
            svg_put(s->out, "\" fill=\"%s\" fill-opacity=\"0.18\"/>\n", color);
        }
        i = end > i ? end : i + 1;
    }
}

/* The pen of an SVG path: moves only where it must, and leaves out steps too small to see. */
typedef struct path {
    const sheet *s;
    bool down;
    double y, x;
} path;

static void path_segment(path *k, double x0, double y0, double x1, double y1) {
    const box *a = &k->s->f->area;
    double to_y = y1, to_x = x1;
    x0 -= a->x, x1 -= a->x, y0 -= a->y, y1 -= a->y;
    if (!segment_clip(&x0, &y0, &x1, &y1, a->w, a->h)) {
        k->down = false;
        return;
    }
    x0 += a->x, x1 += a->x, y0 += a->y, y1 += a->y;
    if (!k->down || fabs(k->x - x0) > 0.5 || fabs(k->y - y0) > 0.5) svg_put(k->s->out, "M%n %n", x0, y0);
    else if (fabs(k->x - x1) < 0.3 && fabs(k->y - y1) < 0.3) return;
    svg_put(k->s->out, "L%n %n", x1, y1);
    k->x = x1;
    k->y = y1;
    k->down = x1 == to_x && y1 == to_y;
}

static void write_line(const sheet *s, const plot_series *p, const series_style *l) {
    fputs("<path d=\"", s->out);
    path k = {.s = s};
    for (size_t i = 1; i < p->n; i++) {
        if (!takes(s, p, i - 1) || !takes(s, p, i)) {
            k.down = false;
            continue;
        }
        double x0 = px(s, series_x(p, i - 1)), y0 = py(s, p->y[i - 1]), x1 = px(s, series_x(p, i)), y1 = py(s, p->y[i]);
        if (p->kind == PLOT_STEPS) {
            path_segment(&k, x0, y0, x1, y0);
            path_segment(&k, x1, y0, x1, y1);
        } else {
            path_segment(&k, x0, y0, x1, y1);
        }
    }
    svg_put(s->out, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\"", l->color);
    if (*l->svg_dash) svg_put(s->out, " stroke-dasharray=\"%s\"", l->svg_dash);
    fputs("/>\n", s->out);
}

static bool inside(const sheet *s, double y, double x) {
    const box *a = &s->f->area;
    return y >= a->y - 0.01 && x >= a->x - 0.01 && y <= a->y + a->h + 0.01 && x <= a->x + a->w + 0.01;
}

static void write_point(const sheet *s, size_t series, size_t i, double size) {
    const plot_series *p = &s->p->series[series];
    double x = px(s, series_x(p, i)), y = py(s, p->y[i]);
    if (!takes(s, p, i) || !inside(s, y, x)) return;
    char about[LABEL_MOST + 64], name[LABEL_MOST] = "";
    if (p->names && p->names[i]) label_clean(p->names[i], name, false);
    snprintf(about, sizeof about, "%s%s%.6g, %.6g", name, *name ? ": " : "", series_x(p, i), p->y[i]);
    const char *told = p->n <= s->f->many ? about : NULL;
    if (p->highlight == i + 1) svg_star(s, y, x, told);
    else svg_sign(s, series_style_number(s->p, series), series_style_of(s->p, series)->color, y, x, size, told);
}

/* Dots of one colour in one element: there may be thousands. */
static void write_dots(const sheet *s, const plot_series *p, const char *color) {
    fputs("<path d=\"", s->out);
    for (size_t i = 0; i < p->n; i++) {
        if (!takes(s, p, i)) continue;
        double x = px(s, series_x(p, i)), y = py(s, p->y[i]);
        if (inside(s, y, x)) svg_put(s->out, "M%n %nh.01", x, y);
    }
    svg_put(s->out, "\" stroke=\"%s\" stroke-width=\"3\" stroke-linecap=\"round\" stroke-opacity=\"0.5\"/>\n", color);
}

static bool is_line(const plot_series *p) {
    return p->kind == PLOT_LINE || p->kind == PLOT_STEPS;
}

static void write_points(const sheet *s, size_t series) {
    const plot_series *p = &s->p->series[series];
    bool many = p->n > s->f->many, few = p->kind == PLOT_LINE && p->n >= 3 && p->n <= 40;
    size_t shown = 0;
    for (size_t i = 0; i < p->n; i++) shown += takes(s, p, i);
    if (p->kind == PLOT_POINTS && many) write_dots(s, p, series_style_of(s->p, series)->color);
    for (size_t i = 0; i < p->n; i++)
        if (p->highlight == i + 1 || (p->kind == PLOT_POINTS ? !many : few || shown == 1))
            write_point(s, series, i, p->kind == PLOT_POINTS ? 4.5 : 3.2);
}

/* Earlier series lie on top. */
void svg_series(const sheet *s) {
    for (size_t i = s->p->series_count; i-- > 0;)
        if (s->p->series[i].kind == PLOT_BAND) write_band(s, &s->p->series[i], series_style_of(s->p, i)->color);
    for (size_t i = s->p->series_count; i-- > 0;)
        if (is_line(&s->p->series[i])) write_line(s, &s->p->series[i], series_style_of(s->p, i));
    for (size_t i = s->p->series_count; i-- > 0;)
        if (is_line(&s->p->series[i]) || s->p->series[i].kind == PLOT_POINTS) write_points(s, i);
}
