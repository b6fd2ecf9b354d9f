/* test_tui_plot_draw.c: plots in cells: at every size nothing leaves the rectangle, names and axis numbers are complete
 * and do not overlap, and invalid data gives a message. */
#include "check.h"
#include "text/text.h"
#include "plot/point_labels.h"
#include "plot_examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *screen_text(const grid *g) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    grid_write(g, f, false);
    fclose(f);
    return text;
}

/* ---- every size ------------------------------------------------------------------------------- */

enum { SENTINEL = 0x40, EDGE = 2 };

/* Cells around the rectangle keep what was in them; all cells within hold one whole character. */
static const char *fault(const example *e, int rows, int cols, bool ascii) {
    static char what[200];
    grid *g = grid_new(rows + 2 * EDGE, cols + 2 * EDGE);
    for (int y = 0; y < g->rows; y++) grid_fill(g, y, 0, g->cols, ROLE_ERROR, SENTINEL);
    plot_draw(g, (rect){EDGE, EDGE, rows, cols}, &e->p, ascii);
    what[0] = 0;
    int inked = 0;
    for (int y = 0; y < g->rows && !what[0]; y++)
        for (int x = 0; x < g->cols; x++) {
            const cell *c = &g->cells[y * g->cols + x];
            bool inside = y >= EDGE && y < EDGE + rows && x >= EDGE && x < EDGE + cols;
            if (!inside && (c->role != ROLE_ERROR || c->code[0] != SENTINEL))
                snprintf(what, sizeof what, "cell %d %d outside was drawn", y - EDGE, x - EDGE);
            if (inside && c->role == ROLE_ERROR)
                snprintf(what, sizeof what, "cell %d %d was left as it was", y - EDGE, x - EDGE);
            if (inside && ascii && c->code[0] > 0x7e) snprintf(what, sizeof what, "U+%04x in ASCII", c->code[0]);
            inked += inside && c->code[0] != ' ';
        }
    if (!what[0] && cols >= 5 && inked == 0) snprintf(what, sizeof what, "nothing was drawn");
    grid_free(g);
    return what[0] ? what : NULL;
}

