/* scale.h: the range of an axis, and the position of a value on it. */
#ifndef SCRY_PLOT_SCALE_H
#define SCRY_PLOT_SCALE_H

#include "plot/plot.h"

typedef struct scale {
    bool log;
    double low, high;         /* low < high */
    double log_low, log_span; /* log10 of low, and of high / low; both 0: not computed */
} scale;

/* True for a value that the axis can show: finite, and above 0 on a logarithmic axis. */
bool scale_takes(scale s, double value);
/* The position of a value: 0 at low, 1 at high, below 0 or above 1 outside, within +-1e9. */
double scale_share(scale s, double value);

typedef struct extent {
    scale x, y;
    size_t points; /* the number of values that the axes can show, inside the ranges or not */
} extent;

/* The ranges of both axes: as fixed, else around the data and rules, with a small margin. */
extent plot_extent(const plot *p);

double series_x(const plot_series *s, size_t i);
/* True when the axes can show point i of a series, inside their ranges or not. */
bool series_takes(const plot_series *s, size_t i, scale x, scale y);
bool plot_has_bars(const plot *p);

#endif
