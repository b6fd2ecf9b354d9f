/* plot.c: scry plot: the explorer's plots, drawn as text or written as SVG. */
#include "shell/cli_context.h"
#include "charts/chart.h"
#include "draw/image_file.h"
#include "rho_context.h"

#include <sys/ioctl.h>
#include <unistd.h>

enum { ROWS = 24, COLS = 80, LEAST_ROWS = 5, LEAST_COLS = 20, MOST = OPTIONS_CELLS };

typedef struct plotting {
    chart_kind kind;
    selection_context s;
    scry_scope scope;
    scry_result result;
    scry_best_baseline baseline;
    chart_view view;
    int rows, cols;
} plotting;

static bool read_kind(const options *o, chart_kind *kind, scry_error *err) {
    char names[400];
    chart_names(names, sizeof names);
    int k = o->words > 1 ? chart_find(o->word[1]) : -1;
    *kind = (chart_kind)k;
    if (o->words < 2) return scry_misuse(err, "plot: the name is missing; expected %s", names);
    return k >= 0 || scry_misuse(err, "no plot \"%.40s\"; expected %s", o->word[1], names);
}

/* The terminal's width, where there is one. */
static bool read_size(const options *o, plotting *p, scry_error *err) {
    struct winsize w;
    p->rows = ROWS;
    p->cols = COLS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= LEAST_COLS && w.ws_row > LEAST_ROWS) {
        p->cols = w.ws_col < MOST ? w.ws_col : MOST;
        p->rows = w.ws_row - 1 < p->cols / 2 ? w.ws_row - 1 : p->cols / 2;
    }
    return options_size(o->size, LEAST_ROWS, LEAST_COLS, &p->rows, &p->cols, err);
}

/* --random 0 draws no random sets. */
static bool read_model(const options *o, chart_view *v, scry_error *err) {
    scry_build_options build = {0};
    uint32_t seed;
    if (!options_number("--samples", o->most_samples, 1, CHART_TEXTS, &v->texts, err) ||
        !options_number("--random", o->random, 0, CHART_SETS, &v->sets, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) || !cli_build_options(o, &build, err))
        return false;
    v->model = o->model;
    v->seed = seed;
    v->threads = build.threads;
    v->memory = build.memory;
    return true;
}

static bool read_view(const options *o, plotting *p, scry_error *err) {
    const scry_ranking *ranking = p->s.ranking;
    uint32_t top, n;
    if (!cli_top(o, p->s.index, 0, 100, &top, err)) return false;
    n = (o->set || o->latents) && !(chart_type_of(p->kind)->traits & CHART_OF_FIRST_N) ? 0 : top;
    if (ranking && n > ranking->latents) n = ranking->latents;
    chart_view *v = &p->view;
    *v = chart_view_of(p->s.index, ranking, p->s.set, &p->scope, o->domains ? o->domains : "all", &p->result,
                       p->s.score, n);
    bool of_model = chart_type_of(p->kind)->traits & CHART_NEEDS_MODEL;
    v->top = of_model ? top : chart_top(top, CHART_TOP);
    if (!options_number("--band", o->band, 1, CHART_BAND, &v->band, err) ||
        !options_number("--budget", o->budget, 1, CHART_BUDGET, &v->budget, err) ||
        !options_number("--min", o->least, 0, 0, &v->least, err) ||
        !options_number("--max", o->most, 0, v->budget, &v->most, err))
        return false;
    v->most = v->most ? v->most : UINT32_MAX;
    return (!of_model || read_model(o, v, err)) && (!o->b || !ranking || cli_condition("--b", o->b, &v->other, err));
}

static bool plot_read(const options *o, plotting *p, scry_error *err) {
    if (!read_kind(o, &p->kind, err) || !read_size(o, p, err) || !cli_read(o, &p->s, err)) return false;
    if (!(chart_type_of(p->kind)->traits & CHART_OF_SCORES) && !cli_needs_latents(p->s.index, err)) return false;
    if (chart_needs_domains(chart_type_of(p->kind)) && !scry_require_domains(p->s.index, err)) return false;
    if (!cli_scope(o, p->s.index, p->s.train, &p->scope, err) || !read_view(o, p, err)) return false;
    selection_fit(&p->result, &p->s, &p->scope);
    if (!(chart_type_of(p->kind)->traits & CHART_HAS_STATISTICS)) return true;
    scry_result_finish(&p->result, p->s.index, p->s.score, p->s.set, p->s.untouched, &p->scope, NULL);
    p->view.switches = p->result.context.switches;
    p->view.baseline = &p->baseline;
    if (p->s.ranking)
        scry_best_baseline_find(&p->baseline, p->s.index, p->s.ranking->source, p->s.set->count, &p->scope, 0, NULL);
    return true;
}

static void print_plot(const options *o, const plotting *p, const plot *of) {
    grid *g = grid_new(p->rows, p->cols);
    output_warn_locale(o);
    plot_draw(g, (rect){0, 0, p->rows, p->cols}, of, output_is_ascii(o));
    output_grid(g, stdout);
    grid_free(g);
}

/* One that runs the model says how far it is, and Ctrl-C ends it. */
static chart *make(const plotting *p) {
    if (!(chart_type_of(p->kind)->traits & CHART_NEEDS_MODEL)) return chart_make(p->kind, &p->view, NULL);
    cli_progress progress = {0};
    cli_catch_interrupt();
    scry_cancel cancel = cli_cancel(&progress, chart_type_of(p->kind)->name);
    chart *f = chart_make(p->kind, &p->view, &cancel);
    cli_end_progress(&progress);
    cli_release_interrupt();
    return f;
}

/* False with err for a chart of the model that has none, and after Ctrl-C. */
static bool is_made(const plotting *p, const chart *f, scry_error *err) {
    const chart_type *type = chart_type_of(p->kind);
    if (!(type->traits & CHART_NEEDS_MODEL)) return true;
    if (!f->data) return scry_fail(err, "plot %s: cancelled", type->name);
    return !f->data->empty[0] || scry_fail(err, "plot %s: %s", type->name, f->data->empty);
}

int shell_plot(const options *o) {
    scry_error err = {0};
    plotting p = {0};
    bool ok = (!o->out || image_file_check(o->out, &err)) && plot_read(o, &p, &err);
    if (ok) {
        chart *f = make(&p);
        ok = is_made(&p, f, &err);
        if (ok && o->out) ok = chart_write(f, o->out, &err);
        else if (ok) print_plot(o, &p, &f->plot);
        chart_free(f);
    }
    scry_result_free(&p.result);
    scry_scope_free(&p.scope);
    cli_free(&p.s);
    return ok ? 0 : output_error(&err);
}
