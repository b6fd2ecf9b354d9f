/* chart_page.c: full-screen charts. Left and Right move a chart's cursor, which is that of the pane: a domain, a rank,
 * N, or a row of the chart. All commands work beneath, and the chart follows in the same frame. */
#include "explorer/panes/chart_page.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const chart_type *shown(const app *a) {
    return chart_type_of(a->plot);
}

void chart_page_free(chart_page_state *s) {
    for (int k = 0; k < CHARTS; k++) {
        chart_data_free(s->data[k]);
        chart_request_free(s->request[k]);
    }
    chart_data_free(s->part);
    free(s);
}

static chart_view view_of(app *a) {
    tab *t = a->tab;
    scry_session *s = t->session;
    uint32_t n = scry_session_n(s);
    if (t->plots->n_then != n) t->plots->at_n = 0;
    chart_view v = chart_view_of(t->index, scry_session_ranking(s), scry_session_set(s), scry_session_scope(s),
                                 scry_session_scope_spec(s), scry_session_result(s), scry_session_score(s), n);
    v.statistics_ready = scry_session_statistics_ready(s);
    v.baseline = scry_session_baseline(s);
    v.switches = scry_session_switches(s);
    if (shown(a)->traits & CHART_FIXED_TOP) v.top = CHART_TOP;
    if (shown(a)->traits & CHART_NEEDS_MODEL) v.top = chart_top(n, CHART_MODEL_TOP);
    v.model = a->model;
    v.threads = a->threads;
    v.memory = a->memory;
    if (t->plots->budget) v.budget = t->plots->budget;
    v.latent = (long)app_latent(a);
    v.domain = (long)domains_current(a);
    v.at_n = t->plots->at_n;
    v.row = t->plots->row[a->plot] ? t->plots->row[a->plot] : 1;
    return v;
}

chart_request *chart_page_request(app *a) {
    if (a->layer != &layer_plots || !shown(a)->functions->compute) return NULL;
    chart_view v = view_of(a);
    chart_request *need = chart_request_new(a->plot, &v);
    const chart_request *have = a->tab->plots->request[a->plot];
    if (!have || !chart_request_same(have, need)) return need;
    chart_request_free(need);
    return NULL;
}

void chart_page_take(tab *t, chart_request *request, chart_data *data) {
    chart_data_free(t->plots->data[request->kind]);
    chart_request_free(t->plots->request[request->kind]);
    t->plots->data[request->kind] = data;
    t->plots->request[request->kind] = request;
}

void chart_page_take_part(tab *t, const chart_request *request, chart_data *part) {
    chart_data_free(t->plots->part);
    t->plots->part = part;
    t->plots->part_of = part ? request : NULL;
}

void chart_page_finish(app *a) {
    chart_request *need = chart_page_request(a);
    if (need) chart_page_take(a->tab, need, chart_compute(need, NULL));
}

chart *chart_page_chart(app *a) {
    chart_view v = view_of(a);
    chart_request *need = chart_page_request(a);
    const chart_page_state *p = a->tab->plots;
    bool part = need && p->part && chart_request_same(p->part_of, need);
    chart *f = chart_new(a->plot, &v, part ? p->part : p->data[a->plot], !need);
    chart_request_free(need);
    return f;
}

void chart_page_open(app *a, int kind) {
    if (kind >= 0) a->plot = (chart_kind)kind;
    a->layer = &layer_plots;
}

/* The key of a chart: digits, the tenth 0; further ones have none. */
static const char *tab_key(int k) {
    static const char *const keys[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "0"};
    return k < (int)(sizeof keys / sizeof *keys) ? keys[k] : "";
}

static int tab_width(const app *a, int k, bool named) {
    bool here = k == (int)a->plot;
    const char *key = tab_key(k), *name = chart_type_of((chart_kind)k)->tab;
    if (!named && !here) return *key ? text_columns(key) : 1;
    return text_columns(key) + 1 + text_columns(name) + here;
}

static int tabs_width(const app *a, int from, int to, bool named) {
    int width = 0;
    for (int k = from; k < to; k++) width += tab_width(a, k, named) + 1;
    return width;
}

/* "1 scatter  2[shift] 3 N ...": keys and names; the keys alone where the names have no room, but for the chart that is
 * shown; and where they have none, those from which on it has room. Where click is a column, nothing is drawn: returns
 * the chart whose tab is there, or -1. */
