/* page_effect.c: what a latent alone does in the model: the change of each domain's loss when only it is taken out. */
#include "base/mem.h"
#include "effects.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct effect_state {
    int top, rows;
    double *estimate; /* [D] owned; NULL: none yet */
    uint32_t latent;  /* and of which latent, by which columns */
    uint64_t version;
} effect_state;

static effect_state *effect_of(const app *a) {
    return latent_page_state(a, &page_effect);
}

/* What the score abl says of the latent alone; NULL: the index has no such score. */
static const double *estimate_of(app *a) {
    effect_state *s = effect_of(a);
    uint32_t latent = app_latent(a);
    const scry_index *index = a->tab->index;
    if (!scry_has_score(index, SCRY_ABL)) return NULL;
    if (s->estimate && s->latent == latent && s->version == scry_effects_version(index)) return s->estimate;
    size_t D = a->tab->info->domains;
    if (!s->estimate) s->estimate = mem_new(D, sizeof *s->estimate);
    scry_scorer *scorer = scry_scorer_new(index, SCRY_ABL);
    scry_scorer_put(scorer, latent, true);
    for (size_t d = 0; d < D; d++) s->estimate[d] = scry_scorer_value(scorer, d);
    scry_scorer_free(scorer);
    s->latent = latent;
    s->version = scry_effects_version(index);
    return s->estimate;
}

static void free_effect(void *state) {
    free(((effect_state *)state)->estimate);
}

/* Numbers after the name and the bar. */
enum { DIFFERENCE, SE, ESTIMATE, BEFORE, AFTER, COLUMNS };
static const struct {
    const char *title;
    int width;
} columns[COLUMNS] = {{"diff", 10}, {"SE", 9}, {"estimate", 10}, {"before", 8}, {"after", 8}};

typedef struct plan {
    int name, bar, columns;
    bool estimates;
} plan;

static int width_of(const plan *p, int column) {
    return column == ESTIMATE && !p->estimates ? 0 : columns[column].width;
}

static plan plan_columns(app *a, int cols, bool estimates) {
    plan p = {.name = 6, .estimates = estimates};
    for (size_t d = 0; d < a->tab->info->domains; d++) {
        int width = text_columns(a->tab->info->domain[d].name);
        if (width > p.name) p.name = width;
    }
    int most = cols >= 76 ? 22 : cols / 4;
    if (p.name > most) p.name = most;
    int left = cols - p.name - 3;
    while (p.columns < COLUMNS && left >= width_of(&p, p.columns)) left -= width_of(&p, p.columns++);
    p.bar = left > 40 ? 40 : left >= 6 ? left - 1 : 0;
    return p;
}

static void number(double value, bool sign, int decimals, char *text, size_t size) {
    if (isnan(value)) snprintf(text, size, "-");
    else snprintf(text, size, sign ? "%+.*f" : "%.*f", decimals, value);
}

static void draw_row(app *a, int y, int x, const plan *p, size_t d, const scry_domain_effect *e, double estimate,
                     double largest) {
    char text[128];
    const double value[COLUMNS] = {e->difference, e->se, estimate, e->loss, e->loss_ablated};
    bool exact = !isnan(e->difference);
    app_fit_text(a, a->tab->info->domain[d].name, p->name, text, sizeof text);
    grid_put(a->grid, y, x, p->name, ROLE_TEXT, text);
    x += p->name + 1;
    double share = largest > 0 ? (exact ? e->difference : estimate) / largest : 0;
    role look = exact ? ROLE_BAR : ROLE_BAR_OUT;
    if (share >= 0) grid_bar(a->grid, y, x, p->bar, look, share, a->ascii);
    else grid_fill(a->grid, y, x, (int)ceil(-share * p->bar - 1e-9), look, a->ascii ? '-' : 0x2591);
    x += p->bar;
    for (int c = 0; c < p->columns; c++) {
        number(value[c], c == DIFFERENCE || c == ESTIMATE, c < BEFORE ? 6 : 4, text, sizeof text);
        grid_put_right(a->grid, y, x, width_of(p, c), c == DIFFERENCE ? ROLE_TEXT : ROLE_FAINT, text);
        x += width_of(p, c);
    }
}

