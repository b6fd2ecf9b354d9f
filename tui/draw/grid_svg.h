/* grid_svg.h: a whole screen as an SVG image, from the same cells that tests check and a terminal shows. */
#ifndef SCRY_DRAW_GRID_SVG_H
#define SCRY_DRAW_GRID_SVG_H

#include "draw/grid.h"
#include "draw/theme.h"

/* Default foreground and background of the terminal in the image, 0xRRGGBB. */
typedef struct grid_paper {
    uint32_t ink, paper;
} grid_paper;

extern const grid_paper paper_dark, paper_light;

/* Writes text as text elements; braille, blocks and box lines as shapes, since fonts lack them or leave gaps. False
 * when the file could not be written. */
bool grid_svg(const grid *g, const theme *t, color_level level, grid_paper paper, FILE *file);

#endif
