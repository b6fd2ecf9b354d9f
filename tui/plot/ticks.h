/* ticks.h: where an axis has its marks and what they say: a function of range and room alone. */
#ifndef SCRY_PLOT_TICKS_H
#define SCRY_PLOT_TICKS_H

#include "plot/scale.h"

enum { TICKS_MOST = 64, TICK_TEXT = 32 };

typedef struct tick {
    double value;
    double at;    /* its place on the axis, in the units of the room */
    double start; /* where its label begins: left of `at`, so that the label stands centred */
    int columns;  /* of the label */
    char text[TICK_TEXT];
} tick;

typedef struct ticks {
    size_t n;
    tick tick[TICKS_MOST]; /* rising */
    int columns;           /* of the longest label */
} ticks;

/* The room an axis has, in any unit: cells, pixels. */
typedef struct tick_room {
    double length;        /* of the axis */
    double before, after; /* how far labels may reach beyond its ends */
    double size;          /* a label's extent along the axis: of a character, or (upright) of a line */
    bool upright;         /* labels stand above each other: their extent is `size` whatever they say */
    double near;          /* marks nearer to each other than that look crowded */
    int dots;             /* a terminal: so many dots a cell, and labels in whole cells; 0: anywhere */
} tick_room;

/* Steps are 1, 2 or 5 times a power of ten; on a logarithmic axis whole decades, or 1-2-5 within
 * them where there are few. As many as stand without crowding; labels never overlap. All multiples
 * of the step within the range have their mark. */
void ticks_make(scale s, tick_rule rule, const tick_room *room, ticks *t);

/* A place on the axis: share of its length, on a terminal the cell in which the nearest dot lies. */
double tick_place(const tick_room *room, double share);

#endif
