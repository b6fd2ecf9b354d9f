/* canvas.h: the area of a plot as dots, 2 x 4 in each cell, before anything knows how they are shown.
 * Lower layers give way to higher ones where they meet in a cell. Owner: canvas_free. */
#ifndef SCRY_PLOT_CANVAS_H
#define SCRY_PLOT_CANVAS_H

#include "plot/plot_layout.h"
#include "plot/series_style.h"

typedef enum layer { LAYER_BAND, LAYER_LINE, LAYERS } layer;

typedef struct canvas_cell {
    uint8_t dots[LAYERS]; /* bit 2 * row + column */
    uint8_t look[LAYERS]; /* role of the dots */
    uint8_t mark_role;
    uint32_t mark; /* a point's mark, 0: none */
} canvas_cell;

typedef struct canvas {
    int rows, cols;
    canvas_cell *cell; /* [rows * cols] */
} canvas;

canvas *canvas_new(int rows, int cols);
void canvas_free(canvas *c);
canvas_cell *canvas_at(const canvas *c, int y, int x);

void canvas_dot(canvas *c, int y, int x, layer l, role r);
/* From (x0, y0) to (x1, y1), in dots, of which those outside are cut off. *phase counts along the
 * dash, so that it runs on over the corners of a line. */
void canvas_line(canvas *c, double x0, double y0, double x1, double y1, role r, const dash *d, double *phase);
/* Cuts a segment down to the rectangle from -0.49 to w + 0.49 and h + 0.49. False: none of it is inside. */
bool segment_clip(double *x0, double *y0, double *x1, double *y1, double w, double h);
/* Between two edges, each from x0 to x1, as a texture. */
void canvas_band(canvas *c, double x0, double low0, double high0, double x1, double low1, double high1, role r);
void canvas_mark(canvas *c, int y, int x, uint32_t mark, role r);

/* The character of a cell's dots. */
uint32_t canvas_braille(uint8_t dots);
char canvas_ascii(uint8_t dots);

/* All series of a plot but bars, in the ranges of f; the canvas has the size of f's area in cells. */
void canvas_paint(canvas *c, const plot *p, const plot_layout *f, bool ascii);
/* A value's place in dots: x from the left, y from the top. */
double canvas_x(const canvas *c, scale s, double value);
double canvas_y(const canvas *c, scale s, double value);

#endif
