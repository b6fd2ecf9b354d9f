/* svg.h: writing SVG that every reader takes: text escaped, numbers short. */
#ifndef SCRY_DRAW_SVG_H
#define SCRY_DRAW_SVG_H

#include <stdio.h>

/* A piece of SVG with %-words of its own: %n a double with two decimals at most, %s text as it stands, %t text escaped,
 * %d an int, %c a colour 0xRRGGBB (uint32_t); %% a percent sign. */
void svg_put(FILE *f, const char *format, ...);
/* Text as content or in quotes: markup escaped; what XML forbids becomes U+FFFD. */
void svg_text(FILE *f, const char *text);

#endif
