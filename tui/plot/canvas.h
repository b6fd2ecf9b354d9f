/* canvas.h: the area of a plot as dots, 2 x 4 in each cell, independent of how they are shown. Where layers meet in a
 * cell, the higher one wins. */
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

canvas *canvas_new(int rows, int cols); /* owner: canvas_free */
void canvas_free(canvas *c);
canvas_cell *canvas_at(const canvas *c, int y, int x);

void canvas_dot(canvas *c, int y, int x, layer l, role r);
/* Draws a line from (x0, y0) to (x1, y1), in dots, clipped to the canvas. *phase is the position in the dash pattern,
 * which continues over the corners of a line. */
void canvas_line(canvas *c, double x0, double y0, double x1, double y1, role r, const dash *d, double *phase);
/* Clips a segment to the rectangle from -0.49 to w + 0.49 and h + 0.49. False when none of it is inside. */
bool segment_clip(double *x0, double *y0, double *x1, double *y1, double w, double h);
/* Fills the area between two edges, each from x0 to x1, with a texture. */
void canvas_band(canvas *c, double x0, double low0, double high0, double x1, double low1, double high1, role r);
void canvas_mark(canvas *c, int y, int x, uint32_t mark, role r);

/* The character of a cell's dots. */
uint32_t canvas_braille(uint8_t dots);
char canvas_ascii(uint8_t dots);

/* Draws all series of a plot except bars, in the ranges of f; the canvas has the size of f's area in cells. */
void canvas_paint(canvas *c, const plot *p, const plot_layout *f, bool ascii);
/* The position of a value in dots: x from the left, y from the top. */
double canvas_x(const canvas *c, scale s, double value);
double canvas_y(const canvas *c, scale s, double value);

#endif
