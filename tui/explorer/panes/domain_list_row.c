/* domain_list_row.c: one domain of the pane, with the part of its bar that is the selected latent's. */
#include "explorer/panes/domain_pane.h"
#include "results/results.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const domain_sorts[DOMAIN_SORTS] = {"file", "sts", "change", "residual", "part", "name"};

enum { WIDE = 62, WIDER = 70 }; /* columns from which the residual, and the latent's part, have their own */

/* "5.3e-3": no zeros in the exponent. */
static void small(double value, char *text, size_t size) {
    snprintf(text, size, "%.1e", value);
    char *e = strchr(text, 'e'), *digits = e ? e + 2 : NULL;
    if (digits && digits[0] == '0' && digits[1]) memmove(digits, digits + 1, strlen(digits));
}

/* All alike, as the longest bar has room for them: two or more digits of each domain, so that a toggle shows. */
void domain_number(double value, double scale, char *text, size_t size) {
    if (value == 0) snprintf(text, size, "0");
    else if (scale < 0.01) small(value, text, size);
    else if (scale < 1) format_rho(value, scale < 0.1 ? 5 : 4, false, text, size);
    else snprintf(text, size, "%.*f", scale >= 1000 ? 0 : scale >= 100 ? 1 : scale >= 10 ? 2 : 3, value);
}

void domain_part_text(double part, double scale, char *text, size_t size) {
    if (fabs(part) >= 10 || scale < 0.01) domain_number(part, scale, text, size);
    else if (scale < 1) format_rho(part, 6, false, text, size);
    else snprintf(text, size, fabs(part) >= 0.00005 || part == 0 ? "%.4f" : "%.0e", part);
}

double domain_off_line(const app *a, size_t d, bool *held_out) {
    const scry_result *s = scry_session_result(a->tab->session);
    const scry_scope *scope = scry_session_scope(a->tab->session);
    *held_out = isnan(s->change[d]);
    if (!*held_out) return s->residual[d];
    double change = a->tab->info->domain[d].change[scope->train];
    return (scope->is_signed ? change : fabs(change)) - (s->fit.intercept + s->fit.slope * s->sts[d]);
}

double domain_part(const app *a, size_t domain) {
    const scry_session *s = a->tab->session;
    uint32_t latent = app_latent(a);
    const float *all = scry_contribution(a->tab->index, scry_session_score(s), latent);
    return all ? scry_score_part(scry_session_score(s), (double)all[domain], scry_session_set(s), latent) : (double)NAN;
}

/* Behind the residual, where a row is wide enough: the change's error, and the changes by other measures. */
typedef struct extra_cells {
    scry_measure measure[SCRY_MEASURES];
    int count, cols; /* cols: of all */
    bool error;
} extra_cells;

enum { ERROR_COLS = 7, MEASURE_COLS = 12 };

static size_t train_of(const app *a) {
    return scry_session_scope(a->tab->session)->train;
}

static extra_cells extra_of(const app *a, int cols) {
    extra_cells e = {0};
    const scry_info *info = a->tab->info;
    scry_measure all[SCRY_MEASURES];
    size_t n = measures_beyond_change(info, train_of(a), all);
    for (size_t d = 0; d < info->domains; d++) e.error = e.error || !isnan(info->domain[d].change_se[train_of(a)]);
    e.error = e.error && cols >= WIDER + ERROR_COLS;
    e.cols = e.error ? ERROR_COLS : 0;
    for (size_t i = 0; i < n && cols - e.cols - MEASURE_COLS >= WIDER; i++) {
        e.measure[e.count++] = all[i];
        e.cols += MEASURE_COLS;
    }
    return e;
}

