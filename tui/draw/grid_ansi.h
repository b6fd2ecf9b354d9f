/* grid_ansi.h: a whole screen as text with the styles of a terminal: what `cat` shows in colour, and tests compare. */
#ifndef SCRY_DRAW_GRID_ANSI_H
#define SCRY_DRAW_GRID_ANSI_H

#include "draw/theme.h"

/* A line a row. Each change of style is one SGR sequence that begins with 0, colours below 16 as 30 to 37 and 90 to
 * 97, others as 38;5;N; each row ends with the plain style. False when the file could not be written. */
bool grid_ansi(const grid *g, const theme *t, color_level level, FILE *file);

#endif
