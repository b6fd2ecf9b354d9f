/* curves.c: a training run as a screen. */
#include "watch/curves.h"
#include "base/mem.h"
#include "text/text.h"
#include "plot/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_POINTS = 2000, /* of a curve that is drawn */
    LEAST_ROWS = 5,     /* of a plot */
    PAIR_COLS = 60,     /* for two plots side by side */
    ROW_COLS = 140,     /* for all four */
    GUTTER = 6,
};

typedef struct curve_spec {
    const char *title;
    size_t batch, held; /* offsets in a line; held 0: no held-out values */
    tick_rule ticks;
    int digits; /* behind the point, of the figures in the title; -1: four in all */
} curve_spec;

#define AT(field) offsetof(scry_train_line, field)
static const curve_spec specs[CURVES] = {
    [CURVE_LOSS] = {"loss", AT(loss), 0, TICKS_NUMBERS, -1},
    [CURVE_EXPLAINED] = {"explained variance", AT(explained_variance), AT(held_out_explained_variance), TICKS_NUMBERS,
                         3},
    [CURVE_L0] = {"L0", AT(l0), AT(held_out_l0), TICKS_NUMBERS, 1},
    [CURVE_DEAD] = {"dead latents", AT(dead), 0, TICKS_PERCENT, 1},
};

static double value_at(const scry_train_line *line, size_t field) {
    double value;
    memcpy(&value, (const char *)line + field, sizeof value);
    return value;
}

typedef struct drawn {
    double *x, *batch, *held; /* [n] */
    size_t n;
    bool has_held;
} drawn;

static double *room_for(size_t n) {
    double *p = mem_new(n + 1, sizeof *p);
    return p;
}

/* Thins the lines to at most MOST_POINTS, at equal distances, and the last. */
static drawn thin(const curve_spec *spec, const scry_train_line *line, size_t count) {
    size_t every = (count + MOST_POINTS - 1) / MOST_POINTS;
    drawn d = {.x = room_for(MOST_POINTS), .batch = room_for(MOST_POINTS), .held = room_for(MOST_POINTS)};
    for (size_t i = count ? (count - 1) % every : 0; i < count; i += every) {
        d.x[d.n] = line[i].step;
        d.batch[d.n] = value_at(&line[i], spec->batch);
        d.held[d.n] = spec->held ? value_at(&line[i], spec->held) : (double)NAN;
        d.has_held = d.has_held || isfinite(d.held[d.n]);
        d.n++;
    }
    return d;
}

static void drawn_free(drawn *d) {
    free(d->x);
    free(d->batch);
    free(d->held);
}

/* Chooses a logarithmic axis for counts that span more than a factor of ten, else a linear one from 0. */
static void range_counts(plot_axis *axis, const drawn *d) {
    double low = (double)INFINITY, high = 0;
    for (size_t i = 0; i < d->n; i++) {
        low = fmin(low, d->batch[i]);
        high = fmax(high, d->batch[i]);
    }
    axis->log = low > 0 && high > 10 * low;
    axis->zero = !axis->log;
}

/* From 0 to at least 1 %, so that a run without dead latents does not show a line in the middle. */
static void range_shares(plot_axis *axis, const drawn *d) {
    double high = 0;
    for (size_t i = 0; i < d->n; i++) high = fmax(high, d->batch[i]);
    axis->fix_low = true;
    axis->fix_high = high < 0.01;
    axis->high = 0.01;
}

/* Begins the axis at the lowest value after the first steps, which are far from the rest of a run. */
static void begin_above_first(plot_axis *axis, const drawn *d) {
    enum { LEAST = 20, FIRST = 10 }; /* a tenth */
    double low = (double)INFINITY, high = -low, first = low;
    for (size_t i = 0; i < d->n; i++) {
        double here = isfinite(d->held[i]) ? fmin(d->batch[i], d->held[i]) : d->batch[i];
        if (i < d->n / FIRST) first = fmin(first, here);
        else low = fmin(low, here);
        high = fmax(high, d->batch[i]);
    }
    axis->low = low - (high - low) / 8;
    axis->fix_low = d->n >= LEAST && low < high && first < axis->low;
}

