/* names.h: names beside points, none over another, over a point or outside the area. Works in cells
 * of a coarse map of what is drawn, on a terminal those of the screen. */
#ifndef SCRY_PLOT_NAMES_H
#define SCRY_PLOT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What lies in a cell of the map. */
enum { FIELD_LINE = 1, FIELD_POINT = 2, FIELD_NAME = 4 };

typedef struct field {
    int rows, cols;
    uint8_t *what; /* [rows * cols] */
} field;

field *field_new(int rows, int cols);
void field_free(field *f);
/* Marks the part of a rectangle that lies inside. */
void field_mark(field *f, int y, int x, int rows, int cols, uint8_t what);

enum { NAME_PLACES = 14 };

typedef struct name_place {
    int y, x;
} name_place;

typedef struct name_label {
    int rows, cols;
    int places; /* where it may stand, the best first */
    name_place place[NAME_PLACES];
    bool first; /* placed before all others */
    int chosen; /* which place it got; -1: left out */
} name_label;

/* Around a point whose mark reaches ry, rx cells from its own cell y, x; `gap` cells off sideways. */
void name_around(name_label *l, int y, int x, int ry, int rx, int gap);

/* Chooses a place for each, as many as there is room for; `margin` cells stay free beside a name.
 * Those that are left out have chosen -1. The field then holds the names too. */
void names_place(field *f, name_label *labels, size_t n, int margin);

#endif
