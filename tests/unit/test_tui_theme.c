/* test_tui_theme.c: measures the themes: text against its background by the contrast ratio of WCAG 2, on black and on
 * white; shades of activation ordered by lightness; pairs of opposite meaning distinct under three kinds of colour
 * blindness. */
#include "check.h"

#include "draw/color.h"
#include "draw/grid_ansi.h"
#include "draw/theme.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct light {
    double c[3]; /* linear red, green, blue, 0 to 1 */
} light;

static light light_of(uint32_t rgb) {
    light l;
    for (int i = 0; i < 3; i++) {
        double v = (double)(rgb >> (16 - 8 * i) & 255) / 255;
        l.c[i] = v <= 0.03928 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    return l;
}

static double luminance(light l) {
    return 0.2126 * l.c[0] + 0.7152 * l.c[1] + 0.0722 * l.c[2];
}

static double ratio(uint32_t a, uint32_t b) {
    double x = luminance(light_of(a)) + 0.05, y = luminance(light_of(b)) + 0.05;
    return x > y ? x / y : y / x;
}

/* What a terminal with this ink and paper shows. Terminals show bold colours below 8 bright. */
static void shown(style s, uint32_t ink, uint32_t paper, uint32_t *fg, uint32_t *bg) {
    *fg = s.fg < 0 ? ink : color_rgb(s.bold && s.fg < 8 ? s.fg + 8 : s.fg);
    *bg = s.bg < 0 ? paper : color_rgb(s.bg);
    if (s.reverse) {
        uint32_t swap = *fg;
        *fg = *bg;
        *bg = swap;
    }
}

static bool is_picture(role r) {
    return r == ROLE_BAR || r == ROLE_BAR_OUT || r >= ROLE_PLOT1;
}

/* Blocks are as dark as their colour; WCAG asks 3 to 1 for them. At 16 colours the user's terminal decides what each
 * colour is, so that xterm's must only be readable. */
static double least_of(const theme *t, color_level level, role r) {
    if (level == COLOR_16 || is_picture(r)) return 3;
    return strcmp(t->name, "contrast") == 0 ? 7 : 4.5;
}

static void contrast(const theme *t, color_level level) {
    /* black and a usual dark grey; white and a usual cream */
    static const uint32_t papers[2][2] = {{0x000000, 0x121212}, {0xffffff, 0xfffff0}};
    uint32_t ink = t->light ? 0x1c1c1c : 0xe5e5e5;
    char where[120] = "";
    double faintest = 1000;
    int below = 0;
    for (int p = 0; p < (level == COLOR_16 ? 1 : 2); p++)
        for (int r = 0; r < ROLES; r++)
            for (int cursor = 0; cursor < 2; cursor++) {
                uint32_t fg, bg;
                shown(theme_style(t, level, (role)r, cursor ? CELL_CURSOR : 0), ink, papers[t->light][p], &fg, &bg);
                double found = ratio(fg, bg), least = least_of(t, level, (role)r);
                if (found / least < faintest) {
                    faintest = found / least;
                    snprintf(where, sizeof where, "%s%s %.2f of %.1f", role_names[r], cursor ? " under the cursor" : "",
                             found, least);
                }
                below += found < least;
            }
    check(below == 0, "%s at %s colours: %d roles are too faint; the faintest: %s", t->name, color_level_name(level),
          below, where);
}

/* Stronger activations are further from the paper, by lightness alone. */
static void shades(const theme *t) {
    double before = -1, paper = t->light ? 1 : 0;
    bool ordered = true;
    for (int r = ROLE_ACT1; r <= ROLE_ACT4; r++) {
        style s = theme_style(t, COLOR_256, (role)r, 0);
        double far = fabs(luminance(light_of(color_rgb(s.bg))) - paper);
        ordered = ordered && far > before;
        before = far;
    }
    check(ordered, "%s: the four shades of activation are in order of lightness", t->name);
}

/* ---- colour-blind eyes ---------------------------------------------------------------------- */

/* Machado, Oliveira and Fernandes 2009, severity 1: protanopia, deuteranopia, tritanopia; on linear light. */
static const double eyes[3][3][3] = {
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}};

static double lab_part(double v) {
    return v > 0.008856 ? cbrt(v) : 7.787 * v + 16.0 / 116;
}

/* CIE L*a*b* of linear light, white D65. */
static void lab_of(light l, double lab[3]) {
    double x = 0.4124 * l.c[0] + 0.3576 * l.c[1] + 0.1805 * l.c[2], y = luminance(l);
    double z = 0.0193 * l.c[0] + 0.1192 * l.c[1] + 0.9505 * l.c[2];
    double fx = lab_part(x / 0.95047), fy = lab_part(y), fz = lab_part(z / 1.08883);
    lab[0] = 116 * fy - 16;
    lab[1] = 500 * (fx - fy);
    lab[2] = 200 * (fy - fz);
}

static double distance_for(int eye, uint32_t a, uint32_t b) {
    double lab[2][3], sum = 0;
    uint32_t rgb[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        light l = light_of(rgb[k]), seen = {{0}};
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) seen.c[i] += eyes[eye][i][j] * l.c[j];
            seen.c[i] = fmin(1, fmax(0, seen.c[i]));
        }
        lab_of(seen, lab[k]);
    }
    for (int i = 0; i < 3; i++) sum += (lab[0][i] - lab[1][i]) * (lab[0][i] - lab[1][i]);
    return sqrt(sum);
}