static void test_sizes(void) {
    static example e;
    for (int i = 0; i < EXAMPLES; i++) {
        memset(&e, 0, sizeof e);
        examples[i].make(&e);
        size_t bad = 0, drawn = 0;
        for (int rows = 1; rows <= 100; rows += rows < 30 ? 1 : 7)
            for (int cols = 1; cols <= 300; cols += cols < 30 ? 1 : cols < 100 ? 7 : 23) {
                const char *what = fault(&e, rows, cols, (rows + cols) % 2);
                drawn++;
                if (what && bad++ < 3) printf("# %s at %dx%d: %s\n", examples[i].name, rows, cols, what);
            }
        check(bad == 0, "%s at %zu sizes from 1x1 to 100x300 stays in its rectangle: %zu do not", examples[i].name,
              drawn, bad);
    }
    /* rectangles over the grid's edges are drawn as the part that lies in it, those beyond it not at all */
    static const rect over[] = {{-3, -5, 40, 60}, {3, 5, 40, 60}, {50, 50, 3, 3}};
    static const rect inside[] = {{0, 0, 10, 20}, {3, 5, 7, 15}, {0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        grid *cut = grid_new(10, 20), *part = grid_new(10, 20);
        plot_draw(cut, over[i], &e.p, false);
        if (inside[i].rows) plot_draw(part, inside[i], &e.p, false);
        check(memcmp(cut->cells, part->cells, (size_t)(cut->rows * cut->cols) * sizeof *cut->cells) == 0,
              "a rectangle at %d,%d beyond the grid is cut to it", over[i].y, over[i].x);
        grid_free(cut);
        grid_free(part);
    }
}

static void test_tiny(void) {
    static example e;
    example_scatter(&e);
    grid *g = grid_new(1, 30);
    plot_draw(g, (rect){0, 0, 1, 30}, &e.p, false);
    char *text = screen_text(g);
    check(strstr(text, "too small") != NULL, "one line says so");
    free(text);
    grid_free(g);
    g = grid_new(5, 20);
    plot_draw(g, (rect){0, 0, 5, 20}, &e.p, false);
    text = screen_text(g);
    check_says(text, SAYS("score", "\xe2\x98\x85", "10", "0"), "5x20 still shows title, points and numbers");
    free(text);
    grid_free(g);
}

/* ---- names ------------------------------------------------------------------------------------ */

/* Random points and names: placed names are whole, inside, apart, and cover no mark. */
static const char *names_fault(uint64_t *state, size_t *placed, size_t *asked) {
    enum { MOST = 60 };
    static char text[MOST][24];
    const char *names[MOST];
    double x[MOST], y[MOST];
    size_t n = 1 + roll_below(state, MOST);
    for (size_t i = 0; i < n; i++) {
        x[i] = roll_unit(state);
        y[i] = roll_below(state, 3) ? roll_unit(state) : x[i];
        size_t length = 1 + roll_below(state, 15);
        for (size_t k = 0; k < length; k++) text[i][k] = (char)('a' + i % 26);
        text[i][length] = 0;
        names[i] = text[i];
    }
    plot_series s = {
        .kind = PLOT_POINTS, .n = n, .x = x, .y = y, .names = names, .highlight = 1 + roll_below(state, (uint32_t)n)};
    plot p = {
        .series = &s, .series_count = 1, .has_cursor = roll_below(state, 2), .cursor = 0.4, .cursor_text = "HERE"};
    int rows = 8 + (int)roll_below(state, 40), cols = 30 + (int)roll_below(state, 120);
    plot_layout *f = malloc(sizeof *f);
    plot_layout_make(&p, (box){0, 0, rows, cols}, (measure){1, 1, true, false}, f);
    canvas *c = canvas_new((int)f->area.h, (int)f->area.w);
    canvas_paint(c, &p, f, false);
    label_list l = labels_make(&p, f, c, (label_measure){1, 1, 0, 0, 1}, false);
    grid *g = grid_new(rows, cols);
    plot_draw(g, (rect){0, 0, rows, cols}, &p, false);
    const char *what = NULL;
    for (size_t i = 0; i < l.n; i++) {
        const label *a = &l.label[i];
        *asked += 1;
        if (a->y < 0) continue;
        *placed += 1;
        if (a->y + a->rows > c->rows || a->x < 0 || a->x + a->cols > c->cols) what = "a name outside the area";
        for (int k = 0; k < a->cols; k++) {
            if (canvas_at(c, a->y, a->x + k)->mark) what = "a name over a point";
            const cell *shown = &g->cells[(a->y + (int)f->area.y) * cols + a->x + k + (int)f->area.x];
            if (shown->code[0] != (uint32_t)(unsigned char)a->text[k]) what = "a name that is not whole on the screen";
        }
        for (size_t j = 0; j < i; j++) {
            const label *b = &l.label[j];
            if (b->y == a->y && a->x < b->x + b->cols + 1 && b->x < a->x + a->cols + 1) what = "two names that touch";
        }
    }
    grid_free(g);
    labels_free(&l);
    canvas_free(c);
    free(f);
    return what;
}

static void test_names(void) {
    uint64_t state = 77;
    size_t bad = 0, placed = 0, asked = 0;
    for (int i = 0; i < 1500; i++) {
        const char *what = names_fault(&state, &placed, &asked);
        if (what && bad++ < 5) printf("# %s\n", what);
    }
    check(bad == 0, "names of 1500 random plots are complete, apart and off the points: %zu are not", bad);
    check(placed * 10 > asked * 6, "most names find a place: %zu of %zu", placed, asked);
}

/* At 24x80 and 50x160 every domain of the scatter has its name, the one pointed out at 10x40 too. */
static void test_scatter(void) {
    static example e;
    example_scatter(&e);
    static const int sizes[][2] = {{24, 80}, {50, 160}};
    for (int s = 0; s < 2; s++) {
        grid *g = grid_new(sizes[s][0], sizes[s][1]);
        plot_draw(g, (rect){0, 0, g->rows, g->cols}, &e.p, false);
        char *text = screen_text(g);
        int found = 0;
        for (int i = 0; i < DOMAINS; i++) found += strstr(text, domain_names[i]) != NULL;
        check_is((uint64_t)found, DOMAINS, "names of domains on the scatter at %dx%d", g->rows, g->cols);
        free(text);
        grid_free(g);
    }
    grid *g = grid_new(10, 40);
    plot_draw(g, (rect){0, 0, 10, 40}, &e.p, true);
    char *text = screen_text(g);
    check_says(text, SAYS("@", "math"), "the point that is pointed out keeps its name at 10x40");
    free(text);
    grid_free(g);
}

/* ---- data ------------------------------------------------------------------------------------- */

static char *draw_text(const plot *p, int rows, int cols, bool ascii) {
    grid *g = grid_new(rows, cols);
    plot_draw(g, (rect){0, 0, rows, cols}, p, ascii);
    char *text = screen_text(g);
    grid_free(g);
    return text;
}

static size_t count_char(const char *text, char wanted) {
    size_t n = 0;
    for (; *text; text++) n += *text == wanted;
    return n;
}

static void test_bad_data(void) {
    double x[] = {1, 2, NAN, 4, INFINITY, 6}, y[] = {1, NAN, 3, 4, 5, 2}, none[] = {NAN, NAN};
    plot_series s = {.kind = PLOT_POINTS, .n = 6, .x = x, .y = y};
    plot p = {.series = &s, .series_count = 1};
    char *text = draw_text(&p, 20, 60, true);
    check_is(count_char(text, '*'), 3, "points that can be shown, of six with NaN and infinity");
    free(text);
    s = (plot_series){.kind = PLOT_LINE, .n = 2, .x = none, .y = none};
    p.empty = "all of it is NaN";
    text = draw_text(&p, 20, 60, true);
    check_says(text, SAYS("no data: all of it is NaN"), "nothing to show is said with its reason");
    free(text);
    p.empty = NULL;
    text = draw_text(&p, 20, 60, true);
    check(strstr(text, "no data") && !strstr(text, "no data:"), "and without one");
    free(text);
    p = (plot){.title = "t", .empty = "a long reason that needs to be wrapped over some lines"};
    text = draw_text(&p, 8, 20, true);
    check_says(text, SAYS("no data", "wrapped", "lines"), "the reason is wrapped");
    free(text);
    s = (plot_series){.kind = PLOT_LINE, .n = 1, .x = x, .y = y};
    p = (plot){.series = &s, .series_count = 1};
    text = draw_text(&p, 20, 60, true);
    check_is(count_char(text, '*'), 1, "marks of a line of one point");
    free(text);
    double gap_y[] = {1, 1, NAN, 1, 1}, gap_x[] = {0, 1, 2, 3, 4};
    s = (plot_series){.kind = PLOT_LINE, .n = 5, .x = gap_x, .y = gap_y, .name = "n"};
    p = (plot){.series = &s, .series_count = 1, .x = {.ticks = TICKS_NONE}};
    text = draw_text(&p, 6, 62, true);
    check(strstr(text, "'*") && strstr(text, "*       ") && count_char(text, '\'') < 35,
          "a value that is missing leaves a gap in the line");
    free(text);
    double lone_y[] = {1, NAN, 1, NAN, 1};
    s = (plot_series){.kind = PLOT_STEPS, .n = 5, .x = gap_x, .y = lone_y};
    text = draw_text(&p, 6, 62, true);
    check_is(count_char(text, '\''), 3, "dots of a line whose values stand alone between gaps");
    free(text);
    double bars[] = {3, NAN, -2, 0};
    const char *names[] = {"one", "two", NULL, "four"};
    s = (plot_series){.kind = PLOT_BARS, .n = 4, .x = bars, .names = names, .texts = names};
    text = draw_text(&p, 12, 60, true);
    check_says(text, SAYS("one", "two", "four", "###", "|-"),
               "bars with a missing value, a name that is absent, a negative one and 0");
    free(text);
}

/* Untrusted text comes out safe to show. */
static void test_strangers(void) {
    const char *evil[] = {"\x1b[31mred", "\xff\xfe", "a\nb", "\xe4\xb8\xad\xe6\x96\x87", "e\xcc\x81"};
    double v[] = {1, 2, 3, 4, 5};
    plot_series s = {.kind = PLOT_POINTS, .name = "\x1b]0;x\x07", .n = 5, .x = v, .y = v, .names = evil};
    const char *notes[] = {"\x1b[2J"};
    plot p = {.title = "\x1b[31mtitle",
              .notes = notes,
              .note_count = 1,
              .x = {.label = "\x07x"},
              .y = {.label = "\xe2\x80\xaey"},
              .series = &s,
              .series_count = 1,
              .empty = "\x1b"};
    size_t raw = 0;
    for (int pass = 0; pass < 3; pass++) {
        if (pass == 2) s = (plot_series){.kind = PLOT_BARS, .n = 5, .x = v, .names = evil, .texts = evil};
        char *text = draw_text(&p, 24, 80, pass == 1);
        for (const char *at = text; *at; at++) raw += (unsigned char)*at < 0x20 && *at != '\n';
        if (pass == 1)
            for (const char *at = text; *at; at++) raw += (unsigned char)*at > 0x7e;
        else
            check_says(text, SAYS("\xe4\xb8\xad\xe6\x96\x87", "\\x1b[31mred", "\\xff\\xfe", "e\xcc\x81"),
                       "untrusted text is shown, %s", pass ? "with bars" : "with points");
        free(text);
    }
    check(raw == 0, "no control character reaches the screen: %zu do", raw);
}

/* ---- what tells series apart without colour --------------------------------------------------- */

static void test_without_colour(void) {
    static example e;
    example_overlap(&e);
    char *text = draw_text(&e.p, 24, 80, true);
    check(count_char(text, '*') >= 8 && count_char(text, 'o') >= 8,
          "two lines carry different marks, at their points and in the legend");
    check_says(text, SAYS("-*- latents", "-o- raw dimensions"), "the legend shows them");
    free(text);
    size_t alike = 0;
    for (int a = 0; a < SERIES_STYLES; a++)
        for (int b = 0; b < a; b++) {
            plot_series s[SERIES_STYLES] = {{0}};
            plot p = {.series = s, .series_count = SERIES_STYLES};
            const series_style *one = series_style_of(&p, (size_t)a), *two = series_style_of(&p, (size_t)b);
            alike += one->mark == two->mark || one->ascii == two->ascii || strcmp(one->color, two->color) == 0 ||
                     strcmp(one->svg_dash, two->svg_dash) == 0 ||
                     memcmp(&one->dash, &two->dash, sizeof one->dash) == 0 || one->role == two->role;
        }
    check(alike == 0, "%d looks differ in mark, dash and colour: %zu pairs do not", SERIES_STYLES, alike);
    plot_series s[3] = {{0}, {.look = 1}, {0}};
    plot p = {.series = s, .series_count = 3};
    check(series_style_number(&p, 1) == 0 && series_style_number(&p, 2) == 1,
          "a series may look like another, and the next ones do not skip for it");
}

int main(void) {
    test_tiny();
    test_scatter();
    test_bad_data();
    test_strangers();
    test_without_colour();
    test_names();
    test_sizes();
    return check_end();
}