const char *domain_row_heads(const app *a, int cols, char out[DOMAIN_HEADS]) {
    const extra_cells e = extra_of(a, cols);
    int used = snprintf(out, DOMAIN_HEADS, "%s",
                        cols >= WIDER  ? "    STS    part  change residual"
                        : cols >= WIDE ? "    STS  change residual"
                                       : "");
    if (e.error) used += snprintf(out + used, DOMAIN_HEADS - (size_t)used, "%*s", ERROR_COLS, "SE");
    for (int i = 0; i < e.count; i++)
        used +=
            snprintf(out + used, DOMAIN_HEADS - (size_t)used, "%*s", MEASURE_COLS, scry_measures[e.measure[i]].name);
    return out;
}

int domain_row_head_at(const app *a, int cols, int x) {
    const int width = cols;
    cols -= extra_of(a, cols).cols;
    int from = cols - 9;
    if (width < WIDE || x < 0) return -1;
    if (x >= from) return x < cols ? SORT_RESIDUAL : -1;
    if (x >= (from -= 8)) return SORT_CHANGE;
    if (width >= WIDER && x >= (from -= 8)) return SORT_LATENT;
    return x >= from - 7 ? SORT_STS : -1;
}

enum { EIGHTHS = 8 }; /* of a cell: what bars are drawn in */

/* The cells from..to as the latent's: whole ones shaded, one that the bar fills in part as it is. */
static void mark_cells(app *a, int y, int x, int from, int to, int bar, uint32_t shade) {
    for (int i = from; i < to; i++) {
        int rest = bar - i * EIGHTHS;
        bool partial = !a->ascii && rest > 0 && rest < EIGHTHS;
        grid_fill(a->grid, y, x + i, 1, ROLE_MARK, partial ? 0x2590u - (uint32_t)rest : shade);
    }
}

/* The latent's part of a bar: at its end where the latent is in the score; behind it, as what would come, where it is
 * not. Never larger than it is: only cells that are its own as far as the bar reaches, a dot behind the bar where there
 * is none but the part is an eighth of a cell, and nothing below. */
static void mark_part(app *a, int y, int x, int cols, double sts, double part) {
    double scale = a->tab->domains->scale;
    bool in = scry_set_has(scry_session_set(a->tab->session), app_latent(a));
    if (!(scale > 0) || !(part > 0)) return;
    double eighths = part / scale * cols * EIGHTHS + 1e-9; /* a whole one stays one */
    int most = cols * EIGHTHS, own = eighths < most ? (int)eighths : most;
    int bar = grid_bar_eighths(cols, sts / scale);
    int behind = a->ascii ? grid_bar_ascii(bar) : (bar + EIGHTHS - 1) / EIGHTHS; /* the first cell behind the bar */
    uint32_t shade = in ? (a->ascii ? '+' : 0x2592) : (a->ascii ? '.' : 0x2591);
    int from = in ? behind - own / EIGHTHS : behind, to = in ? behind : behind + own / EIGHTHS;
    if (in && !a->ascii) from = bar > own ? (bar - own + EIGHTHS - 1) / EIGHTHS : 0;
    if (to > cols) to = cols;
    if (from < 0) from = 0;
    if (own >= 1 && from < to) mark_cells(a, y, x, from, to, in ? bar : 0, shade);
    else if (own >= 1 && !a->ascii && behind < cols) grid_fill(a->grid, y, x + behind, 1, ROLE_MARK, 0xb7);
}

static void draw_bar(app *a, int y, int x, int cols, size_t d, bool used) {
    double sts = scry_session_result(a->tab->session)->sts[d], scale = a->tab->domains->scale;
    if (cols < 1) return;
    grid_bar(a->grid, y, x, cols, used ? ROLE_BAR : ROLE_BAR_OUT, scale > 0 ? sts / scale : 0, a->ascii);
    mark_part(a, y, x, cols, sts, domain_part(a, d));
}

/* A change that may be none: with a sign that needs no colour, if need be in the place of a decimal. */
static void mark_doubt(double value, int cols, char text[32]) {
    snprintf(text, 32, "%+.2f~", value);
    if ((int)strlen(text) >= cols) snprintf(text, 32, "%+.1f~", value);
}

