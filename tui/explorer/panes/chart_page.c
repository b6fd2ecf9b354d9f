/* plots.c: full-screen plots. Left and Right move what a plot points out, which is the pane's too: a
 * domain, a rank, N. All commands act beneath, and the plot follows in the same frame. */
#include "explorer/panes/chart_page.h"
#include "base/mem.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers -------------------------------------------------------------------------------- */

chart_page_state *chart_page_new(void) {
    return mem_new(1, sizeof(chart_page_state));
}

void chart_page_free(chart_page_state *s) {
    for (int k = 0; k < CHARTS; k++) {
        chart_data_free(s->data[k]);
        chart_request_free(s->ask[k]);
    }
    free(s);
}

static chart_view view_of(app *a) {
    tab *t = a->tab;
    scry_session *s = t->session;
    uint32_t n = scry_session_n(s);
    if (t->plots->n_then != n) t->plots->at_n = 0;
    chart_view v = figure_view_of(t->index, scry_session_ranking(s), scry_session_set(s), scry_session_scope(s),
                                  scry_session_scope_spec(s), scry_session_result(s), scry_session_score(s), n);
    v.company = scry_session_statistics_ready(s);
    if (a->plot == CHART_BANDS) v.top = CHART_TOP;
    if (t->plots->budget) v.budget = t->plots->budget;
    v.latent = (long)app_latent(a);
    v.domain = (long)domains_current(a);
    v.at_n = t->plots->at_n;
    v.at_band = t->plots->at_band ? t->plots->at_band : 1;
    v.at_label = t->plots->at_label ? t->plots->at_label : 1;
    return v;
}

chart_request *chart_page_request(app *a) {
    if (a->layer != &layer_plots || !chart_types[a->plot].work) return NULL;
    chart_view v = view_of(a);
    chart_request *ask = chart_request_new(a->plot, &v);
    const chart_request *have = a->tab->plots->ask[a->plot];
    if (!have || !chart_request_same(have, ask)) return ask;
    chart_request_free(ask);
    return NULL;
}

void chart_page_take(tab *t, chart_request *ask, chart_data *data) {
    chart_data_free(t->plots->data[ask->kind]);
    chart_request_free(t->plots->ask[ask->kind]);
    t->plots->data[ask->kind] = data;
    t->plots->ask[ask->kind] = ask;
}

void chart_page_finish(app *a) {
    chart_request *ask = chart_page_request(a);
    if (ask) chart_page_take(a->tab, ask, chart_compute(ask, NULL));
}

chart *chart_page_chart(app *a) {
    chart_view v = view_of(a);
    chart_request *need = chart_page_request(a);
    chart *f = chart_new(a->plot, &v, a->tab->plots->data[a->plot], !need);
    chart_request_free(need);
    return f;
}

void chart_page_open(app *a, int kind) {
    if (kind >= 0) a->plot = (chart_kind)kind;
    a->layer = &layer_plots;
}

/* ---- drawing -------------------------------------------------------------------------------- */

/* "1 scatter  2 shift ...", the one that is shown pointed out; where that is too long, its name alone. Where click is
 * a column, nothing is drawn: returns the plot that stands there, else -1. */
static int put_tabs(app *a, rect r, int click) {
    int x = r.x + 1, hit = -1;
    bool all = r.cols >= 76;
    for (int k = 0; k < CHARTS; k++) {
        char text[32];
        bool here = k == (int)a->plot, named = all || here;
        int from = x, width = snprintf(text, sizeof text, named ? "%d%c%s%s" : "%d", k + 1, here ? '[' : ' ',
                                       chart_types[k].tab, here ? "]" : "");
        if (click < 0) {
            from += grid_put(a->grid, r.y, x, r.x + r.cols - x, ROLE_TEXT, " ");
            from += grid_print(a->grid, r.y, from, r.x + r.cols - from, ROLE_KEY, "%d", k + 1);
            if (named) from += grid_put(a->grid, r.y, from, r.x + r.cols - from, ROLE_TEXT, here ? "[" : " ");
            if (named)
                from += grid_put(a->grid, r.y, from, r.x + r.cols - from, here ? ROLE_FOCUS : ROLE_HEADER,
                                 chart_types[k].tab);
            if (here) grid_put(a->grid, r.y, from, r.x + r.cols - from, ROLE_TEXT, "]");
        }
        if (click > x && click <= x + width) hit = k;
        x += width + 1;
    }
    if (click < 0) grid_put(a->grid, r.y, x, r.x + r.cols - x, ROLE_TEXT, " ");
    return hit;
}

