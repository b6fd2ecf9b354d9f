/* test_tui_plot_dots.c: values to dots, against slow versions that look at every dot. */
#include "check.h"
#include "plot/canvas.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool dot_at(const canvas *c, int y, int x, layer l) {
    return canvas_at(c, y / 4, x / 2)->dots[l] >> (2 * (y % 4) + x % 2) & 1;
}

/* The dot whose own value is nearest, found by looking at all. */
static int nearest_dot(double low, double high, bool log, int dots, double value) {
    int best = 0;
    double least = INFINITY;
    for (int i = 0; i < dots; i++) {
        double share = (double)i / (dots - 1);
        double own = log ? log10(low) + share * (log10(high) - log10(low)) : low + share * (high - low);
        double off = fabs(own - (log ? log10(value) : value));
        if (off < least) least = off, best = i;
    }
    return best;
}

static void test_points(void) {
    uint64_t state = 9;
    size_t off = 0, compared = 0;
    for (int i = 0; i < 3000; i++) {
        bool log = roll_below(&state, 2);
        double low = log ? pow(10, roll_unit(&state) * 6 - 3) : roll_unit(&state) * 200 - 100;
        double high = log ? low * pow(10, 0.1 + 4 * roll_unit(&state)) : low + 0.01 + 100 * roll_unit(&state);
        double value = log ? low * pow(high / low, roll_unit(&state)) : low + (high - low) * roll_unit(&state);
        canvas *c = canvas_new(1 + (int)roll_below(&state, 30), 1 + (int)roll_below(&state, 60));
        scale s = {.log = log, .low = low, .high = high};
        int x = (int)lround(canvas_x(c, s, value)), y = (int)lround(canvas_y(c, s, value));
        int twin_x = nearest_dot(low, high, log, 2 * c->cols, value);
        int twin_y = 4 * c->rows - 1 - nearest_dot(low, high, log, 4 * c->rows, value);
        /* exactly between two dots either is right */
        double at = canvas_x(c, s, value), at_y = canvas_y(c, s, value);
        compared++;
        off += x != twin_x && fabs(fabs(at - floor(at)) - 0.5) > 1e-6;
        off += y != twin_y && fabs(fabs(at_y - floor(at_y)) - 0.5) > 1e-6;
        /* and the axis' marks stand in the cell of that dot */
        tick_room room = {c->cols, 0, 0, 1, false, 9, 2};
        off += (int)tick_place(&room, scale_share(s, value)) != x / 2;
        canvas_free(c);
    }
    check(off == 0, "%zu values are in the nearest dot, and marks of the axis in its cell: %zu are not", compared, off);
}

/* Distance of a dot from the segment along the axis in which the segment is shorter. */
static double off_line(double x0, double y0, double x1, double y1, int x, int y) {
    if (fabs(x1 - x0) >= fabs(y1 - y0))
        return x1 == x0 ? fabs(y - y0) : fabs(y0 + (x - x0) / (x1 - x0) * (y1 - y0) - y);
    return fabs(x0 + (y - y0) / (y1 - y0) * (x1 - x0) - x);
}

static void test_lines(void) {
    uint64_t state = 17;
    size_t far = 0, gaps = 0, dots = 0;
    static const dash solid = {{0}, {0}};
    for (int i = 0; i < 2000; i++) {
        canvas *c = canvas_new(1 + (int)roll_below(&state, 20), 1 + (int)roll_below(&state, 40));
        int W = 2 * c->cols, H = 4 * c->rows;
        double reach = roll_below(&state, 2) ? 1 : 20; /* within, or far outside on all sides */
        double x0 = W / 2. + (roll_unit(&state) - 0.5) * (W - 1) * reach,
               x1 = W / 2. + (roll_unit(&state) - 0.5) * (W - 1) * reach;
        double y0 = H / 2. + (roll_unit(&state) - 0.5) * (H - 1) * reach,
               y1 = H / 2. + (roll_unit(&state) - 0.5) * (H - 1) * reach;
        double phase = 0;
        canvas_line(c, x0, y0, x1, y1, ROLE_PLOT1, &solid, &phase);
        bool level = fabs(x1 - x0) >= fabs(y1 - y0);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++)
                if (dot_at(c, y, x, LAYER_LINE)) dots++, far += off_line(x0, y0, x1, y1, x, y) > 1.01;
        /* each column (or row) that the line crosses well inside has a dot */
        for (int k = 0; k < (level ? W : H); k++) {
            double a = level ? x0 : y0, b = level ? x1 : y1;
            if (k < fmin(a, b) + 1 || k > fmax(a, b) - 1) continue;
            double other = (level ? y0 : x0) + (k - a) / (b - a) * (level ? y1 - y0 : x1 - x0);
            if (other < 1 || other > (level ? H : W) - 2) continue;
            bool found = false;
            for (int j = (int)other - 1; j <= (int)other + 2 && j < (level ? H : W); j++)
                if (j >= 0) found = found || (level ? dot_at(c, j, k, LAYER_LINE) : dot_at(c, k, j, LAYER_LINE));
            gaps += !found;
        }
        canvas_free(c);
    }
    check(far == 0, "%zu dots of 2000 lines lie on them: %zu do not", dots, far);
    check(gaps == 0, "lines have no holes, also where they are cut off: %zu have", gaps);
}

