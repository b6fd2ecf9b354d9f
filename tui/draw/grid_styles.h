/* grid_styles.h: how the cells of a screen look, without their text: what tests compare at each number of colours. */
#ifndef SCRY_DRAW_GRID_STYLES_H
#define SCRY_DRAW_GRID_STYLES_H

#include "draw/theme.h"

/* A line a row of runs, "12a 3b 65a": so many cells from the left, and a letter for their style. Rows that look as the
 * one above are counted, "x7" in all. The letters follow: "b bold underline 215 on 236", colours as the terminal
 * numbers them, "-" its own. False when the file could not be written. */
bool grid_styles(const grid *g, const theme *t, color_level level, FILE *file);

#endif
