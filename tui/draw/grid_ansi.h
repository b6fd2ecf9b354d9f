/* grid_ansi.h: a whole screen with its styles: as text with escape sequences, for `cat`, and as runs of styles, which
 * tests compare at each number of colours. */
#ifndef SCRY_DRAW_GRID_ANSI_H
#define SCRY_DRAW_GRID_ANSI_H

#include "draw/theme.h"

/* Writes a line per row. Each change of style is one SGR sequence that begins with 0, colours below 16 as 30 to 37 and
 * 90 to 97, others as 38;5;N; each row ends with the plain style. False when the file could not be written. */
bool grid_ansi(const grid *g, const theme *t, color_level level, FILE *file);

/* Writes a line of runs per row, "12a 3b 65a": a number of cells from the left and a letter for their style. A row that
 * repeats is written once with its count, "x7". A legend of the letters follows: "b bold underline 215 on 236", with
 * the terminal's colour numbers, "-" for its default. False when the file could not be written. */
bool grid_styles(const grid *g, const theme *t, color_level level, FILE *file);

#endif
