/* palette.h: what could be meant by what is typed: commands, then their arguments. */
#ifndef SCRY_EXPLORER_PANES_PALETTE_H
#define SCRY_EXPLORER_PANES_PALETTE_H

#include "explorer/panes/completion.h"

/* Draws the list above row `bottom`. */
void palette_draw(app *a, int bottom);
/* To the next or previous of the list. */
void palette_move(app *a, int steps);
/* Tab: what is picked, or as much as all have in common, takes the place of what is typed. */
void palette_complete(app *a);
/* Enter in the palette: the whole line, with the first command that fits the word. */
void palette_line(app *a, char *line, size_t size);
/* A click on row y of the screen; false: it is not in the list. */
bool palette_click(app *a, int y, int bottom);
bool is_palette(const app *a);

#endif
