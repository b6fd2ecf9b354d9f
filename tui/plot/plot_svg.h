/* plot_svg.h: shared by the files that write a plot as SVG. */
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

/* Draws the mark of a series (0 .. SERIES_STYLES-1) centred at y, x; size: half its height. about: its tooltip, or
 * NULL. */
void svg_sign(const sheet *s, int number, const char *color, double y, double x, double size, const char *about);
/* Draws bands and lines, then points, of all series except bars. */
void svg_series(const sheet *s);
void svg_bars(const sheet *s);
/* Writes fill and stroke of a bar, so that series differ without colour. */
void svg_bar_style(const sheet *s, size_t series);

#endif
