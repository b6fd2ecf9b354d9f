/* theme.h: how roles look: themes, each at every level of colour. */
#ifndef SCRY_DRAW_THEME_H
#define SCRY_DRAW_THEME_H

#include "draw/grid.h"

typedef enum color_level { COLOR_MONO, COLOR_16, COLOR_256, COLOR_LEVELS } color_level;

typedef struct style {
    short fg, bg; /* palette index, -1 the terminal's own */
    bool bold, underline, reverse;
} style;

/* What a user set for a role, in the place of the theme's colours. */
typedef struct theme_own {
    bool set;
    short fg, bg;
} theme_own;

typedef struct theme {
    const char *name, *about;
    bool light;                      /* for a light background */
    const style *look[COLOR_LEVELS]; /* [ROLES] */
    /* the row that the keys act on. At 256 colours: its background (-1: reversed), what the
     * terminal's own ink becomes, which may be of the other kind, and what greys become there. With
     * `solid` the theme has a background of its own, and the whole row is that colour on white. */
    short cursor_bg, cursor_ink, cursor_faint;
    bool solid;
    theme_own own[ROLES];
} theme;

/* The first is the default. */
extern const theme themes[];
extern const int theme_count;
/* NULL: no such theme. */
const theme *theme_find(const char *name);
/* Dark, or light where the terminal says that it is (COLORFGBG). */
const theme *theme_usual(void);
const char *color_level_name(color_level level); /* mono, 16, 256 */
/* -1: no such level. */
int color_level_of(const char *name);

style theme_style(const theme *t, color_level level, role r, uint8_t flags);

#endif
