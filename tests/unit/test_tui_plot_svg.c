/* test_tui_plot_svg.c: plots and screens as SVG: well formed whatever the text; the axes' numbers follow the shared
 * rules; every character of a screen is in its cell. */
#include "check.h"
#include "draw/grid_svg.h"
#include "text/text.h"
#include "plot/plot_layout.h"
#include "plot_examples.h"
#include "xml.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static xml x; /* too large for the stack */

static char *plot_text(const plot *p, int width, int height) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    bool ok = plot_svg(p, width, height, f);
    fclose(f);
    if (!ok) check(false, "plot_svg says it could not be written");
    return text;
}

static char *screen_svg(const grid *g, color_level level, grid_paper paper) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    grid_svg(g, &themes[0], level, paper, f);
    fclose(f);
    return text;
}

/* The reader itself must be able to say no. */
static void test_reader(void) {
    static const char *const broken[] = {"<a>",
                                         "<a></b>",
                                         "<a/><b/>",
                                         "<a b=c/>",
                                         "<a b=\"1\" b=\"2\"/>",
                                         "<a>&nbsp;</a>",
                                         "<a>\x01</a>",
                                         "<a>\xff</a>",
                                         "<a b=\"<\"/>",
                                         "<a>&</a>",
                                         "x<a/>",
                                         "<a>\xef\xbf\xbf</a>",
                                         ""};
    size_t taken = 0;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) taken += xml_read(&x, broken[i]);
    check(taken == 0 && xml_read(&x, "<a b=\"&lt;\"><c/>&amp;\n</a>\n"),
          "the test's reader of XML refuses what is broken: %zu taken", taken);
}

/* ---- plots ------------------------------------------------------------------------------------ */

/* Numbers after any of these must be finite and, but for paths, within the picture. */
static bool numbers_sound(const char *svg) {
    return !strstr(svg, "nan") && !strstr(svg, "inf\"") && !strstr(svg, "inf ") && !strstr(svg, "e+");
}

static void test_sizes(void) {
    static example e;
    static const int sizes[][2] = {{640, 400}, {160, 100}, {200, 800}, {1600, 300}, {10, 10}, {3000, 2000}};
    for (int i = 0; i < EXAMPLES; i++) {
        memset(&e, 0, sizeof e);
        examples[i].make(&e);
        size_t bad = 0;
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            char *svg = plot_text(&e.p, sizes[s][0], sizes[s][1]);
            if (!xml_read(&x, svg) || !numbers_sound(svg))
                printf("# %s at %dx%d: %s\n", examples[i].name, sizes[s][0], sizes[s][1], x.wrong), bad++;
            free(svg);
        }
        check(bad == 0, "%s is well-formed SVG at %zu sizes: %zu are not", examples[i].name,
              sizeof sizes / sizeof *sizes, bad);
    }
}

/* The y of each text element of that style. */
static size_t texts_at(const char *svg, const char *kind, double *y, size_t most) {
    size_t n = 0;
    for (const char *at = svg; (at = strstr(at, "<text x=\"")) != NULL && n < most; at++) {
        const char *close = strchr(at, '>'), *where = strstr(at, " y=\"");
        const char *found = strstr(at, kind);
        if (found && found < close && where) y[n++] = strtod(where + 4, NULL);
    }
    return n;
}

/* A file is not scrolled: it has all rows of bars, and none of their texts touches the next. */
static void test_height(void) {
    enum { ROWS = 61 };
    static double share[2][ROWS], y[4 * ROWS];
    static const char *names[ROWS], *texts[ROWS];
    for (int i = 0; i < ROWS; i++) names[i] = "name", texts[i] = "12.5%", share[0][i] = share[1][i] = i;
    plot p = {.title = "bars", .series_count = 2};
    static plot_series series[2];
    for (int k = 0; k < 2; k++)
        series[k] = (plot_series){
            .kind = PLOT_BARS, .name = k ? "b" : "a", .n = ROWS, .x = share[k], .names = names, .texts = texts};
    p.series = series;
    int height = plot_svg_height(&p, 880, 560);
    char *svg = plot_text(&p, 880, height);
    size_t n = texts_at(svg, "text-anchor=\"end\"", y, 4 * ROWS);
    check(xml_read(&x, svg) && !strstr(svg, " more</text>"), "all %d rows are in %d pixels", ROWS, height);
    double least = 1e9;
    size_t values = 0;
    for (size_t i = 0; i + 1 < n; i++) { /* value, value, name, ... */
        if (i % 3 != 0) continue;
        values++;
        least = fmin(least, y[i + 1] - y[i]);
        if (i + 3 < n) least = fmin(least, y[i + 3] - y[i + 1]);
    }
    check(values == ROWS && least >= 13, "texts of bars are %.1f pixels apart", least);
    free(svg);
    p.series_count = 1;
    series[0].n = 4;
    check_is((uint64_t)plot_svg_height(&p, 880, 560), 560, "few rows need no more");
    static example e;
    example_scatter(&e);
    check_is((uint64_t)plot_svg_height(&e.p, 880, 560), 560, "nor does a scatter");
}

