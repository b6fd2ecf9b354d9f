/* point_labels.h: the labels inside a plot's area, and their positions. */
#ifndef SCRY_PLOT_POINT_LABELS_H
#define SCRY_PLOT_POINT_LABELS_H

#include "plot/canvas.h"
#include "plot/label_placement.h"

/* A character and a point's mark in cells of the canvas; on a terminal {1, 1, 0, 0, 1}. */
typedef struct label_measure {
    double column;
    int line, mark_y, mark_x, gap;
} label_measure;

typedef struct label {
    char text[LABEL_MOST];
    role role;
    int y, x; /* its first cell; y -1: no room */
    int rows, cols;
    int at_y, at_x; /* the cell that it labels */
} label;

typedef struct label_list {
    size_t n;
    label *label;
} label_list;

/* Places the cursor's text, then points (highlighted ones first), then rules. Owner: labels_free. */
label_list labels_make(const plot *p, const plot_layout *f, const canvas *c, label_measure m, bool ascii);
void labels_free(label_list *l);

#endif
