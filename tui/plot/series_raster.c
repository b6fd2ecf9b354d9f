/* series_raster.c: the series of a plot on its canvas. */
#include "plot/canvas.h"

#include <math.h>

typedef struct brush {
    canvas *c;
    const plot_layout *f;
    const plot_series *s;
    const series_style *look;
    bool ascii;
} brush;

static double at_x(const brush *b, size_t i) {
    return canvas_x(b->c, b->f->x, series_x(b->s, i));
}

static double at_y(const brush *b, double value) {
    return canvas_y(b->c, b->f->y, value);
}

static bool takes(const brush *b, size_t i) {
    return series_takes(b->s, i, b->f->x, b->f->y);
}

static bool inside(const brush *b, double y, double x) {
    return y > -0.5 && x > -0.5 && y < 4 * b->c->rows - 0.5 && x < 2 * b->c->cols - 0.5;
}

/* The point's mark in its cell. */
static void mark(const brush *b, size_t i) {
    double x = at_x(b, i), y = at_y(b, b->s->y[i]);
    if (!inside(b, y, x)) return;
    bool star = b->s->highlight == i + 1;
    uint32_t sign = star       ? (b->ascii ? SERIES_STAR_ASCII : SERIES_STAR)
                    : b->ascii ? (uint32_t)b->look->ascii
                               : b->look->mark;
    canvas_mark(b->c, (int)lround(y) / 4, (int)lround(x) / 2, sign, star ? ROLE_MARK : b->look->role);
}

/* Draws a mark for each of few points, a dot for each of many. */
static void paint_points(const brush *b) {
    bool many = b->s->n > b->f->many;
    for (size_t i = 0; i < b->s->n; i++) {
        if (!takes(b, i)) continue;
        double x = at_x(b, i), y = at_y(b, b->s->y[i]);
        if (!many || b->s->highlight == i + 1) mark(b, i);
        else if (inside(b, y, x)) canvas_dot(b->c, (int)lround(y), (int)lround(x), LAYER_LINE, b->look->role);
    }
}

static void paint_band(const brush *b) {
    for (size_t i = 0; i < b->s->n; i++) {
        if (!takes(b, i)) continue;
        size_t next = i + 1 < b->s->n && takes(b, i + 1) ? i + 1 : i;
        canvas_band(b->c, at_x(b, i), at_y(b, b->s->low[i]), at_y(b, b->s->y[i]), at_x(b, next),
                    at_y(b, b->s->low[next]), at_y(b, b->s->y[next]), b->look->role);
    }
}

/* A value that cannot be shown leaves a gap. */
static void paint_line(const brush *b) {
    static const dash solid = {{0}, {0}};
    const dash *d = b->ascii ? &solid : &b->look->dash;
    double phase = 0;
    size_t shown = 0, only = 0;
    double x0 = 0, y0 = 0;
    bool joined = false;
    for (size_t i = 0; i < b->s->n; i++) {
        if (!takes(b, i)) {
            joined = false;
            continue;
        }
        shown++;
        only = i;
        double x1 = at_x(b, i), y1 = at_y(b, b->s->y[i]);
        /* a line of a million points has most of them in the same dot */
        bool same_dot = joined && lround(x0) == lround(x1) && lround(y0) == lround(y1);
        if (same_dot && i + 1 < b->s->n && takes(b, i + 1)) {
            x0 = x1;
            y0 = y1;
            continue;
        }
        if (joined && b->s->kind == PLOT_STEPS) {
            canvas_line(b->c, x0, y0, x1, y0, b->look->role, d, &phase);
            canvas_line(b->c, x1, y0, x1, y1, b->look->role, d, &phase);
        } else if (joined) {
            canvas_line(b->c, x0, y0, x1, y1, b->look->role, d, &phase);
        }
        if (!joined && (i + 1 == b->s->n || !takes(b, i + 1))) /* alone between two gaps */
            canvas_line(b->c, x1, y1, x1, y1, b->look->role, d, &phase);
        x0 = x1;
        y0 = y1;
        joined = true;
    }
    if (shown == 1) mark(b, only);
}

/* Draws marks by which lines differ without colour: at the points where they are few, else at intervals, and at
 * different places on each line. */
static void mark_line(const brush *b, int number, bool several) {
    bool few = b->s->kind == PLOT_LINE && b->s->n >= 3 && b->s->n <= 12, sparse = b->s->n <= (size_t)b->c->cols / 4;
    double step = fmax(2 * b->c->cols / 5.0, 8), next = step * (0.3 + 0.3 * (number % 3));
    for (size_t i = 0; i < b->s->n; i++) {
        if (!takes(b, i)) continue;
        bool due = few || (several && b->s->n >= 3 && sparse);
        if (!due && several && b->s->n >= 3 && at_x(b, i) >= next) {
            due = true;
            while (next <= at_x(b, i)) next += step;
        }
        if (due || b->s->highlight == i + 1) mark(b, i);
    }
}

static bool is_line(const plot_series *s) {
    return s->kind == PLOT_LINE || s->kind == PLOT_STEPS;
}

void canvas_paint(canvas *c, const plot *p, const plot_layout *f, bool ascii) {
    int lines = 0;
    for (size_t i = 0; i < p->series_count; i++) lines += is_line(&p->series[i]) && p->series[i].n >= 3;
    /* earlier series lie on top */
    for (size_t i = p->series_count; i-- > 0;) {
        brush b = {c, f, &p->series[i], series_style_of(p, i), ascii};
        if (b.s->kind == PLOT_BAND) paint_band(&b);
        if (is_line(b.s)) paint_line(&b);
        if (b.s->kind == PLOT_POINTS) paint_points(&b);
        if (is_line(b.s)) mark_line(&b, series_style_number(p, i), lines > 1);
    }
}
