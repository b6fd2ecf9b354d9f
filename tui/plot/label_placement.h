/* label_placement.h: labels next to points, none over another, over a point or outside the area. Works in cells
 * of a coarse map of what is drawn, on a terminal those of the screen. */
#ifndef SCRY_PLOT_LABEL_PLACEMENT_H
#define SCRY_PLOT_LABEL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What lies in a cell of the map. */
enum { PLACED_LINE = 1, PLACED_POINT = 2, PLACED_LABEL = 4 };

typedef struct placement_map {
    int rows, cols;
    uint8_t *what; /* [rows * cols] */
} placement_map;

placement_map *placement_map_new(int rows, int cols);
void placement_map_free(placement_map *f);
/* Marks the part of a rectangle that lies inside. */
void placement_map_mark(placement_map *f, int y, int x, int rows, int cols, uint8_t what);

enum { LABEL_PLACES = 14 };

typedef struct label_place {
    int y, x;
} label_place;

typedef struct placed_label {
    int rows, cols;
    int places; /* where it may stand, the best first */
    label_place place[LABEL_PLACES];
    bool first; /* placed before all others */
    int chosen; /* which place it got; -1: left out */
} placed_label;

/* Around a point whose mark reaches ry, rx cells from its own cell y, x; `gap` cells off sideways. */
void label_places_around(placed_label *l, int y, int x, int ry, int rx, int gap);

/* Chooses a place for each, as many as there is room for; `margin` cells stay free next to a label.
 * Those that are left out have chosen -1. The field then holds the names too. */
void labels_place(placement_map *f, placed_label *labels, size_t n, int margin);

#endif