static void draw_head(app *a, rect r, const plan *p) {
    int x = r.x + 1 + p->name + 1 + p->bar;
    grid_put(a->grid, r.y, r.x + 1, p->name, ROLE_HEADER, "domain");
    for (int c = 0; c < p->columns; c++) {
        grid_put_right(a->grid, r.y, x, width_of(p, c), ROLE_HEADER, columns[c].title);
        x += width_of(p, c);
    }
}

static void draw_rows(app *a, rect r, const scry_domain_effect *effect, const double *estimate) {
    effect_state *s = effect_of(a);
    int D = (int)a->tab->info->domains;
    plan p = plan_columns(a, r.cols, estimate != NULL);
    double largest = 0;
    for (int d = 0; d < D; d++) {
        double value = isnan(effect[d].difference) && estimate ? estimate[d] : effect[d].difference;
        if (fabs(value) > largest) largest = fabs(value);
    }
    if (r.rows < 1) return;
    draw_head(a, r, &p);
    s->rows = r.rows - 1;
    if (s->top > D - s->rows) s->top = D - s->rows;
    if (s->top < 0) s->top = 0;
    for (int i = 0; i < s->rows && s->top + i < D; i++) {
        size_t d = (size_t)(s->top + i);
        draw_row(a, r.y + 1 + i, r.x + 1, &p, d, &effect[d], estimate ? estimate[d] : (double)NAN, largest);
    }
}

/* Without figures: what is going on, or what to do. Returns the lines that it takes. */
static int draw_none(app *a, rect r) {
    double done;
    bool opening;
    char key[40], line[200];
    const char *error = a->tab->causal->alone_error;
    keymap_first(&a->keys, "effect", key, sizeof key);
    if (causal_is_running(a, (long)app_latent(a), &done, &opening))
        snprintf(line, sizeof line, "%s %.0f%%; Esc gives up", opening ? "opening the model" : "running", 100 * done);
    else
        snprintf(line, sizeof line, "%s runs the model without this latent: the change of each domain's loss",
                 key[0] ? key : ":effect");
    int lines = 0;
    for (; *error && lines < r.rows; lines++) {
        char part[300];
        size_t end = text_break(error, r.cols - 2);
        snprintf(part, sizeof part, "%.*s", (int)end, error);
        text_clean(part, line, sizeof line, a->ascii);
        grid_put(a->grid, r.y + lines, r.x + 1, r.cols - 2, ROLE_ERROR, line);
        error += end + (error[end] == ' ');
    }
    if (lines) return lines;
    text_fit(line, r.cols - 2, a->ascii);
    grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, line);
    return 1;
}

static void draw_effect(app *a, rect r) {
    int D = (int)a->tab->info->domains;
    if (!D) {
        grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, "the study has no domains whose loss could change");
        return;
    }
    scry_domain_effect *effect = mem_new((size_t)D, sizeof *effect);
    const double *estimate = estimate_of(a);
    bool exact = causal_alone(a, app_latent(a), effect);
    rect list = r;
    if (!exact) {
        int lines = draw_none(a, r);
        list = (rect){r.y + lines, r.x, r.rows - lines, r.cols};
        for (int d = 0; d < D; d++) effect[d] = (scry_domain_effect){NAN, NAN, NAN, NAN, NAN, NAN};
    }
    if (exact || estimate) draw_rows(a, list, effect, estimate);
    free(effect);
}

static void move_effect(app *a, move kind, long steps) {
    effect_state *s = effect_of(a);
    int last = (int)a->tab->info->domains - s->rows;
    s->top = (int)view_moved(s->top, kind, steps, s->rows > 1 ? s->rows - 1 : 1, last > 0 ? last : 0);
}

static void note_effect(app *a, char *text, size_t size) {
    const scry_ablation *how = &a->tab->causal->how;
    if (how->value == SCRY_VALUE_MEAN) snprintf(text, size, "loss at its mean");
    else if (how->scale != 0) snprintf(text, size, "loss with it x%.4g", how->scale);
    else snprintf(text, size, "loss without it");
}

static const page_hint hints[] = {{"effect", "run", 6}, {NULL, NULL, 0}};

const latent_page page_effect = {.name = "effect",
                                 .brief = "eff",
                                 .note = note_effect,
                                 .draw = draw_effect,
                                 .move = move_effect,
                                 .state_size = sizeof(effect_state),
                                 .free = free_effect,
                                 .hints = hints};
