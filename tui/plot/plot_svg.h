/* svg.h: what the files that write a plot as SVG share. */
#ifndef SCRY_PLOT_PLOT_SVG_H
#define SCRY_PLOT_PLOT_SVG_H

#include "plot/canvas.h"

#include <stdio.h>

typedef struct sheet {
    FILE *out;
    const plot *p;
    const plot_layout *f;
    measure m;
} sheet;

/* The sign of a series (0 .. SERIES_STYLES-1) around y, x; size: half its height. `about`: what a pointer
 * that rests on it is told, NULL: nothing. */
void svg_sign(const sheet *s, int number, const char *color, double y, double x, double size, const char *about);
/* Bands and lines, then points, of all series but bars. */
void svg_series(const sheet *s);
void svg_bars(const sheet *s);
/* fill and stroke of a bar, so that series differ without colour. */
void svg_bar_style(const sheet *s, size_t series);

#endif
