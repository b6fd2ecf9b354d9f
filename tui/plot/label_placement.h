/* label_placement.h: places labels next to points, so that none covers another label or a point, or leaves the area.
 * Works on a coarse map of occupied cells; on a terminal these are the screen's. */
#ifndef SCRY_PLOT_LABEL_PLACEMENT_H
#define SCRY_PLOT_LABEL_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What occupies a cell of the map, as bits. */
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
    int places; /* the candidates, the best first */
    label_place place[LABEL_PLACES];
    bool first; /* placed before all others */
    int chosen; /* the candidate chosen; -1: left out */
} placed_label;

/* Sets the candidates around a point at cell y, x whose mark extends ry, rx cells; `gap` cells away at the sides. */
void label_places_around(placed_label *l, int y, int x, int ry, int rx, int gap);

/* Chooses places for as many labels as have room, with `margin` free cells next to each, and marks them in the map.
 * Labels without room get chosen -1. */
void labels_place(placement_map *f, placed_label *labels, size_t n, int margin);

#endif