static void draw_tabs(app *a, rect r) {
    grid_fill(a->grid, r.y, r.x, r.cols, ROLE_FAINT, a->ascii ? '-' : 0x2500);
    put_tabs(a, r, -1);
}

/* The latent that space switches. */
static void draw_latent(app *a, rect r) {
    uint32_t latent = app_latent(a);
    char label[160], left[80];
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    table_label(a, latent, label, sizeof label);
    snprintf(left, sizeof left, "latent %u  rank %u  %s", latent,
             scry_session_ranking(a->tab->session)->rank[latent] + 1, in ? "in the score" : "not in the score");
    int x = r.x + 1, end = r.x + r.cols;
    x += grid_put(a->grid, r.y, x, end - x, in ? ROLE_IN : ROLE_FAINT, left) + 2;
    text_fit(label, end - x, a->ascii);
    grid_put(a->grid, r.y, x, end - x, ROLE_FAINT, label);
}

static void draw_plots(app *a, rect r) {
    chart *f = chart_page_chart(a);
    draw_tabs(a, (rect){r.y, r.x, 1, r.cols});
    plot_draw(a->grid, (rect){r.y + 1, r.x, r.rows - 2, r.cols}, &f->plot, a->ascii);
    draw_latent(a, (rect){r.y + r.rows - 1, r.x, 1, r.cols});
    chart_free(f);
}

/* Plots of rho or of scores; the digits, which choose a score in the panes, choose plots here. */
static bool scored(chart_kind kind) {
    return kind != CHART_CONCENTRATION && kind != CHART_OVERLAP && kind != CHART_TASK_SHARE;
}

