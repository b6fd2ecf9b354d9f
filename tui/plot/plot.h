/* plot.h: a plot as plain data, drawn into a grid of cells or written as SVG.
 *
 *     double n[] = {10, 30, 100}, rho[] = {.41, .66, .78};
 *     plot_series line = {.kind = PLOT_LINE, .name = "icl", .n = 3, .x = n, .y = rho};
 *     plot p = {.title = "rho against N", .x = {.label = "N", .log = true}, .series = &line, .series_count = 1};
 *     plot_draw(grid, (rect){0, 0, 24, 80}, &p, false);
 *
 * Zero is a valid default for every field. Pointers are borrowed, and their targets only read. Values that are NaN,
 * infinite or beyond 1e300, and values that are not positive on a logarithmic axis, are skipped. Every point is drawn,
 * so callers should thin a curve of a million points to some thousands. Text may be untrusted: it is cleaned here. */
#ifndef SCRY_PLOT_PLOT_H
#define SCRY_PLOT_PLOT_H

#include "draw/grid.h"

/* The kinds of tick labels. */
typedef enum tick_rule {
    TICKS_NUMBERS,
    TICKS_WHOLE,   /* counts: no marks between whole numbers */
    TICKS_PERCENT, /* 0.25 reads 25% */
    TICKS_NONE,
} tick_rule;

typedef struct plot_axis {
    const char *label; /* NULL: none */
    bool log;
    bool zero;              /* a range taken from the data reaches to 0 */
    bool fix_low, fix_high; /* low, high are given; else taken from the data */
    double low, high;
    tick_rule ticks;
} plot_axis;

typedef enum plot_kind {
    PLOT_POINTS,
    PLOT_LINE,
    PLOT_STEPS, /* a line that keeps its height until the next x */
    PLOT_BAND,  /* the area from `low` up to `y` */
    PLOT_BARS,  /* a row per bar: its name, and x for its length; the y axis has no numbers */
} plot_kind;

typedef struct plot_series {
    plot_kind kind;
    const char *name; /* in the legend, which is shown when two series have names */
    size_t n;
    const double *x;          /* [n]; NULL: 0, 1, ... */
    const double *y;          /* [n]; bars need none */
    const double *low;        /* [n]; bands only */
    const char *const *names; /* [n] labels, or NULL; each may be NULL. Earlier ones are placed first */
    const char *const *texts; /* [n] texts after the bars, or NULL */
    size_t highlight;         /* the highlighted point or bar, from 1; 0: none */
    int look;                 /* series with the same number above 0 look alike; 0: its own look */
} plot_series;

typedef struct plot_rule {
    bool upright; /* at an x */
    double at;
    const char *name; /* NULL: none */
} plot_rule;

typedef struct plot {
    const char *title;
    const char *const *notes; /* lines under the title */
    size_t note_count;
    plot_axis x, y;
    const plot_series *series;
    size_t series_count;
    const plot_rule *rules;
    size_t rule_count;
    bool has_cursor; /* an upright line at this x */
    double cursor;
    const char *cursor_text;
    const char *empty; /* the reason shown when there is no data: "no domain has a measured change" */
    int gutter;        /* minimum columns left of the y axis, so that stacked plots line up */
} plot;

/* Clears r and draws the plot within it, or a message when r is too small. ascii: 7-bit characters only. */
void plot_draw(grid *g, rect r, const plot *p, bool ascii);

/* Writes the plot as one self-contained SVG element of width x height pixels (at least 160 x 100).
 * False when the file could not be written. */
bool plot_svg(const plot *p, int width, int height, FILE *file);
/* The smallest height, at least `least`, in which every row of bars is shown and their texts do not touch. */
int plot_svg_height(const plot *p, int width, int least);

#endif
