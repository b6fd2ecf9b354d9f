/* color.h: the 256 colours of terminals: as RGB, and as written in settings. */
#ifndef SCRY_DRAW_COLOR_H
#define SCRY_DRAW_COLOR_H

#include <stdbool.h>
#include <stdint.h>

/* 0xRRGGBB of a colour: xterm's first 16 (each terminal may have others), cube and greys. */
uint32_t color_rgb(int index);
/* The nearest of colours from..to-1, by distance in RGB. */
short color_nearest(uint32_t rgb, int from, int to);
/* Reads "red", "208", "#ff8700", or two of them as "white on blue"; "default" is the terminal's own, -1. A colour left
 * out stays as *fg, *bg are. False for anything else. */
bool color_read(const char *text, short *fg, short *bg);

#endif
