/* shaded_piece.h: a token, or those that make whole characters together, shaded by the activation of a latent. Where
 * there is no colour, those on which it fires stand in brackets. */
#ifndef SCRY_EXPLORER_LATENT_SHADED_PIECE_H
#define SCRY_EXPLORER_LATENT_SHADED_PIECE_H

#include "explorer/app_services.h"

typedef struct shaded_piece {
    char text[512]; /* safe */
    float h;        /* the largest activation of its tokens; 0: it does not fire */
    int brackets;   /* on each side */
} shaded_piece;

/* Writes raw text, cut to what fits, and brackets where they are needed to see that it fires. */
void shaded_piece_set(const app *a, shaded_piece *p, const char *raw);
int shaded_piece_columns(const shaded_piece *p);
/* Draws it, by its share of the strongest activation, and returns the columns used. alone: no letter stands before it,
 * for a combining mark to go onto. */
int shaded_piece_put(grid *g, int y, int x, int cols, const shaded_piece *p, float strongest, bool alone);

#endif
