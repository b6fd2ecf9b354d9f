/* series_style.h: how series differ: by mark and by line, and by colour besides. */
#ifndef SCRY_PLOT_SERIES_STYLE_H
#define SCRY_PLOT_SERIES_STYLE_H

#include "plot/plot.h"

enum { SERIES_STYLES = 6 };

/* A line's pattern: dots on, off, on, off. on[0] == 0: without gaps. */
typedef struct dash {
    int on[2], off[2];
} dash;

typedef struct series_style {
    role role;
    uint32_t mark; /* of a point */
    char ascii;
    uint32_t bar; /* a full cell of a bar */
    char ascii_bar;
    dash dash;         /* of its line, in dots of a cell's 2 x 4 */
    const char *color; /* in SVG: Okabe and Ito's palette, told apart by colour-blind eyes */
    const char *svg_dash;
} series_style;

/* The mark of the point that is pointed out. */
enum { SERIES_STAR = 0x2605, SERIES_STAR_ASCII = '@' };

/* Which look series i has: its own, or the one it names. */
int series_style_number(const plot *p, size_t i);
const series_style *series_style_of(const plot *p, size_t i);

/* Text made safe for the screen; ascii: 7 bits. Returns its columns. */
enum { LABEL_MOST = 256 };
int label_clean(const char *from, char out[LABEL_MOST], bool ascii);

#endif