/* in and out, a bar and one that takes no part, the first two series of a plot. */
static void apart(const theme *t) {
    static const role pairs[][2] = {{ROLE_IN, ROLE_OUT}, {ROLE_BAR, ROLE_BAR_OUT}, {ROLE_PLOT1, ROLE_PLOT2}};
    double least = 1000;
    char where[80] = "";
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
        for (int eye = 0; eye < 3; eye++) {
            uint32_t color[2], bg[2], paper = t->light ? 0xffffff : 0;
            for (int k = 0; k < 2; k++) {
                shown(theme_style(t, COLOR_256, pairs[p][k], 0), ~paper & 0xffffff, paper, &color[k], &bg[k]);
            }
            double d = distance_for(eye, color[0], color[1]);
            if (d >= least) continue;
            least = d;
            snprintf(where, sizeof where, "%s and %s", role_names[pairs[p][0]], role_names[pairs[p][1]]);
        }
    check(least >= 20, "%s: opposite roles stay apart for colour-blind eyes; the nearest, %s, by %.0f", t->name, where,
          least);
}

/* In mono nothing is coloured, and what differs in meaning differs in looks or has a sign of its own. */
static void mono(void) {
    int colored = 0, alike = 0;
    for (int i = 0; i < theme_count; i++)
        for (int r = 0; r < ROLES; r++) {
            style s = theme_style(&themes[i], COLOR_MONO, (role)r, 0);
            style under = theme_style(&themes[i], COLOR_MONO, (role)r, CELL_CURSOR);
            colored += s.fg >= 0 || s.bg >= 0;
            alike += s.reverse == under.reverse;
        }
    check(colored == 0 && alike == 0, "mono: %d roles have a colour, %d look the same under the cursor", colored,
          alike);
    const theme *m = theme_find("mono");
    style s = theme_style(m, COLOR_256, ROLE_BAR, 0);
    check(m && s.fg < 0 && s.bg < 0, "the mono theme has no colour at 256 either");
}

/* ---- colours by words, and as text ---------------------------------------------------------- */

static void words(void) {
    static const struct {
        const char *text;
        bool ok;
        short fg, bg;
    } cases[] = {{"red", true, 1, -2},
                 {"208", true, 208, -2},
                 {"#ff8700", true, 208, -2},
                 {"white on blue", true, 7, 4},
                 {"default on 255", true, -1, 255},
                 {"256", false, 0, 0},
                 {"-1", false, 0, 0},
                 {"#ff87", false, 0, 0},
                 {"#gg8700", false, 0, 0},
                 {"rot", false, 0, 0},
                 {"red on", false, 0, 0},
                 {"red on blue x", false, 0, 0},
                 {"red blue", false, 0, 0},
                 {"", false, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        short fg = -2, bg = -2;
        bool ok = color_read(cases[i].text, &fg, &bg);
        check(ok == cases[i].ok && (!ok || (fg == cases[i].fg && bg == cases[i].bg)),
              "colour \"%s\": found %d, %d on %d", cases[i].text, ok, fg, bg);
    }
    int lost = 0;
    for (int i = 16; i < 256; i++) lost += color_rgb(color_nearest(color_rgb(i), 16, 256)) != color_rgb(i);
    check(lost == 0, "each colour is nearest to itself, %d are not", lost);
    theme t = themes[0];
    t.own[ROLE_BAR] = (theme_own){true, 208, -1};
    check(theme_style(&t, COLOR_256, ROLE_BAR, 0).fg == 208 && theme_style(&t, COLOR_16, ROLE_BAR, 0).fg == 3 &&
              theme_style(&t, COLOR_MONO, ROLE_BAR, 0).fg == -1,
          "a colour of the user's: itself at 256, the nearest at 16, none in mono");
}

static void as_text(void) {
    grid *g = grid_new(1, 6);
    grid_put(g, 0, 0, 2, ROLE_ERROR, "no");
    grid_put(g, 0, 2, 1, ROLE_TEXT, " ");
    grid_put(g, 0, 3, 1, ROLE_KEY, "k");
    static const char *const expected[COLOR_LEVELS] = {
        "\033[0;1;7mno\033[0m \033[0;1mk\033[0m  \n", "\033[0;1;37;41mno\033[0m \033[0;1mk\033[0m  \n",
        "\033[0;1;38;5;231;48;5;124mno\033[0m \033[0;1;38;5;215mk\033[0m  \n"};
    for (int level = 0; level < COLOR_LEVELS; level++) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        grid_ansi(g, &themes[0], (color_level)level, f);
        fclose(f);
        check(strcmp(text, expected[level]) == 0, "a row as text at %s colours", color_level_name((color_level)level));
        free(text);
    }
    grid_free(g);
}

int main(void) {
    for (int i = 0; i < theme_count; i++) {
        if (strcmp(themes[i].name, "mono") == 0) continue;
        contrast(&themes[i], COLOR_256);
        contrast(&themes[i], COLOR_16);
        shades(&themes[i]);
        apart(&themes[i]);
    }
    mono();
    words();
    as_text();
    return check_end();
}
