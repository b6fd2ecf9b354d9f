/* theme.h: how roles look, at each level of colour. */
#ifndef SCRY_THEME_H
#define SCRY_THEME_H

#include "draw/grid.h"

typedef enum color_level { COLOR_MONO, COLOR_16, COLOR_256, COLOR_LEVELS } color_level;

typedef struct style {
    short fg, bg; /* palette index, -1 the terminal's own */
    bool bold, underline, reverse;
} style;

style theme_style(color_level level, role r, uint8_t flags);

#endif
