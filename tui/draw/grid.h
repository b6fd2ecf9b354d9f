/* grid.h: the screen as cells of text and role, independent of a terminal. Everything is drawn into a grid;
 * terminal/curses_backend.c, tests and :screen read it. */
#ifndef SCRY_DRAW_GRID_H
#define SCRY_DRAW_GRID_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The meaning of a cell; theme.c gives it a look. */
typedef enum role {
    ROLE_TEXT,
    ROLE_FAINT,  /* rules, units, secondary text */
    ROLE_TITLE,  /* the top line */
    ROLE_HEADER, /* column names, pane titles */
    ROLE_FOCUS,  /* the title of the focused pane */
    ROLE_IN,     /* a latent in the score */
    ROLE_OUT,    /* a latent removed by hand */
    ROLE_MARK,
    ROLE_BAR,
    ROLE_BAR_OUT, /* bar of a domain that is left out */
    ROLE_RHO,
    ROLE_KEY, /* a key in the footer or help */
    ROLE_PROMPT,
    ROLE_MESSAGE,
    ROLE_ERROR,
    ROLE_ACT1, /* activation, weak to strong */
    ROLE_ACT2,
    ROLE_ACT3,
    ROLE_ACT4,
    ROLE_PLOT1, /* series of a plot, which also differ in mark or line */
    ROLE_PLOT2,
    ROLE_PLOT3,
    ROLE_PLOT4,
    ROLE_PLOT5,
    ROLE_PLOT6,
    ROLE_FOUND, /* a match of a search */
    ROLES
} role;

extern const char *const role_names[ROLES];

enum { CELL_CODES = 3, CELL_CURSOR = 1 };

typedef struct cell {
    uint32_t code[CELL_CODES]; /* a character and its combining marks; 0: none */
    uint8_t width;             /* 1 or 2; 0 for the right half of a wide one */
    uint8_t role;
    uint8_t flags; /* CELL_CURSOR: the cursor's row */
} cell;

typedef struct grid {
    int rows, cols;
    cell *cells; /* [rows * cols] */
} grid;

typedef struct rect {
    int y, x, rows, cols;
} rect;

grid *grid_new(int rows, int cols); /* owner: grid_free */
void grid_free(grid *g);
void grid_resize(grid *g, int rows, int cols); /* blank afterwards */
void grid_clear(grid *g);

/* Writes safe text (text_clean) from y, x over at most `cols` columns, never outside the grid and
 * never half of a wide character. Returns the columns used. */
int grid_put(grid *g, int y, int x, int cols, role r, const char *text);
/* Adds leading combining marks of a text to the character before x; returns the rest of the text. */
const char *grid_join(grid *g, int y, int x, const char *text);
/* grid_put with printf's format. */
int grid_print(grid *g, int y, int x, int cols, role r, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Right-aligned in `cols`. */
void grid_put_right(grid *g, int y, int x, int cols, role r, const char *text);
void grid_fill(grid *g, int y, int x, int cols, role r, uint32_t code);
void grid_flag(grid *g, int y, int x, int cols, uint8_t flags);
/* The eighths of a cell that grid_bar fills for a share of `cols`, at least one where the share is above 0; and the
 * number of its '#' in ASCII. */
int grid_bar_eighths(int cols, double share);
int grid_bar_ascii(int eighths);
/* A horizontal bar of share (0..1) of `cols`, in eighths of a cell, or '#' in ASCII. */
void grid_bar(grid *g, int y, int x, int cols, role r, double share, bool ascii);

/* Writes the screen as text, a line per row, without trailing blanks. with_roles: {role:text} around text that is not
 * plain, and '|' at the end of each row. */
void grid_write(const grid *g, FILE *file, bool with_roles);

#endif
