/* conditions.h: an example's token under each condition, and the whole sample under one or all. */
#ifndef SCRY_EXPLORER_LATENT_CONDITIONS_H
#define SCRY_EXPLORER_LATENT_CONDITIONS_H

#include "explorer/latent/latent_page.h"

#define CONDITIONS_NO_TEXT "(the study names no tokens for it)"

typedef struct condition_row {
    scry_condition condition;
    size_t capture;
    int64_t row; /* -1: this condition has no such token */
    double h;
} condition_row;

/* Returns how many conditions the example's text has. */
int condition_rows(app *a, const scry_example *e, condition_row out[SCRY_CONDITIONS]);
/* What the condition adds to base; NaN where one of them has no such token, and for base itself. */
double condition_difference(const condition_row *sides, const condition_row *s);
/* An activation, or a change of one, in at most 6 columns. */
void condition_text(double h, bool sign, char *text, size_t size);

/* full_sample.c: the sample over several lines. all: under every condition, with what moved. */
int full_sample_lines(app *a, const scry_example *e, bool all, int cols);
/* From its `line`-th line on, in the rows of r from y on. */
void full_sample_draw(app *a, rect r, int y, int line, const scry_example *e, bool all);

#endif