static void put_value(char out[32], const curve_spec *spec, double value) {
    bool percent = spec->ticks == TICKS_PERCENT;
    if (!isfinite(value)) snprintf(out, 32, "-");
    else if (spec->digits < 0) snprintf(out, 32, "%.4g", value);
    else {
        snprintf(out, 32, "%.*f%s", spec->digits, percent ? 100 * value : value, percent ? "%" : "");
        if (spec->digits > 1 && value >= 0 && value < 1) memmove(out, out + 1, strlen(out)); /* .947 */
    }
}

static void put_title(char *out, size_t size, const curve_spec *spec, const scry_train_line *last) {
    char value[32] = "", held[32] = "";
    if (last) put_value(value, spec, value_at(last, spec->batch));
    bool both = last && spec->held && isfinite(value_at(last, spec->held));
    if (both) put_value(held, spec, value_at(last, spec->held));
    snprintf(out, size, "%s %s%s%s", spec->title, value, both ? ", held out " : "", held);
}

static void draw_curve(grid *g, rect r, const curves_screen *s, curve which) {
    const curve_spec *spec = &specs[which];
    size_t count = 0;
    const scry_train_line *line = s->log ? scry_train_log_lines(s->log, &count) : NULL;
    drawn d = thin(spec, line, count);
    char title[128], empty[96] = "no step is done yet";
    put_title(title, sizeof title, spec, count ? &line[count - 1] : NULL);
    if (count) snprintf(empty, sizeof empty, "no step has this value");
    else if (s->log)
        snprintf(empty, sizeof empty, "first values at step %.0f", scry_train_log_about(s->log)->log_every);
    /* a run that stands still has several steps at the end of its range */
    plot_series series[2] = {{.kind = PLOT_LINE, .name = d.has_held ? "batch" : NULL, .n = d.n, .x = d.x, .y = d.batch},
                             {.kind = PLOT_LINE, .name = "held out", .n = d.n, .x = d.x, .y = d.held}};
    plot p = {.title = title,
              .x = {.ticks = TICKS_WHOLE, .fix_low = true, .label = r.rows > 12 ? "step" : NULL},
              .y = {.ticks = spec->ticks},
              .series = series,
              .series_count = d.has_held ? 2 : 1,
              .empty = empty,
              .gutter = GUTTER};
    p.y.log = which == CURVE_LOSS && !s->linear;
    if (s->log) {
        p.x.fix_high = true;
        p.x.high = scry_train_log_about(s->log)->steps;
    }
    if (which == CURVE_L0) range_counts(&p.y, &d);
    if (which == CURVE_DEAD) range_shares(&p.y, &d);
    if (which == CURVE_EXPLAINED) begin_above_first(&p.y, &d);
    plot_draw(g, r, &p, s->ascii);
    drawn_free(&d);
}

/* Draws all four curves, or as many as have room. */
static void draw_curves(grid *g, rect r, const curves_screen *s) {
    if (s->only >= 0) {
        draw_curve(g, r, s, (curve)s->only);
        return;
    }
    int across = r.cols >= ROW_COLS && r.rows < 3 * LEAST_ROWS ? CURVES : r.cols >= PAIR_COLS ? 2 : 1;
    int down = (CURVES + across - 1) / across, fit = r.rows / LEAST_ROWS;
    if (down > fit) down = fit;
    for (int i = 0; i < across * down && i < CURVES; i++) {
        int y = i / across * r.rows / down, end = (i / across + 1) * r.rows / down;
        int x = i % across * r.cols / across, right = (i % across + 1) * r.cols / across;
        draw_curve(g, (rect){r.y + y, r.x + x, end - y, right - x - (right < r.cols)}, s, (curve)i);
    }
}

static void draw_title(grid *g, const curves_screen *s) {
    char name[256], what[160] = "", arch[64];
    text_clean(s->name, name, sizeof name, s->ascii);
    if (s->log) {
        const scry_train_about *a = scry_train_log_about(s->log);
        text_clean(a->arch, arch, sizeof arch, s->ascii);
        snprintf(what, sizeof what, "%s %.0f > %.0f, %.0f tokens per step", arch, a->d_in, a->width, a->batch);
    }
    grid_fill(g, 0, 0, g->cols, ROLE_TITLE, ' ');
    int room = g->cols - text_columns(what) - 3, name_room = room > 24 ? room : g->cols;
    int x = grid_put(g, 0, 0, name_room, ROLE_TITLE, " training ");
    text_fit_middle(name, name_room - x, s->ascii);
    grid_put(g, 0, x, name_room - x, ROLE_TITLE, name);
    if (room > 24) grid_put_right(g, 0, room + 1, g->cols - room - 2, ROLE_TITLE, what);
}

