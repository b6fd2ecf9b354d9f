/* test_tui_sizes.c: the layout at every size from 20x5 to 300x100: panes lie within the screen and do not overlap;
 * every pane, page and plot, at every width and every height, stays in its place and draws only valid cells. */
#include "check.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "text/text.h"
#include "explorer/panes/view.h"

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

/* A wide character is followed by its right half, and a right half follows its left. */
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

/* ---- every screen ---------------------------------------------------------------------------- */

/* What is done before each screen, from the panes with the table in front. */
static const char *const screens[][6] = {
    {"last"},
    {"by-trained", "toggle", "mark", "sort what-if"},
    {"columns all", "column-right", "by-icl"},
    {"columns default", "filter label~the , rank<=300", "search the"},
    {"unfilter", "unmark", "undo", "first", "sort rank"},
    {"pane latent", "page tokens"},
    {"conditions"},
    {"wrap"},
    {"conditions", "interval moved"},
    {"wrap", "interval top", "page histogram"},
    {"page profile"},
    {"page near"},
    {"page together"},
    {"open"},
    {"page near", "down 3"},
    {"page profile"},
    {"page histogram"},
    {"page tokens"},
    {"conditions"},
    {"conditions", "wrap"},
    {"wrap", "open", "pane domains", "down 9"},
    {"open", "sort residual"},
    {"open", "domains extremes:4"},
    {"domains all", "pane latents", "sets"},
    {"keep core top30", "keep odd core - top10 + 3,17", "sets"},
    {"against core"},
    {"baselines"},
    {"column-right", "column-right", "page-down"},
    {"compare"},
    {"info"},
    {"help"},
    {"help domain"},
    {"plot scatter"},
    {"plot concentration"},
    {"plot sweep"},
    {"plot bands"},
    {"plot overlap"},
    {"plot mix"},
    {"plot random"},
    {"plot labels"},
    {"plot repeats"},
    {"top 0"},
    {"top 100", "palette"},
    {"palette sort r"},
    {"filter rank<"},
    {"no-such-command"},
};
enum { SCREENS = sizeof screens / sizeof *screens, SENTINEL = 0xe123 };

typedef struct tally {
    size_t wrong, made;
    char where[160];
} tally;

static void note(tally *t, bool ok, const app *a, const char *what, const char *screen) {
    t->made++;
    if (!ok && !t->wrong++)
        snprintf(t->where, sizeof t->where, "%dx%d: %s of \"%s\"", a->grid->rows, a->grid->cols, what, screen);
}

static void soil(grid *g) {
    for (int i = 0; i < g->rows * g->cols; i++) g->cells[i] = (cell){.code = {SENTINEL}, .width = 1};
}

/* Nothing but r was drawn on, and that with sound cells. */
static bool kept_within(const grid *g, rect r) {
    if (!cells_sound(g)) return false;
    for (int y = 0; y < g->rows; y++)
        for (int x = 0; x < g->cols; x++) {
            bool inside = y >= r.y && y < r.y + r.rows && x >= r.x && x < r.x + r.cols;
            if (!inside && g->cells[(size_t)y * (size_t)g->cols + (size_t)x].code[0] != SENTINEL) return false;
        }
    return true;
}

/* Each part of the screen by itself, on a grid that shows where it was drawn on. */
static void draw_apart(app *a, tally *t, const char *screen) {
    if (a->layout.too_small) return;
    soil(a->grid);
    footer_draw(a);
    rect last = a->layout.footer;
    if (text_columns(a->message) >= last.cols) {
        last.y -= MESSAGE_LINES - 1;
        last.rows = MESSAGE_LINES;
    }
    note(t, kept_within(a->grid, last), a, "the last line", screen);
    if (a->layer) {
        rect middle = {1, 0, a->grid->rows - 2, a->grid->cols};
        soil(a->grid);
        a->layer->draw(a, middle);
        note(t, kept_within(a->grid, middle), a, a->layer->name, screen);
        return;
    }
    for (int p = 0; p < PANES; p++) {
        if (!a->layout.pane[p].rows) continue;
        soil(a->grid);
        views[p]->draw(a, a->layout.pane[p], a->tab->focus == (pane)p);
        note(t, kept_within(a->grid, a->layout.pane[p]), a, views[p]->name, screen);
    }
}

static void draw_at(app *a, int rows, int cols, tally *apart_, tally *sound_, const char *screen) {
    app_resize(a, rows, cols);
    if ((rows + cols) % 7 == 0 || sound_->made == 0) {
        app_draw(a);
        note(sound_, cells_sound(a->grid), a, "all", screen);
    }
    a->layout = layout_make(rows, cols, a->tab->enlarged, (int)a->tab->info->domains);
    draw_apart(a, apart_, screen);
}

/* Every screen at every width at some heights and at every height at some widths, from 20x5 to 300x100. */
static void sweep_screens(app *a) {
    static const int heights[] = {12, 24, 50}, widths[] = {60, 80, 139, 140, 300};
    const int step = SANITIZED ? 17 : 1;
    tally overlaps = {0}, sound_cells = {0};
    for (size_t i = 0; i < SCREENS; i++) {
        const char *name = screens[i][0];
        for (size_t k = 0; k < 6 && screens[i][k]; k++) app_command(a, name = screens[i][k]);
        async_finish_all(a);
        table_finish(a);
        for (size_t h = 0; h < sizeof heights / sizeof *heights; h++)
            for (int cols = 20; cols <= 300; cols += step) draw_at(a, heights[h], cols, &overlaps, &sound_cells, name);
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
            for (int rows = 5; rows <= 100; rows += step) draw_at(a, rows, widths[w], &overlaps, &sound_cells, name);
        a->prompt.then = NULL;
        a->message[0] = 0;
        if (strncmp(name, "plot", 4) != 0 && strcmp(name, "baselines") != 0) a->layer = NULL;
    }
    check(sound_cells.wrong == 0, "%zu screens: %zu hold a broken cell, the first %s", sound_cells.made,
          sound_cells.wrong, sound_cells.where);
    check(overlaps.wrong == 0, "%zu panes, pages and last lines: %zu were drawn beyond their place, the first %s",
          overlaps.made, overlaps.wrong, overlaps.where);
}

int main(void) {
    sweep_layout();
    app *a = sample_app(sample_index(), 80);
    sweep_screens(a);
    app_free(a);
    return check_end();
}
