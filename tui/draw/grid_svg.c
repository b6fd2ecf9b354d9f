/* grid_svg.c: a whole screen as an SVG image. */
#include "draw/grid_svg.h"
#include "draw/color.h"
#include "draw/svg.h"
#include "text/text.h"

#include <string.h>

const grid_paper paper_dark = {0xd0d0d0, 0x1c1c1c}, paper_light = {0x1c1c1c, 0xffffff};

/* A cell in pixels, for a monospaced font of 14 whose characters are 0.6 wide. */
static const double wide = 8.4, high = 17, baseline = 13;

typedef struct paint {
    uint32_t fg, bg;
    bool bold, underline;
} paint;

typedef struct sheet {
    const grid *g;
    const theme *theme;
    color_level level;
    grid_paper paper;
    FILE *out;
} sheet;

/* Terminals choose the first 16 colours themselves; these are soft ones that are legible on dark and on light. The rest
 * are xterm's cube and greys. */
static uint32_t palette(int n) {
    static const uint32_t base[16] = {0x1c1c1c, 0xcc5555, 0x4f974f, 0xb08a20, 0x4f77b7, 0xa070b0, 0x409090, 0xd0d0d0,
                                      0x707070, 0xff7777, 0x87d787, 0xffd75f, 0x87afff, 0xd7a0e0, 0x87d7d7, 0xffffff};
    return n < 16 ? base[n] : color_rgb(n);
}

static const cell *cell_at(const sheet *s, int y, int x) {
    return &s->g->cells[(size_t)y * (size_t)s->g->cols + (size_t)x];
}

static paint paint_of(const sheet *s, const cell *c) {
    style look = theme_style(s->theme, s->level, c->role, c->flags);
    paint p = {look.fg < 0 ? s->paper.ink : palette(look.fg), look.bg < 0 ? s->paper.paper : palette(look.bg),
               look.bold, look.underline};
    if (look.reverse) {
        uint32_t fg = p.fg;
        p.fg = p.bg;
        p.bg = fg;
    }
    return p;
}

static bool same(paint a, paint b) {
    return a.fg == b.fg && a.bg == b.bg && a.bold == b.bold && a.underline == b.underline;
}

/* The arms of a box-drawing character: left, right, up, down. */
static unsigned box_arms(uint32_t code) {
    static const struct {
        uint32_t code;
        unsigned arms;
    } boxes[] = {{0x2500, 3},  {0x2502, 12}, {0x250c, 10}, {0x2510, 9}, {0x2514, 6}, {0x2518, 5},
                 {0x251c, 14}, {0x2524, 13}, {0x252c, 11}, {0x2534, 7}, {0x253c, 15}};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        if (boxes[i].code == code) return boxes[i].arms;
    return 0;
}

static void write_box(const sheet *s, double y, double x, unsigned arms, uint32_t color) {
    double cy = y + high / 2, cx = x + wide / 2;
    fputs("<path d=\"", s->out);
    if (arms & 3) svg_put(s->out, "M%n %nH%n", arms & 1 ? x : cx, cy, arms & 2 ? x + wide : cx);
    if (arms & 12) svg_put(s->out, "M%n %nV%n", cx, arms & 4 ? y : cy, arms & 8 ? y + high : cy);
    svg_put(s->out, "\" stroke=\"%c\"/>\n", color);
}

static void write_dots(const sheet *s, double y, double x, uint32_t bits, uint32_t color) {
    static const int row[8] = {0, 1, 2, 0, 1, 2, 3, 3}, column[8] = {0, 0, 0, 1, 1, 1, 0, 1};
    fputs("<path d=\"", s->out);
    for (int i = 0; i < 8; i++)
        if (bits & 1u << i)
            svg_put(s->out, "M%n %nh.01", x + (column[i] + 0.5) * wide / 2, y + (row[i] + 0.5) * high / 4);
    svg_put(s->out, "\" stroke=\"%c\" stroke-width=\"2.6\" stroke-linecap=\"round\"/>\n", color);
}

static void write_rect(const sheet *s, double y, double x, double h, double w, uint32_t color, double opacity) {
    svg_put(s->out, "<rect x=\"%n\" y=\"%n\" width=\"%n\" height=\"%n\" fill=\"%c\" shape-rendering=\"crispEdges\"", x,
            y, w, h, color);
    if (opacity < 1) svg_put(s->out, " fill-opacity=\"%n\"", opacity);
    fputs("/>\n", s->out);
}

static void write_dashes(const sheet *s, double y, double x, bool upright, uint32_t color) {
    fputs("<path d=\"", s->out);
    for (int i = 0; i < 4; i++) {
        if (upright) svg_put(s->out, "M%n %nv2", x + wide / 2, y + (i + 0.25) * high / 4);
        else svg_put(s->out, "M%n %nh1.1", x + (i + 0.25) * wide / 4, y + high / 2);
    }
    svg_put(s->out, "\" stroke=\"%c\"/>\n", color);
}

