/* plot_draw.h: shared by the files that draw a plot into a grid. */
#ifndef SCRY_PLOT_PLOT_DRAW_H
#define SCRY_PLOT_PLOT_DRAW_H

#include "plot/plot_layout.h"

typedef struct pen {
    grid *g;
    rect r; /* clips all drawing */
    const plot *p;
    const plot_layout *f;
    bool ascii;
    bool line_marks; /* lines have marks, so that they differ without colour */
} pen;

/* Rows of names and bars, without rules. */
void draw_bars(const pen *k);

#endif
