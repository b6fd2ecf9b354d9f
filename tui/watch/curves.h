/* curves.h: a training run as a screen: loss, explained variance, L0 and dead latents by step, and its progress below.
 */
#ifndef SCRY_WATCH_CURVES_H
#define SCRY_WATCH_CURVES_H

#include "draw/grid.h"
#include "train.h"

typedef enum curve { CURVE_LOSS, CURVE_EXPLAINED, CURVE_L0, CURVE_DEAD, CURVES } curve;

/* What the screen shows. Everything is borrowed. */
typedef struct curves_screen {
    const char *name;                    /* of the run: its folder */
    const char *state;                   /* "training", "saving", "not growing for 40 s"; NULL: none */
    const scry_train_log *log;           /* NULL: not there yet */
    const scry_train_progress *progress; /* NULL: that of the log's last line */
    const char *const (*hints)[2];       /* keys and what they do, for the last line; NULL: none */
    size_t hint_count;
    int only;    /* the curve that fills the screen, or -1 */
    bool linear; /* the loss on a linear axis, not a logarithmic one */
    bool ascii;
} curves_screen;

/* Draws the screen into the grid. Small grids show fewer curves, the smallest only the progress. */
void curves_draw(grid *g, const curves_screen *s);

/* The progress by the log's last line; all zero where it has none. */
scry_train_progress curves_progress(const scry_train_log *log);

#endif
