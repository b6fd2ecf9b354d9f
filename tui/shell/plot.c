/* plot.c: scry plot: the explorer's plots, drawn as text or written as SVG. */
#include "shell/commands.h"
#include "shell/output.h"
#include "shell/cli_context.h"
#include "charts/chart.h"
#include "base/atomic_file.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SVG_WIDTH = 880, SVG_HEIGHT = 560, ROWS = 24, COLS = 80, LEAST_ROWS = 5, LEAST_COLS = 20, MOST = OPTIONS_CELLS };

typedef struct plotting {
    chart_kind kind;
    selection_context s;
    scry_scope scope;
    scry_result result;
    chart_view view;
    int rows, cols;
} plotting;

static bool read_kind(const options *o, chart_kind *kind, scry_error *err) {
    char names[160];
    chart_names(names, sizeof names);
    int k = o->words > 1 ? chart_find(o->word[1]) : -1;
    *kind = (chart_kind)k;
    if (o->words < 2) return scry_misuse(err, "which plot? expected %s", names);
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

static bool needs_latents(chart_kind kind) {
    return kind != CHART_SCATTER && kind != CHART_MIXTURE;
}

static bool read_view(const options *o, plotting *p, scry_error *err) {
    const scry_ranking *ranking = p->s.ranking;
    uint32_t top, n;
    if (!cli_top(o, p->s.index, 0, 100, &top, err)) return false;
    n = (o->set || o->latents) && p->kind != CHART_TASK_SHARE ? 0 : top;
    if (ranking && n > ranking->latents) n = ranking->latents;
    chart_view *v = &p->view;
    *v = figure_view_of(p->s.index, ranking, p->s.set, &p->scope, o->domains ? o->domains : "all", &p->result,
                        p->s.score, n);
    v->top = figure_top(top);
    int other = o->b && ranking ? scry_condition_of(o->b) : (int)v->other;
    if (!options_number("--band", o->band, 1, CHART_BAND, &v->band, err) ||
        !options_number("--budget", o->budget, 1, CHART_BUDGET, &v->budget, err) ||
        !options_number("--min", o->least, 0, 0, &v->least, err) ||
        !options_number("--max", o->most, 0, v->budget, &v->most, err))
        return false;
    v->most = v->most ? v->most : UINT32_MAX;
    v->other = (scry_condition)other;
    return !ranking || other > SCRY_BASE || scry_misuse(err, "--b: found \"%.40s\", expected icl, sft or rl", o->b);
}

static bool plot_read(const options *o, plotting *p, scry_error *err) {
    if (!read_kind(o, &p->kind, err) || !read_size(o, p, err) || !cli_read(o, &p->s, err)) return false;
    if (needs_latents(p->kind) && !cli_needs_latents(p->s.index, err)) return false;
    if (!cli_scope(o, p->s.index, p->s.train, &p->scope, err) || !read_view(o, p, err)) return false;
    scry_scorer *scorer = scry_scorer_new(p->s.index, p->s.score);
    scry_scorer_load(scorer, p->s.set);
    scry_result_fit(&p->result, p->s.index, scorer, &p->scope);
    scry_scorer_free(scorer);
    if (p->kind == CHART_SCATTER) scry_result_finish(&p->result, p->s.index, p->s.score, p->s.set, NULL);
    return true;
}

static bool write_svg(const plot *p, const char *path, scry_error *err) {
    atomic_file to;
    if (!atomic_file_begin(&to, path, err)) return false;
    plot_svg(p, SVG_WIDTH, plot_svg_height(p, SVG_WIDTH, SVG_HEIGHT), to.file);
    return atomic_file_end(&to, true, err);
}

static void print_plot(const options *o, const plotting *p, const plot *of) {
    bool ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    grid *g = grid_new(p->rows, p->cols);
    plot_draw(g, (rect){0, 0, p->rows, p->cols}, of, ascii);
    grid_write(g, stdout, false);
    grid_free(g);
}

int shell_plot(const options *o) {
    scry_error err = {0};
    plotting p = {0};
    bool ok = plot_read(o, &p, &err);
    if (ok) {
        chart_request *ask = chart_types[p.kind].work ? chart_request_new(p.kind, &p.view) : NULL;
        chart_data *data = ask ? chart_compute(ask, NULL) : NULL;
        chart *f = chart_new(p.kind, &p.view, data, true);
        if (o->out) ok = write_svg(&f->plot, o->out, &err);
        else print_plot(o, &p, &f->plot);
        chart_free(f);
        chart_data_free(data);
        chart_request_free(ask);
    }
    scry_result_free(&p.result);
    scry_scope_free(&p.scope);
    cli_free(&p.s);
    return ok ? 0 : output_error(&err);
}