static void plots_footer(app *a, rect r) {
    const char *along = chart_types[a->plot].cursor;
    static const char *const enter[CHARTS] = {[CHART_SWEEP] = "take it",
                                              [CHART_OVERLAP] = "take it",
                                              [CHART_CONCENTRATION] = "go there",
                                              [CHART_BANDS] = "go there",
                                              [CHART_TASK_SHARE] = "go to one"};
    bool domain = along && strcmp(along, "domain") == 0;
    const char *const hints[][2] = {{a->ascii ? "h l" : "\xe2\x86\x90 \xe2\x86\x92", along},
                                    {"Enter", enter[a->plot]},
                                    {"x", domain ? "leave out" : NULL},
                                    {"s", scored(a->plot) ? "score" : NULL},
                                    {"b", "source"},
                                    {"space", "toggle"},
                                    {"w", "SVG"},
                                    {"q", "back"},
                                    {"Tab", "next"},
                                    {"[ ]", "N"},
                                    {"?", "help"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

/* ---- what is pointed out -------------------------------------------------------------------- */

/* The next N of the grid of points. */
static void step_n(app *a, int step) {
    chart_page_state *p = a->tab->plots;
    size_t count, at = 0;
    uint32_t n = scry_session_n(a->tab->session), from = p->at_n ? p->at_n : n, F = a->tab->info->d_sae;
    uint32_t *points = scry_sweep_grid(figure_top(n) < F ? figure_top(n) : F, &count);
    while (at + 1 < count && points[at] < from) at++;
    if (step > 0 && points[at] <= from && at + 1 < count) at++;
    if (step < 0 && at > 0) at--;
    p->at_n = points[at];
    p->n_then = n;
    free(points);
}

/* In the scatter to the domain with the next higher (lower) score, else to the next in order. */
static void step_domain(app *a, int step) {
    const scry_result *r = scry_session_result(a->tab->session);
    size_t D = r->domains, here = domains_current(a), best = here;
    if (a->plot != CHART_SCATTER) {
        domains_go(a, (here + D + (size_t)(step > 0 ? 1 : D - 1)) % D);
        return;
    }
    for (size_t d = 0; d < D; d++) {
        bool above = r->sts[d] > r->sts[here] || (r->sts[d] == r->sts[here] && d > here);
        if (isnan(r->sts[d]) || d == here || above != (step > 0)) continue;
        bool nearer = step > 0 ? r->sts[d] < r->sts[best] : r->sts[d] > r->sts[best];
        if (best == here || isnan(r->sts[here]) || nearer) best = d;
    }
    domains_go(a, best);
}

static void step_row(uint32_t *at, int step, size_t rows) {
    uint32_t here = *at ? *at : 1;
    if (step > 0 && here < rows) here++;
    if (step < 0 && here > 1) here--;
    *at = here;
}

static void step_rank(app *a, int step) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    uint32_t rank = r->rank[app_latent(a)];
    if (step > 0 && rank + 1 < r->latents) rank++;
    if (step < 0 && rank > 0) rank--;
    table_go(a, r->order[rank]);
}

/* Rows of a plot that has some; known before its numbers are. */
static size_t rows_of(const app *a) {
    const tab *t = a->tab;
    uint32_t top = t->info->d_sae < CHART_TOP ? t->info->d_sae : CHART_TOP;
    const chart_data *data = t->plots->data[CHART_TASK_SHARE];
    if (a->plot == CHART_BANDS) return (top + CHART_BAND - 1) / CHART_BAND;
    return data && data->owners ? data->owners->names + 2 : 1;
}

static void step_cursor(app *a, int step) {
    switch (a->plot) {
    case CHART_SCATTER:
    case CHART_MIXTURE:
        step_domain(a, step);
        break;
    case CHART_CONCENTRATION:
        step_rank(a, step);
        break;
    case CHART_SWEEP:
    case CHART_OVERLAP:
        step_n(a, step);
        break;
    case CHART_BANDS:
        step_row(&a->tab->plots->at_band, step, rows_of(a));
        break;
    case CHART_TASK_SHARE:
        step_row(&a->tab->plots->at_label, step, rows_of(a));
        break;
    default:
        app_say(a, "nothing to point at in this plot");
    }
}

void chart_page_move(app *a, long steps) {
    long least = -(long)a->tab->info->d_sae;
    if (steps < least) steps = least;
    if (steps > -least) steps = -least;
    for (; steps > 0; steps--) step_cursor(a, 1);
    for (; steps < 0; steps++) step_cursor(a, -1);
}

/* The latent of highest rank below the table's that belongs to the row pointed out; else the first. */
static void go_to_label(app *a) {
    const chart_data *data = a->tab->plots->data[CHART_TASK_SHARE];
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    if (!data || !data->owners) return;
    size_t *rows = chart_label_rows(data->owners, a->tab->info->train[r->train].name);
    size_t label = rows[a->tab->plots->at_label ? a->tab->plots->at_label - 1 : 0];
    free(rows);
    uint32_t from = r->rank[app_latent(a)], k = 1;
    while (k <= r->latents && chart_label_of(data->owners, r->order[(from + k) % r->latents]) != label) k++;
    if (k > r->latents) app_say(a, "no latent belongs to it");
    else table_go(a, r->order[(from + k) % r->latents]);
}

command_effect chart_page_apply(app *a) {
    chart_page_state *p = a->tab->plots;
    char line[40];
    if ((a->plot == CHART_SWEEP || a->plot == CHART_OVERLAP) && p->at_n) {
        snprintf(line, sizeof line, "top %u", p->at_n);
        return app_command(a, line);
    }
    if (a->plot == CHART_BANDS && p->data[a->plot] && p->data[a->plot]->sweep) {
        uint32_t at = p->at_band ? p->at_band - 1 : 0;
        table_go(a, scry_session_ranking(a->tab->session)->order[p->data[a->plot]->sweep[at].from - 1]);
    } else if (a->plot == CHART_TASK_SHARE) {
        go_to_label(a);
        return DID_CHANGE;
    } else if (a->plot != CHART_CONCENTRATION) {
        return DID_CHANGE;
    }
    a->layer = NULL;
    return DID_CHANGE;
}

/* ---- keys ----------------------------------------------------------------------------------- */

static bool has_rows(chart_kind kind) {
    return kind == CHART_BANDS || kind == CHART_MIXTURE || kind == CHART_TASK_SHARE;
}

static bool moves(app *a, uint32_t key) {
    bool up = key == 'k' || key == KEY_CODE_UP, down = key == 'j' || key == KEY_CODE_DOWN;
    bool left = key == 'h' || key == KEY_CODE_LEFT, right = key == 'l' || key == KEY_CODE_RIGHT;
    if (left || right) app_command(a, right ? "point 1" : "point -1");
    else if ((up || down) && has_rows(a->plot)) app_command(a, down ? "point 1" : "point -1");
    else if (up || down) view_table.move(a, MOVE_STEP, down ? 1 : -1);
    return up || down || left || right;
}

static command_effect next_score(app *a) {
    scry_score score = scry_session_score(a->tab->session);
    do {
        score = (scry_score)(((int)score + 1) % SCRY_SCORES);
    } while (!scry_has_score(a->tab->index, score));
    char line[40];
    snprintf(line, sizeof line, "score-%s", scry_score_name(score));
    return app_command(a, line);
}

static command_effect next_source(app *a) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    scry_condition source[SCRY_CONDITIONS];
    int n = scry_train_sources(a->tab->index, r->train, source), now = 0;
    while (now + 1 < n && source[now] != r->source) now++;
    return app_command(a, source[(now + 1) % n] == SCRY_ICL ? "by-icl" : "by-trained");
}

static bool plots_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    if (key == 'q' || key == 'p' || key == 27) a->layer = NULL;
    else if (key >= '1' && key < '1' + CHARTS) a->plot = (chart_kind)(key - '1');
    else if (key == '\t') a->plot = (a->plot + 1) % CHARTS;
    else if (key == KEY_CODE_BACK_TAB) a->plot = (a->plot + CHARTS - 1) % CHARTS;
    else if (key == '\r' || key == '\n') *effect = app_command(a, "take");
    else if (key == 'x' && (a->plot == CHART_SCATTER || a->plot == CHART_MIXTURE))
        *effect = app_command(a, "leave-out");
    else if (key == 'w') *effect = app_command(a, "svg");
    else if (key == 's') *effect = next_score(a);
    else if (key == 'b') *effect = next_source(a);
    else return moves(a, key);
    return true;
}

