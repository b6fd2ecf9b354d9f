/* token_layout.h: the tokens of a text in lines, each shaded, with a cursor. */
#ifndef SCRY_EXPLORER_LATENT_TOKEN_LAYOUT_H
#define SCRY_EXPLORER_LATENT_TOKEN_LAYOUT_H

#include "explorer/latent/shaded_piece.h"
#include "text/token_run.h"

/* A text as its page has it. */
typedef struct token_source {
    const app *a;
    const void *context;
    token_text *text; /* of a token; "" where it has none */
    /* Tokens from..end - 1, which make whole characters together, as they are shown. */
    shaded_piece (*piece)(const struct token_source *source, uint32_t from, uint32_t end);
    uint32_t tokens;
    float strongest; /* what the shades are shares of */
} token_source;

/* Tokens from..end - 1, which stand together on the page: their line, and their columns from x on. One that is wider
 * than a line fills several. */
typedef struct token_place {
    uint32_t from, end;
    int line, x, cols;
} token_place;

/* Where the tokens stand. {0}: nowhere yet. */
typedef struct token_layout {
    token_place *place; /* [count], owned */
    size_t count;
    int lines;
    int width; /* of a line; 0: lay them out anew */
} token_layout;

/* Lays the tokens out in lines of `cols` columns. */
void token_layout_set(token_layout *l, const token_source *source, int cols);
/* The place that holds a token. */
size_t token_layout_find(const token_layout *l, size_t token);
/* The place at a line and column, and whether there is one. */
bool token_layout_at(const token_layout *l, int line, int x, size_t *place);
#define TOKEN_LAYOUT_NO_CURSOR SIZE_MAX
/* Draws the lines from `first` on into the rows of r, with the cursor on a token. */
void token_layout_draw(app *a, rect r, int first, const token_layout *l, const token_source *source, size_t cursor);

#endif