static void draw_extra(app *a, int y, int x, const extra_cells *e, size_t d) {
    char text[32];
    double se = a->tab->info->domain[d].change_se[train_of(a)];
    snprintf(text, sizeof text, isnan(se) ? "-" : "%.2f", se);
    if (e->error) grid_put_right(a->grid, y, x, ERROR_COLS, ROLE_FAINT, text);
    if (e->error) x += ERROR_COLS;
    for (int i = 0; i < e->count; i++, x += MEASURE_COLS) {
        double change = measured_change(a->tab->info, d, train_of(a), e->measure[i], &se);
        const scry_measured m = {.change = change, .change_se = se};
        snprintf(text, sizeof text, isnan(change) ? "-" : "%+.2f", change);
        if (!isnan(se) && !scry_change_is_clear(&m)) mark_doubt(change, MEASURE_COLS, text);
        grid_put_right(a->grid, y, x, MEASURE_COLS, ROLE_FAINT, text);
    }
}

bool domain_change_is_in_doubt(const app *a, size_t d) {
    return change_doubt_of(a->tab->info, d, train_of(a)) == CHANGE_IN_DOUBT;
}

/* The change, or how far it is off the line: in brackets where the line does not know it. */
static void draw_change(app *a, int y, int x, int cols, size_t d, bool residual) {
    bool held_out;
    double off = domain_off_line(a, d, &held_out);
    double value = residual ? off : a->tab->info->domain[d].change[scry_session_scope(a->tab->session)->train];
    char text[32];
    snprintf(text, sizeof text, residual && held_out ? "(%+.2f)" : "%+.2f", value);
    if (isnan(value)) snprintf(text, sizeof text, "-");
    else if (!residual && domain_change_is_in_doubt(a, d)) mark_doubt(value, cols, text);
    grid_put_right(a->grid, y, x, cols, !held_out && !residual ? ROLE_TEXT : ROLE_FAINT, text);
}

void domain_row_draw(app *a, int y, int x, int cols, size_t d, int name_width) {
    const scry_result *s = scry_session_result(a->tab->session);
    const extra_cells extra = extra_of(a, cols);
    if (extra.cols) draw_extra(a, y, x + cols - extra.cols, &extra, d);
    cols -= extra.cols;
    bool used = !isnan(s->change[d]), wide = cols >= WIDE, wider = cols >= WIDER;
    char text[128];
    app_fit_text(a, a->tab->info->domain[d].name, name_width, text, sizeof text);
    grid_put(a->grid, y, x, name_width, used ? ROLE_TEXT : ROLE_FAINT, text);
    double scale = a->tab->domains->scale;
    int at = x + name_width, sts = wide || scale < 0.1 ? 7 : 6, change = wide ? 8 : 7;
    grid_put(a->grid, y, at, 1, ROLE_FAINT, used ? " " : a->ascii ? "x" : "\xc3\x97"); /* without colour too */
    at++;
    int bar = cols - name_width - 1 - sts - change - (wide ? 9 : 0) - (wider ? 8 : 0);
    if (isnan(s->sts[d])) {
        grid_put(a->grid, y, at, bar, ROLE_FAINT, "no icl capture");
    } else {
        draw_bar(a, y, at, bar, d, used);
        domain_number(s->sts[d], scale, text, sizeof text);
        grid_put_right(a->grid, y, at + bar, sts, ROLE_TEXT, text);
        domain_part_text(domain_part(a, d), scale, text, sizeof text);
        if (wider) grid_put_right(a->grid, y, at + bar + sts, 8, ROLE_FAINT, text);
    }
    at += bar + sts + (wider ? 8 : 0);
    if (!wider && a->tab->domains->sort == SORT_LATENT) grid_put_right(a->grid, y, at, change, ROLE_FAINT, text);
    else draw_change(a, y, at, change, d, !wide && a->tab->domains->sort == SORT_RESIDUAL);
    if (wide) draw_change(a, y, at + change, 9, d, true);
}
