/* The layout at every size from 20x5 to 300x100: panes lie within the screen and on none another,
 * and at many of the sizes every screen is drawn and each cell of it is sound. */
#include "check.h"
#include "sample_app.h"

#include "app.h"
#include "views/view.h"

#include <stdio.h>
#include <string.h>

static bool within(rect r, int rows, int cols) {
    return r.rows >= 0 && r.cols >= 0 && r.y >= 0 && r.x >= 0 && r.y + r.rows <= rows && r.x + r.cols <= cols;
}

static bool apart(rect a, rect b) {
    if (!a.rows || !a.cols || !b.rows || !b.cols) return true;
    return a.y + a.rows <= b.y || b.y + b.rows <= a.y || a.x + a.cols <= b.x || b.x + b.cols <= a.x;
}

static bool sound(const layout *l, int rows, int cols) {
    rect all[PANES + 2];
    int n = 0;
    all[n++] = l->title;
    all[n++] = l->footer;
    for (int p = 0; p < PANES; p++) all[n++] = l->pane[p];
    for (int i = 0; i < n; i++) {
        if (!within(all[i], rows, cols)) return false;
        for (int j = 0; j < i; j++)
            if (!apart(all[i], all[j])) return false;
    }
    return true;
}

static void sweep_layout(void) {
    size_t wrong = 0, made = 0;
    char where[80] = "";
    for (int rows = 5; rows <= 100; rows++)
        for (int cols = 20; cols <= 300; cols++)
            for (int enlarged = -1; enlarged < PANES; enlarged++)
                for (int domains = 1; domains <= 57; domains += 8) {
                    layout l = layout_make(rows, cols, enlarged, domains);
                    made++;
                    if (l.too_small || sound(&l, rows, cols)) continue;
                    if (!wrong++)
                        snprintf(where, sizeof where, "%dx%d, pane %d, %d domains", rows, cols, enlarged, domains);
                }
    check(wrong == 0, "%zu layouts: %zu are unsound, the first %s", made, wrong, where);
}

/* A wide character has its right half beside it, and the right half its left. */
static bool cells_sound(const grid *g) {
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x < g->cols; x++) {
            const cell *c = &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
            if (c->width > 2 || c->role >= ROLES) return false;
            if (c->width == 2 && (x + 1 == g->cols || c[1].width != 0)) return false;
            if (c->width == 0 && (x == 0 || c[-1].width != 2)) return false;
            if (c->width && (c->code[0] < 0x20 || (c->code[0] >= 0x7f && c->code[0] < 0xa0))) return false;
        }
    return true;
}

static void sweep_screens(app *a) {
    static const char *const steps[] = {"first",        "open",       "pane",     "help",
                                        "sort what-if", "palette",    "last",     "pane-back",
                                        "plot scatter", "plot sweep", "plot mix", "plot random"};
    size_t wrong = 0, made = 0;
    char where[80] = "";
    for (int rows = 5; rows <= 100; rows += SANITIZED ? 19 : 5)
        for (int cols = 20; cols <= 300; cols += SANITIZED ? 37 : 7) {
            app_resize(a, rows, cols);
            for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
                app_command(a, steps[i]);
                if (strncmp(steps[i], "plot", 4) == 0) works_settle(a);
                app_draw(a);
                a->layer = strcmp(steps[i], "help") == 0 ? a->layer : NULL;
                made++;
                if (!cells_sound(a->grid) && !wrong++)
                    snprintf(where, sizeof where, "%dx%d after %s", rows, cols, steps[i]);
                a->prompt.then = NULL;
                if (strcmp(steps[i], "help") == 0) a->layer = NULL;
            }
        }
    check(wrong == 0, "%zu screens: %zu are unsound, the first %s", made, wrong, where);
}

int main(void) {
    sweep_layout();
    app *a = sample_app(sample_index(), 80);
    sweep_screens(a);
    app_free(a);
    return check_end();
}