static void put_time(char out[32], double seconds) {
    long whole = (long)fmin(fmax(seconds, 0), 1e9);
    if (whole < 100) snprintf(out, 32, "%ld s left", whole);
    else if (whole < 6000) snprintf(out, 32, "%ld:%02ld left", whole / 60, whole % 60);
    else snprintf(out, 32, "%ld h %02ld min left", whole / 3600, whole / 60 % 60);
}

static void draw_progress(grid *g, int y, const curves_screen *s) {
    enum { BAR = 20 };
    scry_train_progress p = s->progress ? *s->progress : curves_progress(s->log);
    char left[32] = "";
    double share = p.steps ? (double)p.step / (double)p.steps : 0;
    int bar = g->cols >= 70 ? BAR : g->cols / 5, x = 1;
    for (int i = 0; i < bar; i++) grid_put(g, y, x + i, 1, ROLE_FAINT, s->ascii ? "." : "\xc2\xb7");
    if (share > 0) grid_bar(g, y, x, bar, ROLE_BAR, share, s->ascii);
    x += bar + 1;
    x += grid_print(g, y, x, g->cols - x, ROLE_TEXT, "%3.0f%%  step %llu of %llu", floor(100 * share),
                    (unsigned long long)p.step, (unsigned long long)p.steps);
    if (p.tokens_a_second > 0) {
        if (p.step < p.steps) put_time(left, p.seconds_left);
        x += grid_print(g, y, x, g->cols - x, ROLE_TEXT, "  %.0f tokens/s  %s", p.tokens_a_second, left);
    }
    if (s->state) grid_print(g, y, x, g->cols - x, ROLE_MESSAGE, "  %s", s->state);
}

static void draw_hints(grid *g, int y, const curves_screen *s) {
    int x = 1;
    for (size_t i = 0; i < s->hint_count; i++) {
        const char *const *hint = s->hints[i];
        if (x + text_columns(hint[0]) + 1 + text_columns(hint[1]) > g->cols) continue;
        x += grid_put(g, y, x, g->cols - x, ROLE_KEY, hint[0]) + 1;
        x += grid_put(g, y, x, g->cols - x, ROLE_FAINT, hint[1]) + 2;
    }
}

void curves_draw(grid *g, const curves_screen *s) {
    bool hints = s->hint_count > 0 && g->rows > 2, title = g->rows > LEAST_ROWS + 2;
    int below = 1 + hints, above = title;
    grid_clear(g);
    if (title) draw_title(g, s);
    if (g->rows - above - below >= LEAST_ROWS) draw_curves(g, (rect){above, 0, g->rows - above - below, g->cols}, s);
    draw_progress(g, g->rows - below, s);
    if (hints) draw_hints(g, g->rows - 1, s);
}

scry_train_progress curves_progress(const scry_train_log *log) {
    size_t count = 0;
    const scry_train_line *line = log ? scry_train_log_lines(log, &count) : NULL;
    if (!log) return (scry_train_progress){0};
    const scry_train_about *a = scry_train_log_about(log);
    scry_train_progress p = {.steps = (uint64_t)a->steps};
    if (!count) return p;
    const scry_train_line *last = &line[count - 1];
    p.step = (uint64_t)last->step;
    p.tokens = (uint64_t)fmin(fmax(last->tokens, 0), 1e18);
    p.loss = last->loss;
    p.explained_variance = last->explained_variance;
    p.l0 = last->l0;
    p.dead = last->dead;
    p.tokens_a_second = isfinite(last->tokens_a_second) ? last->tokens_a_second : 0;
    p.seconds_left = p.tokens_a_second > 0 ? (a->steps - last->step) * a->batch / p.tokens_a_second : 0;
    return p;
}