static void test_scatter(void) {
    static example e;
    example_scatter(&e);
    char *svg = plot_text(&e.p, 640, 400);
    check(xml_read(&x, svg), "the scatter is well formed %s", x.wrong);
    size_t names = 0;
    for (int i = 0; i < DOMAINS; i++) {
        char tag[64];
        snprintf(tag, sizeof tag, ">%s</text>", domain_names[i]);
        names += strstr(svg, tag) != NULL;
    }
    check_is(names, DOMAINS, "names on the scatter");
    check_says(
        svg, SAYS("score and measured change", "rho .87  R2 .76", "engineering: 10.63, 9.8", "STS act", "fitted line"),
        "title, notes, labels, legend, and what a pointer is told");
    check(!strstr(svg, "<script") && !strstr(svg, "href") && !strstr(svg, "url("), "it is self-contained");
    free(svg);
}

/* Every number of the axes is that of the shared rules, with a true minus. */
static void test_axes(void) {
    static example e;
    example_rho(&e);
    plot_layout *f = malloc(sizeof *f);
    plot_layout_make(&e.p, (box){12, 12, 376, 616}, (measure){7.8, 18, false, false}, f);
    char *svg = plot_text(&e.p, 640, 400);
    xml_read(&x, svg);
    size_t missing = 0;
    for (size_t i = 0; i < f->x_ticks.n + f->y_ticks.n; i++) {
        const char *text = i < f->x_ticks.n ? f->x_ticks.tick[i].text : f->y_ticks.tick[i - f->x_ticks.n].text;
        char tag[80];
        snprintf(tag, sizeof tag, ">%s%s</text>", *text == '-' ? "\xe2\x88\x92" : "", *text == '-' ? text + 1 : text);
        missing += !strstr(svg, tag);
    }
    check(missing == 0 && f->y_ticks.n >= 5 && f->x_ticks.n >= 3, "%zu and %zu numbers stand on the axes: %zu do not",
          f->x_ticks.n, f->y_ticks.n, missing);
    free(svg);
    free(f);
}

static void test_strangers(void) {
    const char *evil[] = {"<script>alert(1)</script>", "a & b", "\"quoted\" 'too'", "\x1b[31m\x01",
                          "\xff\xef\xbf\xbf",          "]]>"};
    double v[] = {1, 2, 3, 4, 5, 6};
    plot_series s[2] = {{.kind = PLOT_POINTS, .name = "<p>", .n = 6, .x = v, .y = v, .names = evil},
                        {.kind = PLOT_LINE, .name = "a & b", .n = 6, .x = v, .y = v}};
    plot_rule rule = {true, 3, "<rule>"};
    const char *notes[] = {"</text>"};
    plot p = {.title = "<title> & \x07",
              .notes = notes,
              .note_count = 1,
              .x = {.label = "<x>"},
              .y = {.label = "&y;"},
              .series = s,
              .series_count = 2,
              .rules = &rule,
              .rule_count = 1,
              .has_cursor = true,
              .cursor = 4,
              .cursor_text = "<c>",
              .empty = "<none>"};
    for (int pass = 0; pass < 3; pass++) {
        if (pass == 1)
            s[0] = (plot_series){.kind = PLOT_BARS, .name = "<b>", .n = 6, .x = v, .names = evil, .texts = evil};
        if (pass == 2) p.series_count = 0;
        char *svg = plot_text(&p, 900, 600);
        check(xml_read(&x, svg) && !strstr(svg, "<script"), "untrusted text is escaped (%d) %s", pass, x.wrong);
        if (pass == 0)
            check_says(x.text, SAYS("<script>alert(1)</script>", "a & b", "<x>", "&y;", "<rule>", "<c>", "</text>"),
                       "and reads as it was");
        if (pass == 2) check_says(x.text, SAYS("no data: <none>"), "the reason of an empty plot too");
        free(svg);
    }
}

/* A long line becomes a path of pixels' size, and one that leaves the area is cut. */
static void test_long_line(void) {
    enum { N = 100000 };
    double *v = malloc(N * sizeof *v);
    if (!v) abort();
    for (int i = 0; i < N; i++) v[i] = sin(i / 5000.) * 10;
    plot_series s = {.kind = PLOT_LINE, .n = N, .y = v};
    plot p = {.series = &s, .series_count = 1, .y = {.fix_low = true, .low = -2, .fix_high = true, .high = 2}};
    char *svg = plot_text(&p, 640, 400);
    check(xml_read(&x, svg) && strlen(svg) < 100000, "a line of %d points is written in %zu bytes", N, strlen(svg));
    double lowest = 0, highest = 400;
    for (const char *at = svg; (at = strpbrk(at, "ML")); at++) {
        double px, py;
        if (sscanf(at + 1, "%lf %lf", &px, &py) == 2) lowest = fmax(lowest, py), highest = fmin(highest, py);
    }
    check(highest > 5 && lowest < 395, "and stays in the picture: %g to %g", highest, lowest);
    free(svg);
    free(v);
}

