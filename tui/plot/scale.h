/* scale.h: which values an axis shows, and where. */
#ifndef SCRY_PLOT_SCALE_H
#define SCRY_PLOT_SCALE_H

#include "plot/plot.h"

typedef struct scale {
    bool log;
    double low, high;         /* low < high */
    double log_low, log_span; /* log10 of low, and from there to high; 0 and 0: not worked out */
} scale;

/* Whether a value can stand on this axis at all: finite, and above 0 on a logarithmic one. */
bool scale_takes(scale s, double value);
/* 0 at low, 1 at high; outside beyond them, within +-1e9. */
double scale_share(scale s, double value);

typedef struct extent {
    scale x, y;
    size_t points; /* how many values of the series can be shown, inside the ranges or not */
} extent;

/* Ranges of both axes: what is fixed, else the data and rules with a little room around them. */
extent plot_extent(const plot *p);

double series_x(const plot_series *s, size_t i);
/* Whether point i of a series can be shown on these axes (it may lie outside their ranges). */
bool series_takes(const plot_series *s, size_t i, scale x, scale y);
bool plot_has_bars(const plot *p);

#endif