static void plots_wheel(app *a, int steps) {
    step_cursor(a, steps > 0 ? 1 : -1);
    app_record_mouse(a, "point", "%d", steps > 0 ? 1 : -1);
}

static command_effect plots_click(app *a, int y, int x, int clicks) {
    (void)clicks;
    int kind = y == 0 ? put_tabs(a, (rect){0, 0, 1, a->grid->cols}, x) : -1;
    if (kind < 0) return DID_NOTHING;
    a->plot = (chart_kind)kind;
    return DID_CHANGE;
}

static const char *const plots_keys[][2] = {
    {"Left Right", "what the plot points out: a domain, an N, a rank, a row (also h l)"},
    {"Enter", "take it: that N, or go to that latent"},
    {"x", "leave the domain out of rho, or take it in (scatter, mix)"},
    {"s b", "the next score; the next source"},
    {"w", "write the plot as SVG"},
    {"1 to 9", "the plot of this number; Tab, BackTab: the next, the one before"},
    {"j k", "next row; where the plot has none, next latent of the table"},
    {"q p Esc", "back to the panes"},
    {NULL, NULL}};

const layer layer_plots = {.name = "plots",
                           .draw = draw_plots,
                           .key = plots_key,
                           .footer = plots_footer,
                           .wheel = plots_wheel,
                           .click = plots_click,
                           .keys = plots_keys};