/* ---- screens ---------------------------------------------------------------------------------- */

static void test_screen_text(void) {
    grid *g = grid_new(4, 30);
    grid_put(g, 0, 0, 30, ROLE_HEADER, "a<b & \"c\"  \xe4\xb8\xad\xe6\x96\x87 e\xcc\x81 \xf0\x9f\x98\x80!");
    grid_put(g, 1, 0, 30, ROLE_ERROR, "error");
    grid_fill(g, 2, 0, 5, ROLE_BAR, 0x2588);
    grid_fill(g, 2, 5, 1, ROLE_BAR, 0x258c);
    grid_fill(g, 3, 0, 1, ROLE_PLOT1, 0x28ff);
    grid_fill(g, 3, 1, 1, ROLE_FAINT, 0x253c);
    grid_put(g, 3, 3, 5, ROLE_ACT3, "under");
    for (int level = 0; level < COLOR_LEVELS; level++) {
        char *svg = screen_svg(g, (color_level)level, paper_dark);
        check(xml_read(&x, svg), "a screen is well-formed SVG at colour level %d %s", level, x.wrong);
        check_says(x.text,
                   SAYS("a<b", "&", "\"c\"", "\xe4\xb8\xad", "\xe6\x96\x87", "e\xcc\x81", "\xf0\x9f\x98\x80", "!",
                        "error", "under"),
                   "all of its text is there");
        check(!strstr(x.text, "\xe2\x96\x88") && !strstr(x.text, "\xe2\xa3\xbf"),
              "blocks and dots are drawn, not written");
        free(svg);
    }
    char *svg = screen_svg(g, COLOR_256, paper_light);
    /* columns 11-12 and 13-14 hold the wide ones, in their middle; column 15 the accented e */
    check_says(svg,
               SAYS("x=\"100.8\" y=\"13\"", "x=\"117.6\" y=\"13\"", "text-anchor=\"middle\">\xe4\xb8\xad</text>",
                    ">e\xcc\x81</text>", "fill=\"#ffffff\""),
               "wide characters stand in the middle of two cells, combining marks with their letter");
    free(svg);
    grid_free(g);
}

/* Colours, bold, reverse and the cursor's row come from the theme at each level. */
static void test_screen_colours(void) {
    grid *g = grid_new(2, 10);
    grid_put(g, 0, 0, 10, ROLE_TITLE, "title");
    grid_put(g, 1, 0, 10, ROLE_BAR, "bar");
    char *svg = screen_svg(g, COLOR_256, paper_dark);
    /* title: 255 on 24, bold; bar: 74. 24 = 16 + 0*36 + 1*6 + 2, 74 = 16 + 1*36 + 3*6 + 4; grey 255 = 8 + 23*10 */
    check_says(svg, SAYS("fill=\"#005f87\"", "fill=\"#eeeeee\" font-weight=\"bold\"", "fill=\"#5fafd7\""),
               "256 colours are xterm's");
    free(svg);
    svg = screen_svg(g, COLOR_MONO, paper_dark);
    check_says(svg, SAYS("width=\"42\" height=\"17\" fill=\"#d0d0d0\"", "fill=\"#1c1c1c\" textLength"),
               "without colour the title is reversed: paper on ink");
    free(svg);
    grid_flag(g, 1, 0, 10, CELL_CURSOR);
    svg = screen_svg(g, COLOR_16, paper_dark);
    check_says(svg, SAYS("y=\"17\" width=\"58.8\" height=\"17\" fill=\"#d0d0d0\""),
               "the cursor's row is reversed in 16 colours");
    free(svg);
    grid_free(g);
}

/* A plot's screen: as many dots as the cells have. */
static void test_screen_dots(void) {
    static example e;
    example_concentration(&e);
    grid *g = grid_new(24, 80);
    plot_draw(g, (rect){0, 0, 24, 80}, &e.p, false);
    size_t dots = 0, drawn = 0;
    for (int i = 0; i < 24 * 80; i++)
        if (g->cells[i].code[0] > 0x2800 && g->cells[i].code[0] <= 0x28ff)
            for (uint32_t bits = g->cells[i].code[0] - 0x2800; bits; bits >>= 1) dots += bits & 1;
    char *svg = screen_svg(g, COLOR_256, paper_dark);
    for (const char *at = svg; (at = strstr(at, "h.01")); at++) drawn++;
    check(xml_read(&x, svg), "a plot's screen is well-formed SVG %s", x.wrong);
    check_is(drawn, dots, "dots drawn of the screen's braille");
    check_says(x.text, SAYS("concentration", "100%", "N,", "largest"), "and its words");
    free(svg);
    grid_free(g);
}

int main(void) {
    test_reader();
    test_sizes();
    test_height();
    test_scatter();
    test_axes();
    test_strangers();
    test_long_line();
    test_screen_text();
    test_screen_colours();
    test_screen_dots();
    return check_end();
}
