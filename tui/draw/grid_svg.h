/* grid_svg.h: a whole screen as a picture: the cells that tests check and a terminal shows. */
#ifndef SCRY_DRAW_GRID_SVG_H
#define SCRY_DRAW_GRID_SVG_H

#include "draw/grid.h"
#include "draw/theme.h"

/* Ink and paper of the terminal that is pictured, 0xRRGGBB. */
typedef struct grid_paper {
    uint32_t ink, paper;
} grid_paper;

extern const grid_paper paper_dark, paper_light;

/* Text stays text. Braille, blocks and box lines are drawn: fonts lack them or leave gaps. False when
 * the file could not be written. */
bool grid_svg(const grid *g, const theme *t, color_level level, grid_paper paper, FILE *file);

#endif
