/* layout.c: the rectangles of the panes. */
#include "draw/layout.h"

/* A title, and a line that says so. */
enum { NO_DOMAINS_ROWS = 2 };

static int clamp(int value, int low, int high) {
    if (value > high) value = high;
    return value < low ? low : value;
}

/* The rows that the domains' pane asks for: its title, two lines of rho, and the domains, in two columns where one has
 * no room. */
static int domain_rows(int free_rows, int domains, int cols) {
    if (!domains) return NO_DOMAINS_ROWS;
    int all = domains + 3, folded = cols >= 76 ? (domains + 1) / 2 + 3 : all;
    if (all <= free_rows * 2 / 5) return all;
    return clamp(folded, 4, free_rows / 2);
}

static void stack(layout *l, int y, int rows, int cols, int domains) {
    int below = domain_rows(rows, domains, cols);
    int rest = rows - below;
    int latent = clamp(rest * 2 / 5, 3, rest - 4);
    l->pane[PANE_TABLE] = (rect){y, 0, rest - latent, cols};
    l->pane[PANE_LATENT] = (rect){y + rest - latent, 0, latent, cols};
    l->pane[PANE_DOMAINS] = (rect){y + rest, 0, below, cols};
}

static void put_side_by_side(layout *l, int y, int rows, int cols, int domains) {
    int left = clamp(cols / 2, 78, 110), right = cols - left - 1;
    int below = domain_rows(rows, domains, right);
    if (domains && domains + 4 <= rows / 2) below = domains + 4;
    l->pane[PANE_TABLE] = (rect){y, 0, rows, left};
    l->pane[PANE_LATENT] = (rect){y, left + 1, rows - below, right};
    l->pane[PANE_DOMAINS] = (rect){y + rows - below, left + 1, below, right};
}

layout layout_make(int rows, int cols, int enlarged, int domains) {
    layout l = {.too_small = rows < LAYOUT_ROWS || cols < LAYOUT_COLS};
    if (l.too_small) return l;
    l.title = (rect){0, 0, 1, cols};
    l.footer = (rect){rows - 1, 0, 1, cols};
    int y = 1, middle = rows - 2;
    if (enlarged >= 0 && enlarged < PANES) {
        l.pane[enlarged] = (rect){y, 0, middle, cols};
    } else if (cols >= 140) {
        l.side_by_side = true;
        put_side_by_side(&l, y, middle, cols, domains);
    } else {
        stack(&l, y, middle, cols, domains);
    }
    return l;
}
