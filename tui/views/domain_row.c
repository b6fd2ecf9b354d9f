/* domain_row.c: one domain of the pane, with the part of its bar that is the selected latent's. */
#include "draw/text.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDE = 62, WIDER = 70 }; /* columns from which the residual, and the latent's part, have their own */

/* A score in at most 6 columns; small ones as ".0162". */
static void domain_number(double value, char *text, size_t size) {
    if (value >= 0.00095 && value < 0.09995) {
        view_rho(value, 4, false, text, size);
        return;
    }
    snprintf(text, size,
             value >= 1000                 ? "%.0f"
             : value >= 100                ? "%.1f"
             : value >= 10                 ? "%.2f"
             : value >= 0.09 || value == 0 ? "%.3f"
                                           : "%.0e",
             value);
}

void domain_part_text(double part, char *text, size_t size) {
    if (part == 0) snprintf(text, size, "0");
    else if (part >= 10 || part <= -10) domain_number(part, text, size);
    else snprintf(text, size, fabs(part) >= 0.00005 ? "%.4f" : "%.0e", part);
}

double domain_part(const app *a, size_t domain) {
    const scry_session *s = a->tab->session;
    const float *all = scry_contributions(a->tab->index, scry_session_score(s));
    uint32_t latent = app_latent(a), count = scry_session_set(s)->count;
    if (!all) return NAN;
    double part = (double)all[(size_t)latent * a->tab->info->domains + domain];
    if (scry_session_score(s) != SCRY_ACT2) return part;
    return part / (scry_set_has(scry_session_set(s), latent) ? count : count + 1); /* a mean over the set */
}

const char *domain_row_heads(int cols) {
    return cols >= WIDER ? "    STS    part  change residual" : cols >= WIDE ? "    STS  change residual" : "";
}

/* The cells of a bar that are the latent's: at its end where the latent is in the score, behind it, as
 * what would come, where it is not. A part of less than half a cell has no cell. */
static void mark_part(app *a, int y, int x, int cols, double sts, double part) {
    double scale = a->tab->domains.scale;
    bool in = scry_set_has(scry_session_set(a->tab->session), app_latent(a));
    if (!(scale > 0) || !(part > 0)) return;
    double from = (in ? sts - part : sts) / scale * cols, to = (in ? sts : sts + part) / scale * cols;
    int first = (int)lround(from), last = (int)lround(to);
    if (last == first && to - from >= 0.5) last++; /* within one cell: more than half of it */
    if (last > cols) last = cols;
    if (first < 0) first = 0;
    uint32_t code = in ? (a->ascii ? '+' : 0x2592) : (a->ascii ? '.' : 0x2591);
    if (last > first) grid_fill(a->grid, y, x + first, last - first, ROLE_MARK, code);
}

static void draw_bar(app *a, int y, int x, int cols, size_t d, bool used) {
    double sts = scry_session_result(a->tab->session)->sts[d], scale = a->tab->domains.scale;
    if (cols < 1) return;
    grid_bar(a->grid, y, x, cols, used ? ROLE_BAR : ROLE_BAR_OUT, scale > 0 ? sts / scale : 0, a->ascii);
    mark_part(a, y, x, cols, sts, domain_part(a, d));
}

/* The change, or the line's residual. */
static void draw_change(app *a, int y, int x, int cols, size_t d, bool residual) {
    const scry_result *s = scry_session_result(a->tab->session);
    bool used = !isnan(s->change[d]);
    double change = a->tab->info->domain[d].change[scry_session_scope(a->tab->session)->train];
    double value = residual ? s->residual[d] : change;
    char text[32];
    snprintf(text, sizeof text, "%+.2f", value);
    if (isnan(value)) snprintf(text, sizeof text, residual && !used ? "left out" : "-");
    grid_put_right(a->grid, y, x, cols, used && !residual ? ROLE_TEXT : ROLE_FAINT, text);
}

void domain_row_draw(app *a, int y, int x, int cols, size_t d, int name_width) {
    const scry_result *s = scry_session_result(a->tab->session);
    bool used = !isnan(s->change[d]), wide = cols >= WIDE, wider = cols >= WIDER;
    char text[128];
    text_clean(a->tab->info->domain[d].name, text, sizeof text, a->ascii);
    text_fit(text, name_width, a->ascii);
    grid_put(a->grid, y, x, name_width, used ? ROLE_TEXT : ROLE_FAINT, text);
    int at = x + name_width, sts = wide ? 7 : 6, change = wide ? 8 : 7;
    grid_put(a->grid, y, at, 1, ROLE_FAINT, used ? " " : a->ascii ? "x" : "\xc3\x97"); /* without colour too */
    at++;
    int bar = cols - name_width - 1 - sts - change - (wide ? 9 : 0) - (wider ? 8 : 0);
    if (isnan(s->sts[d])) {
        grid_put(a->grid, y, at, bar, ROLE_FAINT, "no icl capture");
    } else {
        draw_bar(a, y, at, bar, d, used);
        domain_number(s->sts[d], text, sizeof text);
        grid_put_right(a->grid, y, at + bar, sts, ROLE_TEXT, text);
        domain_part_text(domain_part(a, d), text, sizeof text);
        if (wider) grid_put_right(a->grid, y, at + bar + sts, 8, ROLE_FAINT, text);
    }
    at += bar + sts + (wider ? 8 : 0);
    if (!wider && a->tab->domains.sort == SORT_LATENT) grid_put_right(a->grid, y, at, change, ROLE_FAINT, text);
    else draw_change(a, y, at, change, d, !wide && a->tab->domains.sort == SORT_RESIDUAL);
    if (wide) draw_change(a, y, at + change, 9, d, true);
}
