/* frame.h: where the parts of a plot stand: title, notes, legend, axes and the area between them.
 * One set of rules for the terminal, in cells, and for SVG, in pixels. */
#ifndef SCRY_PLOT_FRAME_H
#define SCRY_PLOT_FRAME_H

#include "plot/ticks.h"

typedef struct box {
    double y, x, h, w;
} box;

/* What a character takes; on a terminal 1 and 1. */
typedef struct measure {
    double column, line;
    bool cells; /* a terminal: whole cells */
    bool ascii;
} measure;

typedef enum frame_kind {
    FRAME_PLOT,
    FRAME_EMPTY, /* nothing to show: title, notes, and the reason in `area` */
    FRAME_SMALL, /* no room for a plot */
} frame_kind;

typedef struct legend_entry {
    size_t series; /* or, counted on from the last series, an upright rule: bars leave no room for its name */
    const char *name;
    double y, x; /* of its sample, FRAME_SAMPLE columns wide; the name behind it and a blank */
} legend_entry;

enum { FRAME_LEGEND = 12, FRAME_SAMPLE = 3 };

/* Tops of lines of text are -1 where the line is left out. */
typedef struct frame {
    frame_kind kind;
    box whole, area;
    double title, notes, head, axis, tick_labels, foot; /* head: y's label; foot: x's; axis: x's line */
    bool y_label;
    size_t note_count;
    legend_entry legend[FRAME_LEGEND];
    size_t legend_count;
    scale x, y;
    size_t many;              /* points beyond this number are shown as dots, without marks */
    tick_room x_room, y_room; /* y's runs upwards from the area's lower edge */
    ticks x_ticks, y_ticks;
    /* bars: `rows` rows of names from the first one shown, each `pitch` high and holding `bars` of
     * `thick`; names left of the area, texts right of it */
    size_t rows, first_row, hidden_rows;
    int bars;
    double pitch, thick, name_width, text_width;
} frame;

void frame_make(const plot *p, box whole, measure m, frame *f);

/* A value's place in the area: from its left edge, from its upper edge. */
double frame_x(const frame *f, double value);
double frame_y(const frame *f, double value);

#endif
