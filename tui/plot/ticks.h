/* ticks.h: the ticks of an axis and their labels, a pure function of range and room. */
#ifndef SCRY_PLOT_TICKS_H
#define SCRY_PLOT_TICKS_H

#include "plot/scale.h"

enum { TICKS_MOST = 64, TICK_TEXT = 32 };

typedef struct tick {
    double value;
    double at;    /* its place on the axis, in the units of the room */
    double start; /* where its label begins, so that it is centred on `at` */
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
    double size;          /* a label's extent along the axis: per character, or (upright) per line */
    bool upright;         /* labels are stacked: the extent of each is `size` */
    double near;          /* the smallest distance at which ticks do not look crowded */
    int dots;             /* on a terminal, dots per cell, with labels in whole cells; 0: anywhere */
} tick_room;

/* Chooses ticks at multiples of 1, 2 or 5 times a power of ten; on a logarithmic axis at decades, or at 1, 2, 5 within
 * them where these are few. Takes as many as fit without crowding; labels never overlap. Every multiple of the step
 * within the range has a tick. */
void ticks_make(scale s, tick_rule rule, const tick_room *room, ticks *t);

/* The position of a share of the axis's length; on a terminal that of the cell with the nearest dot. */
double tick_place(const tick_room *room, double share);

#endif
