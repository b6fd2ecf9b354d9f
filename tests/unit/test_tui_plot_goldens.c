/* test_tui_plot_goldens.c: plots cell by cell with their roles, as tests/unit/plots/NAME/ keeps them.
 * GENERATE=1 writes those files instead; PICTURES=FOLDER also writes every example as SVG, as a plot and
 * as a picture of the screen, to be looked at. */
#include "check.h"
#include "draw/grid_svg.h"
#include "plot_examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *drawn(const plot *p, int rows, int cols, bool ascii) {
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    grid *g = grid_new(rows, cols);
    plot_draw(g, (rect){0, 0, rows, cols}, p, ascii);
    grid_write(g, f, true);
    fclose(f);
    grid_free(g);
    return text;
}

static void compare(const char *name, const plot *p, int rows, int cols, bool ascii) {
    char path[200];
    snprintf(path, sizeof path, "tests/unit/plots/%s/%s.%dx%d.golden", name, ascii ? "ascii" : "unicode", rows, cols);
    char *text = drawn(p, rows, cols, ascii);
    if (getenv("GENERATE")) write_bytes(path, text, strlen(text));
    size_t size = 0;
    char *golden = file_exists(path) ? (char *)read_bytes(path, &size) : NULL;
    if (!golden)
        check(false, "%s: found no golden, expected it; GENERATE=1 build/tests/test_tui_plot_goldens makes it", path);
    else check(strcmp(golden, text) == 0, "%s", path);
    free(golden);
    free(text);
}

static void write_pictures(const char *folder, const char *name, const plot *p) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s.svg", folder, name);
    FILE *f = fopen(path, "we");
    if (!f) return;
    plot_svg(p, 640, 400, f);
    fclose(f);
    snprintf(path, sizeof path, "%s/%s.24x80.svg", folder, name);
    f = fopen(path, "we");
    if (!f) return;
    grid *g = grid_new(24, 80);
    plot_draw(g, (rect){0, 0, 24, 80}, p, false);
    grid_svg(g, &themes[0], COLOR_256, paper_dark, f);
    grid_free(g);
    fclose(f);
}

int main(void) {
    static const char *const kept[] = {"scatter", "concentration", "rho", "bands", "mixture", "loss", "empty"};
    static example e;
    size_t found = 0;
    for (int i = 0; i < EXAMPLES; i++) {
        memset(&e, 0, sizeof e);
        examples[i].make(&e);
        if (getenv("PICTURES")) write_pictures(getenv("PICTURES"), examples[i].name, &e.p);
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
            if (strcmp(kept[k], examples[i].name) != 0) continue;
            found++;
            compare(kept[k], &e.p, 24, 80, false);
            compare(kept[k], &e.p, 24, 80, true);
            compare(kept[k], &e.p, 50, 160, false);
            compare(kept[k], &e.p, 50, 160, true);
            compare(kept[k], &e.p, 10, 40, false);
            compare(kept[k], &e.p, 5, 20, true);
        }
    }
    check_is(found, sizeof kept / sizeof *kept, "examples with goldens");
    return check_end();
}