/* Draws the cell's character as a shape, if it is one of those; else returns false. */
static bool write_shape(const sheet *s, int row, int col, uint32_t code, uint32_t color, bool pretend) {
    double y = row * high, x = col * wide;
    unsigned arms = box_arms(code);
    bool block = code >= 0x2580 && code <= 0x2593, dashes = code == 0x2508 || code == 0x250a;
    bool braille = code > 0x2800 && code <= 0x28ff;
    if (!arms && !block && !dashes && !braille) return false;
    if (pretend) return true;
    if (arms) write_box(s, y, x, arms, color);
    else if (dashes) write_dashes(s, y, x, code == 0x250a, color);
    else if (braille) write_dots(s, y, x, code - 0x2800, color);
    else if (code >= 0x2591) write_rect(s, y, x, high, wide, color, 0.25 * (code - 0x2590));
    else if (code == 0x2590) write_rect(s, y, x + wide / 2, high, wide / 2, color, 1);
    else if (code >= 0x2588) write_rect(s, y, x, high, wide * (0x2590 - code) / 8, color, 1);
    else if (code == 0x2580) write_rect(s, y, x, high / 2, wide, color, 1);
    else write_rect(s, y + high * (0x2588 - code) / 8, x, high * (code - 0x2580) / 8, wide, color, 1);
    return true;
}

static void write_background(const sheet *s, int y) {
    for (int x = 0; x < s->g->cols;) {
        uint32_t bg = paint_of(s, cell_at(s, y, x)).bg;
        int end = x + 1;
        while (end < s->g->cols && paint_of(s, cell_at(s, y, end)).bg == bg) end++;
        if (bg != s->paper.paper) write_rect(s, y * high, x * wide, high, (end - x) * wide, bg, 1);
        x = end;
    }
}

static void write_underline(const sheet *s, int y) {
    for (int x = 0; x < s->g->cols;) {
        paint p = paint_of(s, cell_at(s, y, x));
        int end = x + 1;
        while (end < s->g->cols && same(paint_of(s, cell_at(s, y, end)), p)) end++;
        if (p.underline) write_rect(s, y * high + baseline + 1.6, x * wide, 1, (end - x) * wide, p.fg, 1);
        x = end;
    }
}

/* True for a cell of a text run: one column wide, not blank, not drawn as a shape. */
static bool is_plain(const sheet *s, int y, int x) {
    const cell *c = cell_at(s, y, x);
    return c->width == 1 && c->code[0] > ' ' && !write_shape(s, y, x, c->code[0], 0, true);
}

static void write_codes(const sheet *s, const cell *c) {
    for (int i = 0; i < CELL_CODES && c->code[i]; i++) {
        char bytes[5];
        utf8_encode(c->code[i], bytes);
        svg_text(s->out, bytes);
    }
}

/* Writes the characters from x to end with their total width (textLength), so that every font keeps to the cells. A
 * wide character is centred in its two cells. */
static void write_run(const sheet *s, int y, int x, int end, paint p) {
    int columns = end - x;
    bool two = cell_at(s, y, x)->width == 2;
    svg_put(s->out, "<text x=\"%n\" y=\"%n\"", two ? (x + 1) * wide : x * wide, y * high + baseline);
    if (p.fg != s->paper.ink) svg_put(s->out, " fill=\"%c\"", p.fg);
    if (p.bold) fputs(" font-weight=\"bold\"", s->out);
    if (two) fputs(" text-anchor=\"middle\"", s->out);
    else if (columns > 1) svg_put(s->out, " textLength=\"%n\" lengthAdjust=\"spacingAndGlyphs\"", columns * wide);
    fputc('>', s->out);
    for (int i = x; i < end; i++) write_codes(s, cell_at(s, y, i));
    fputs("</text>\n", s->out);
}

static void write_row(const sheet *s, int y) {
    write_background(s, y);
    write_underline(s, y);
    for (int x = 0; x < s->g->cols;) {
        const cell *c = cell_at(s, y, x);
        paint p = paint_of(s, c);
        if (c->width == 0 || c->code[0] <= ' ' || write_shape(s, y, x, c->code[0], p.fg, false)) {
            x++;
            continue;
        }
        int end = x + 1;
        while (c->width == 1 && end < s->g->cols && is_plain(s, y, end) && same(paint_of(s, cell_at(s, y, end)), p))
            end++;
        write_run(s, y, x, end, p);
        x = end;
    }
}

bool grid_svg(const grid *g, const theme *t, color_level level, grid_paper paper, FILE *file) {
    sheet s = {g, t, level, paper, file};
    double w = g->cols * wide, h = g->rows * high, edge = 6;
    svg_put(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%n\" height=\"%n\" viewBox=\"%n %n %n %n\" "
            "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" fill=\"%c\">\n"
            "<rect x=\"%n\" y=\"%n\" width=\"%n\" height=\"%n\" fill=\"%c\"/>\n",
            w + 2 * edge, h + 2 * edge, -edge, -edge, w + 2 * edge, h + 2 * edge, paper.ink, -edge, -edge, w + 2 * edge,
            h + 2 * edge, paper.paper);
    for (int y = 0; y < g->rows; y++) write_row(&s, y);
    fputs("</svg>\n", file);
    return !ferror(file);
}