static void test_clip(void) {
    uint64_t state = 23;
    size_t wrong = 0, none = 0;
    for (int i = 0; i < 20000; i++) {
        double w = 1 + 100 * roll_unit(&state), h = 1 + 100 * roll_unit(&state);
        double p[4], q[4];
        for (int k = 0; k < 4; k++) q[k] = p[k] = (roll_unit(&state) - 0.4) * 300;
        bool cut = segment_clip(&q[0], &q[1], &q[2], &q[3], w, h), seen = false;
        for (int k = 0; k <= 2000; k++) { /* the slow way: walk along it */
            double x = p[0] + k / 2000. * (p[2] - p[0]), y = p[1] + k / 2000. * (p[3] - p[1]);
            seen = seen || (x >= 0 && x <= w && y >= 0 && y <= h);
        }
        none += !seen;
        if (seen && !cut) wrong++;
        for (int k = 0; k < 4 && cut; k++) wrong += q[k] < -0.5 || q[k] > (k % 2 ? h : w) + 0.5;
    }
    check(wrong == 0 && none > 100,
          "20000 segments are cut to the area as walking along them finds: %zu are not (%zu outside)", wrong, none);
}

static void test_band(void) {
    canvas *c = canvas_new(10, 20);
    canvas_band(c, 4, 30, 10, 30, 20, 15, ROLE_PLOT2);
    size_t outside = 0, empty = 0;
    for (int y = 0; y < 40; y++)
        for (int x = 0; x < 40; x++) {
            double t = (x - 4) / 26., low = 30 - 10 * t, high = 10 + 5 * t;
            if (dot_at(c, y, x, LAYER_BAND)) outside += x < 4 || x > 30 || y < high - 0.5001 || y > low + 0.5001;
        }
    for (int cy = 0; cy < 10; cy++)
        for (int cx = 0; cx < 20; cx++) { /* every cell that lies wholly inside has some of it */
            bool inside = true;
            for (int k = 0; k < 8; k++) {
                int x = 2 * cx + k % 2, y = 4 * cy + k / 2;
                double t = (x - 4) / 26.;
                inside = inside && x >= 4 && x <= 30 && y >= 10 + 5 * t && y <= 30 - 10 * t;
            }
            empty += inside && !canvas_at(c, cy, cx)->dots[LAYER_BAND];
        }
    check(outside == 0 && empty == 0, "a band fills what is between its edges: %zu dots outside, %zu cells empty",
          outside, empty);
    canvas_free(c);
    c = canvas_new(4, 10);
    canvas_band(c, 0, 7, 7, 19, 7, 7, ROLE_PLOT2);
    int shown = 0;
    for (int x = 0; x < 20; x++) shown += dot_at(c, 7, x, LAYER_BAND);
    check(shown == 10, "a band without height still shows: %d dots of 20", shown);
    canvas_free(c);
}

static void test_dashes(void) {
    canvas *c = canvas_new(1, 40);
    dash d = {{6, 0}, {3, 0}};
    double phase = 0;
    for (int x = 0; x < 70; x += 7) canvas_line(c, x, 1, x + 7, 1, ROLE_PLOT1, &d, &phase);
    int wrong = 0;
    for (int x = 0; x < 70; x++) wrong += dot_at(c, 1, x, LAYER_LINE) != (x % 9 < 6);
    check(wrong == 0, "a dash runs on over a line's corners: %d dots are wrong", wrong);
    canvas_free(c);
}

/* Braille's own numbering: dots 1 2 3 7 down the left, 4 5 6 8 down the right. */
static void test_characters(void) {
    static const int number[4][2] = {{1, 4}, {2, 5}, {3, 6}, {7, 8}};
    size_t wrong = 0;
    for (int mask = 0; mask < 256; mask++) {
        uint32_t code = 0x2800;
        for (int row = 0; row < 4; row++)
            for (int column = 0; column < 2; column++)
                if (mask >> (2 * row + column) & 1) code += 1u << (number[row][column] - 1);
        wrong += canvas_braille((uint8_t)mask) != code;
        char ascii = canvas_ascii((uint8_t)mask);
        wrong += (ascii == ' ') != (mask == 0) || ascii < ' ' || ascii > '~';
    }
    check(wrong == 0, "256 patterns of dots are their braille characters, and something in ASCII: %zu are not", wrong);
    static const struct {
        uint8_t dots;
        char expected;
    } cases[] = {{0x03, '\''}, {0x0c, '-'}, {0x30, '-'}, {0xc0, '_'},
                 {0x55, '|'},  {0xaa, '|'}, {0x58, '/'}, {0xa5, '\\'}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(canvas_ascii(cases[i].dots) == cases[i].expected, "dots %02x in ASCII: found %c, expected %c",
              cases[i].dots, canvas_ascii(cases[i].dots), cases[i].expected);
}

int main(void) {
    test_points();
    test_lines();
    test_clip();
    test_band();
    test_dashes();
    test_characters();
    return check_end();
}
