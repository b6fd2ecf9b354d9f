/* grid_ansi.h: the styles of a whole screen: with its text, as `cat` shows it in colour, and as runs, which tests
 * compare at each number of colours. */
#ifndef SCRY_DRAW_GRID_ANSI_H
#define SCRY_DRAW_GRID_ANSI_H

#include "draw/theme.h"

/* A line a row. Each change of style is one SGR sequence that begins with 0, colours below 16 as 30 to 37 and 90 to
 * 97, others as 38;5;N; each row ends with the plain style. False when the file could not be written. */
bool grid_ansi(const grid *g, const theme *t, color_level level, FILE *file);

/* A line a row of runs, "12a 3b 65a": so many cells from the left, and a letter for their style. Rows that look as the
 * one above are counted, "x7" in all. The letters follow: "b bold underline 215 on 236", colours as the terminal
 * numbers them, "-" its own. False when the file could not be written. */
bool grid_styles(const grid *g, const theme *t, color_level level, FILE *file);

#endif
