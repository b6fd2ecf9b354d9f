/* latent_sides.h: an example's token under each condition, and the whole sample under one or all. */
#ifndef SCRY_LATENT_SIDES_H
#define SCRY_LATENT_SIDES_H

#include "views/latent_page.h"

#define SIDES_NO_TEXT "(the study names no tokens for it)"

typedef struct side {
    scry_condition condition;
    size_t capture;
    int64_t row; /* -1: this condition has no such token */
    double h;
} side;

/* Returns how many conditions the example's text has. */
int sides_of(app *a, const scry_example *e, side out[SCRY_CONDITIONS]);
/* What the condition adds to base; NaN where one of them has no such token, and for base itself. */
double side_difference(const side *sides, const side *s);
/* An activation, or a change of one, in at most 6 columns. */
void side_text(double h, bool sign, char *text, size_t size);

/* latent_whole.c: the sample over several lines. all: under every condition, with what moved. */
int whole_lines(app *a, const scry_example *e, bool all, int cols);
/* From its `line`-th line on, in the rows of r from y on. */
void whole_draw(app *a, rect r, int y, int line, const scry_example *e, bool all);

#endif