static int put_tabs(app *a, rect r, int click) {
    int x = r.x + 1, end = r.x + r.cols, hit = -1, from = 0;
    bool named = tabs_width(a, 0, CHARTS, true) <= end - x;
    while (from < (int)a->plot && tabs_width(a, from, (int)a->plot + 1, named) > end - x) from++;
    for (int k = from; k < CHARTS && x < end; k++) {
        const char *key = tab_key(k), *name = chart_type_of((chart_kind)k)->tab;
        bool here = k == (int)a->plot, full = named || here;
        int width = tab_width(a, k, named), at = x;
        if (click > x && click <= x + width) hit = k;
        x += width + 1;
        if (click >= 0) continue;
        at += grid_put(a->grid, r.y, at, end - at, ROLE_TEXT, " ");
        at += grid_put(a->grid, r.y, at, end - at, ROLE_KEY, *key || full ? key : ".");
        if (!full) continue;
        at += grid_put(a->grid, r.y, at, end - at, ROLE_TEXT, here ? "[" : " ");
        at += grid_put(a->grid, r.y, at, end - at, here ? ROLE_FOCUS : ROLE_HEADER, name);
        if (here) grid_put(a->grid, r.y, at, end - at, ROLE_TEXT, "]");
    }
    if (click < 0) grid_put(a->grid, r.y, x, end - x, ROLE_TEXT, " ");
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

/* What Enter does, in the footer; NULL: nothing. */
static const char *enter_hint(const chart_type *t) {
    if (t->cursor == CURSOR_N) return "set N";
    if (t->cursor != CURSOR_RANK && t->cursor != CURSOR_ROW) return NULL;
    return t->traits & CHART_STAYS_ON_ENTER ? "to a latent" : "go there";
}

static bool is_of_domains(const chart_type *t) {
    return t->cursor == CURSOR_DOMAIN || t->cursor == CURSOR_DOMAIN_STS;
}

static void plots_footer(app *a, rect r) {
    const chart_type *t = shown(a);
    const char *const hints[][2] = {{a->ascii ? "h l" : "\xe2\x86\x90 \xe2\x86\x92", chart_cursor_name(t)},
                                    {"Enter", enter_hint(t)},
                                    {"x", is_of_domains(t) ? "leave out" : NULL},
                                    {"s", t->depends & OF_SCORE ? "score" : NULL},
                                    {"b", "source"},
                                    {"space", "toggle"},
                                    {"w", "SVG"},
                                    {"q", "back"},
                                    {"Tab", "next"},
                                    {"[ ]", "N"},
                                    {"?", "help"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

/* To the next N of the sweep's grid. */
static void step_n(app *a, int step) {
    chart_page_state *p = a->tab->plots;
    size_t count, at = 0;
    uint32_t n = scry_session_n(a->tab->session), from = p->at_n ? p->at_n : n, F = a->tab->info->d_sae;
    uint32_t top = view_of(a).top, *points = scry_sweep_grid(top < F ? top : F, &count);
    while (at + 1 < count && points[at] < from) at++;
    if (step > 0 && points[at] <= from && at + 1 < count) at++;
    if (step < 0 && at > 0) at--;
    p->at_n = points[at];
    p->n_then = n;
    free(points);
}

static void step_domain(app *a, int step) {
    size_t D = a->tab->info->domains, here = domains_current(a);
    domains_go(a, (here + D + (size_t)(step > 0 ? 1 : D - 1)) % D);
}

/* To the domain with the next higher or lower score. */
static void step_domain_sts(app *a, int step) {
    const scry_result *r = scry_session_result(a->tab->session);
    size_t D = r->domains, here = domains_current(a), best = here;
    for (size_t d = 0; d < D; d++) {
        bool above = r->sts[d] > r->sts[here] || (r->sts[d] == r->sts[here] && d > here);
        if (isnan(r->sts[d]) || d == here || above != (step > 0)) continue;
        bool nearer = step > 0 ? r->sts[d] < r->sts[best] : r->sts[d] > r->sts[best];
        if (best == here || isnan(r->sts[here]) || nearer) best = d;
    }
    domains_go(a, best);
}

static void step_row(app *a, int step) {
    uint32_t *row = &a->tab->plots->row[a->plot], here = *row ? *row : 1;
    chart_view v = view_of(a);
    size_t rows = shown(a)->functions->rows(&v, a->tab->plots->data[a->plot]);
    if (step > 0 && here < rows) here++;
    if (step < 0 && here > 1) here--;
    *row = here;
}

static void step_rank(app *a, int step) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    uint32_t rank = r->rank[app_latent(a)];
    if (step > 0 && rank + 1 < r->latents) rank++;
    if (step < 0 && rank > 0) rank--;
    table_go(a, r->order[rank]);
}

static void step_cursor(app *a, int step) {
    static void (*const steps[])(app * a, int step) = {[CURSOR_DOMAIN] = step_domain,
                                                       [CURSOR_DOMAIN_STS] = step_domain_sts,
                                                       [CURSOR_RANK] = step_rank,
                                                       [CURSOR_N] = step_n,
                                                       [CURSOR_ROW] = step_row};
    if (chart_needs_domains(shown(a)) && !app_has_domains(a)) return;
    if (shown(a)->cursor == CURSOR_NONE) app_say(a, "this plot has no cursor");
    else steps[shown(a)->cursor](a, step);
}

void chart_page_move(app *a, long steps) {
    long least = -(long)a->tab->info->d_sae;
    if (steps < least) steps = least;
    if (steps > -least) steps = -least;
    for (; steps > 0; steps--) step_cursor(a, 1);
    for (; steps < 0; steps++) step_cursor(a, -1);
}

/* Goes to a latent of the cursor's row. False: there is none. */
static bool go_to_row(app *a) {
    if (chart_needs_domains(shown(a)) && !app_has_domains(a)) return false;
    const chart_data *data = a->tab->plots->data[a->plot];
    chart_view v = view_of(a);
    long latent = shown(a)->functions->row_latent(&v, data);
    if (latent >= 0) table_go(a, (uint32_t)latent);
    else if (data) app_say(a, "no latent belongs to this row");
    return latent >= 0;
}

command_effect chart_page_apply(app *a) {
    const chart_type *t = shown(a);
    char line[40];
    if (t->cursor == CURSOR_N && a->tab->plots->at_n) {
        snprintf(line, sizeof line, "top %u", a->tab->plots->at_n);
        return app_command(a, line);
    }
    if ((t->cursor == CURSOR_ROW && go_to_row(a) && !(t->traits & CHART_STAYS_ON_ENTER)) || t->cursor == CURSOR_RANK)
        a->layer = NULL;
    return DID_CHANGE;
}

/* Up and Down move the cursor where it has rows, else the table's. */
static bool moves(app *a, uint32_t key) {
    bool up = key == 'k' || key == KEY_CODE_UP, down = key == 'j' || key == KEY_CODE_DOWN;
    bool left = key == 'h' || key == KEY_CODE_LEFT, right = key == 'l' || key == KEY_CODE_RIGHT;
    if (left || right) app_command(a, right ? "point 1" : "point -1");
    else if ((up || down) && (shown(a)->cursor == CURSOR_ROW || shown(a)->cursor == CURSOR_DOMAIN))
        app_command(a, down ? "point 1" : "point -1");
    else if (up || down) view_table.move(a, MOVE_STEP, down ? 1 : -1);
    return up || down || left || right;
}

static command_effect next_score(app *a) {
    if (!app_has_domains(a)) return DID_CHANGE;
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
    if (!n) return app_command(a, "by-base");
    while (now + 1 < n && source[now] != r->source) now++;
    return app_command(a, source[(now + 1) % n] == SCRY_ICL ? "by-icl" : "by-trained");
}

static bool plots_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    if (key == 'q' || key == 'p' || key == 27) a->layer = NULL;
    else if (key == '0' && CHARTS > 9) a->plot = (chart_kind)9;
    else if (key >= '1' && key <= '9' && key < '1' + CHARTS) a->plot = (chart_kind)(key - '1');
    else if (key == '\t') a->plot = (a->plot + 1) % CHARTS;
    else if (key == KEY_CODE_BACK_TAB) a->plot = (a->plot + CHARTS - 1) % CHARTS;
    else if (key == '\r' || key == '\n') *effect = app_command(a, "take");
    else if (key == 'x' && is_of_domains(shown(a))) *effect = app_command(a, "leave-out");
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

static command_effect plots_click(app *a, int y, int x, UNUSED int clicks) {
    int kind = y == 0 ? put_tabs(a, (rect){0, 0, 1, a->grid->cols}, x) : -1;
    if (kind < 0) return DID_NOTHING;
    a->plot = (chart_kind)kind;
    return DID_CHANGE;
}

static const char *const plots_keys[][2] = {
    {"Left Right", "move the cursor: a domain, an N, a rank, a row (also h l)"},
    {"Enter", "set N to the cursor's, or go to its latent"},
    {"x", "leave the domain out of rho, or include it again"},
    {"s b", "the next score; the next source"},
    {"w", "write the plot as .svg, .png or .pdf"},
    {"digits", "the plot with this number; Tab, BackTab: the next, the previous one"},
    {"j k", "next, previous row; in a plot without rows, latent of the table"},
    {"q p Esc", "back to the panes"},
    {NULL, NULL}};

const layer layer_plots = {.name = "plots",
                           .draw = draw_plots,
                           .key = plots_key,
                           .footer = plots_footer,
                           .wheel = plots_wheel,
                           .click = plots_click,
                           .keys = plots_keys};
