/* layout.h: the rectangles of the panes, a pure function of the screen's size. */
#ifndef SCRY_DRAW_LAYOUT_H
#define SCRY_DRAW_LAYOUT_H

#include "draw/grid.h"

typedef enum pane { PANE_TABLE, PANE_LATENT, PANE_DOMAINS, PANES } pane;

enum { LAYOUT_ROWS = 12, LAYOUT_COLS = 60 }; /* the smallest screen that holds all three panes */

typedef struct layout {
    bool too_small;
    bool side_by_side; /* wide screens: the table on the left, the others on the right */
    rect title, footer;
    rect pane[PANES]; /* each with its title row; rows 0: not shown */
} layout;

/* enlarged: the pane that fills the screen, -1 for none. domains: their number. */
layout layout_make(int rows, int cols, int enlarged, int domains);

#endif
