/* plot_layout.h: the positions of a plot's parts: title, notes, legend, axes and the area between them. One set of
 * rules for the terminal, in cells, and for SVG, in pixels. */
#ifndef SCRY_PLOT_PLOT_LAYOUT_H
#define SCRY_PLOT_PLOT_LAYOUT_H

#include "plot/ticks.h"

typedef struct box {
    double y, x, h, w;
} box;

/* The size of a character; on a terminal 1 and 1. */
typedef struct measure {
    double column, line;
    bool cells; /* a terminal: whole cells */
    bool ascii;
} measure;

typedef enum plot_layout_kind {
    LAYOUT_PLOT,
    LAYOUT_EMPTY, /* nothing to show: title, notes, and the reason in `area` */
    LAYOUT_SMALL, /* no room for a plot */
} plot_layout_kind;

typedef struct legend_entry {
    size_t series; /* a series; from series_count on, an upright rule, since bars leave no room for its name */
    const char *name;
    double y, x; /* of its sample, LAYOUT_SAMPLE columns wide; a blank and the name follow */
} legend_entry;

enum { LAYOUT_LEGEND = 12, LAYOUT_SAMPLE = 3 };

/* The tops of text lines are -1 where the line is left out. */
typedef struct plot_layout {
    plot_layout_kind kind;
    box whole, area;
    double title, notes, head, axis, tick_labels, foot; /* head: y's label; foot: x's; axis: x's line */
    bool y_label;
    size_t note_count;
    legend_entry legend[LAYOUT_LEGEND];
    size_t legend_count;
    scale x, y;
    size_t many;              /* points beyond this number are shown as dots, without marks */
    tick_room x_room, y_room; /* y's begins at the area's lower edge */
    ticks x_ticks, y_ticks;
    /* bars: `rows` rows of names from the first one shown, each `pitch` high and holding `bars` of
     * `thick`; names left of the area, texts right of it */
    size_t rows, first_row, hidden_rows;
    int bars;
    double pitch, thick, name_width, text_width;
} plot_layout;

void plot_layout_make(const plot *p, box whole, measure m, plot_layout *f);

/* The position of a value in the area: x from its left edge, y from its upper edge. */
double plot_layout_x(const plot_layout *f, double value);
double plot_layout_y(const plot_layout *f, double value);

#endif
