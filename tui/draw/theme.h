/* theme.h: themes, which give each role a style for every number of colours. */
#ifndef SCRY_DRAW_THEME_H
#define SCRY_DRAW_THEME_H

#include "draw/grid.h"

typedef enum color_level { COLOR_MONO, COLOR_16, COLOR_256, COLOR_LEVELS } color_level;

typedef struct style {
    short fg, bg; /* palette index, -1 the terminal's own */
    bool bold, underline, reverse;
} style;

/* A user's colours for a role, which override the theme's. */
typedef struct theme_own {
    bool set;
    short fg, bg;
} theme_own;

typedef struct theme {
    const char *name, *about;
    bool light;                      /* for a light background */
    const style *look[COLOR_LEVELS]; /* [ROLES] */
    /* The cursor's row at 256 colours: its background (-1: reversed), and the colours that replace the terminal's own
     * foreground, which may be too close to it, and greys. solid: the theme has its own background, and the whole row
     * is drawn in that colour on white. */
    short cursor_bg, cursor_ink, cursor_faint;
    bool solid;
    theme_own own[ROLES];
} theme;

/* The first is the default. */
extern const theme themes[];
extern const int theme_count;
/* Returns a theme by name, or NULL. */
const theme *theme_find(const char *name);
/* The default theme: dark, or light where COLORFGBG says that the background is. */
const theme *theme_usual(void);
const char *color_level_name(color_level level); /* mono, 16, 256 */
/* Returns a level by name, or -1. */
int color_level_of(const char *name);

/* The style of a role; flags: of the cell (CELL_CURSOR). */
style theme_style(const theme *t, color_level level, role r, uint8_t flags);

#endif
