/* theme.c: the style of a role under a theme. */
#include "draw/theme.h"
#include "draw/color.h"

#include <stdlib.h>
#include <string.h>

static const char *const level_names[COLOR_LEVELS] = {"mono", "16", "256"};

const char *color_level_name(color_level level) {
    return level_names[level];
}

int color_level_of(const char *name) {
    for (int i = 0; i < COLOR_LEVELS; i++)
        if (strcmp(level_names[i], name) == 0) return i;
    return -1;
}

const theme *theme_find(const char *name) {
    for (int i = 0; i < theme_count; i++)
        if (strcmp(themes[i].name, name) == 0) return &themes[i];
    return NULL;
}

/* Terminals of 8 colours have no bright ones. */
static short fit(color_level level, short color) {
    return level == COLOR_16 && color > 7 ? color_nearest(color_rgb(color), 0, 8) : color;
}

style theme_style(const theme *t, color_level level, role r, uint8_t flags) {
    style s = t->look[level][r];
    if (t->own[r].set && level != COLOR_MONO) {
        s.fg = fit(level, t->own[r].fg);
        s.bg = fit(level, t->own[r].bg);
    }
    if (!(flags & CELL_CURSOR)) return s;
    short black = level == COLOR_16 ? 0 : 16, white = level == COLOR_16 ? 7 : 231;
    if (t->solid && level != COLOR_MONO && s.bg == black) {
        s.fg = black;
        s.bg = white;
        return s;
    }
    if (t->solid && level != COLOR_MONO) return s;
    if (level != COLOR_256 || t->cursor_bg < 0) {
        if (r == ROLE_FAINT) s.fg = -1; /* else the row would have two colours */
        s.reverse = !s.reverse;
        return s;
    }
    if (s.bg < 0) {
        s.bg = t->cursor_bg;
        if (s.fg < 0) s.fg = t->cursor_ink;
        else if (s.fg >= 232) s.fg = t->cursor_faint; /* a grey of little weight */
    }
    return s;
}

/* COLORFGBG, "15;0": foreground and background as some terminals report them. */
const theme *theme_usual(void) {
    const char *said = getenv("COLORFGBG"), *last = said ? strrchr(said, ';') : NULL;
    bool light = last && (strcmp(last, ";15") == 0 || strcmp(last, ";7") == 0);
    return theme_find(light ? "light" : "dark");
}
