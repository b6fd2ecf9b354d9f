/* domain_rho.c: the lines above the domains: rho with its statistics, of the score or of what the selection does in the
 * model. */
#include "explorer/causal/ablation_runs.h"
#include "explorer/panes/domain_pane.h"
#include "text/number_format.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>

/* Why there is no rho. */
static void draw_no_rho(app *a, rect r, int y, const scry_result *s) {
    const char *alike = a->tab->causal->on ? "all differences are equal" : "all scores are equal; select some latents";
    grid_print(a->grid, y, r.x + 1, r.cols - 1, ROLE_MESSAGE, "no rho: %s",
               s->fit.n == 0  ? "no domain has a measured change"
               : s->fit.n < 3 ? "fewer than 3 domains take part"
                              : alike);
}

/* rho with its statistics, as much as fits into the lines; `after` follows the number. */
static void put_rho(app *a, rect r, int y, int lines, const rho_view *v, const char *after, role look) {
    int x = r.x + 1, end = r.x + r.cols;
    char rho[16], part[RHO_STATISTICS][RHO_STATISTIC_TEXT];
    format_rho(v->result->fit.pearson, 3, false, rho, sizeof rho);
    x += grid_print(a->grid, y, x, end - x, look, "rho %s%s", rho, after);
    int n = rho_statistics_text(v, (rho_room){end - x, r.cols - 2, lines}, part);
    for (int i = 0; i < n; i++) {
        bool plain = (part[i][0] == 'n' || part[i][0] == 'R') && look == ROLE_RHO;
        if (x + 2 + text_columns(part[i]) > end) x = r.x + 1, y++;
        else if (x > r.x + 1) x += 2;
        x += grid_put(a->grid, y, x, end - x, plain ? ROLE_TEXT : ROLE_FAINT, part[i]);
    }
}

static void draw_score_rho(app *a, rect r, int y, int lines) {
    const scry_result *s = scry_session_result(a->tab->session);
    if (isnan(s->fit.pearson)) {
        draw_no_rho(a, r, y, s);
        return;
    }
    char by[16], step[24] = "";
    uint32_t switches = scry_session_switches(a->tab->session);
    bool ready = scry_session_statistics_ready(a->tab->session);
    if (r.cols >= 100 && switches && ready && !isnan(s->context.untouched)) { /* against the untouched top N */
        format_rho(s->fit.pearson - s->context.untouched, 3, true, by, sizeof by);
        snprintf(step, sizeof step, " (%s)", by);
    }
    const rho_view v = {.info = a->tab->info,
                        .result = s,
                        .baseline = scry_session_baseline(a->tab->session),
                        .switches = switches,
                        .ready = ready,
                        .ascii = a->ascii};
    put_rho(a, r, y, lines, &v, step, ROLE_RHO);
}

void domain_error_draw(app *a, rect r, int y, int lines, const char *error) {
    char safe[2048];
    text_clean(error, safe, sizeof safe, a->ascii);
    for (char *at = safe; *at && lines-- > 0; y++) {
        char line[512];
        size_t end = text_break(at, r.cols - 2);
        snprintf(line, sizeof line, "%.*s", (int)end, at);
        if (!lines) text_fit(line, r.cols - 2, a->ascii);
        grid_put(a->grid, y, r.x + 1, r.cols - 2, ROLE_ERROR, line);
        at += end;
        while (*at == ' ') at++;
    }
}

/* The correlation of the differences, or why there are none yet. */
static void draw_effect_rho(app *a, rect r, int y, int lines) {
    const causal_state *s = a->tab->causal;
    causal_stop why;
    if (causal_is_stopped(a, &why) && why == CAUSAL_FAILED) {
        domain_error_draw(a, r, y, lines, s->error);
        return;
    }
    if (!s->figures.of.set && !s->estimated) {
        grid_put(a->grid, y, r.x + 1, r.cols - 1, ROLE_MESSAGE,
                 "each domain's loss before and after the set is changed in the model");
        return;
    }
    const scry_result *result = s->estimated ? &s->likely : &s->figures.result;
    if (isnan(result->fit.pearson)) {
        draw_no_rho(a, r, y, result);
        return;
    }
    if (s->estimated) {
        char rho[16];
        format_rho(result->fit.pearson, 3, false, rho, sizeof rho);
        grid_print(a->grid, y, r.x + 1, r.cols - 1, ROLE_RHO, "rho %s (estimate)  n %zu  its statistics follow the run",
                   rho, result->fit.n);
        return;
    }
    static const scry_best_baseline none;
    const rho_view v = {.info = a->tab->info,
                        .result = result,
                        .baseline = &none,
                        .ready = s->figures.statistics,
                        .of_values = true,
                        .ascii = a->ascii};
    bool fresh = causal_is_fresh(a);
    char after[60] = "", p[16];
    format_rho(result->context.random_tail, 3, false, p, sizeof p);
    if (!fresh) snprintf(after, sizeof after, " (not of this set)");
    else if (s->figures.random) snprintf(after, sizeof after, " (p %s of %u random sets)", p, s->figures.random);
    put_rho(a, r, y, lines, &v, after, fresh ? ROLE_RHO : ROLE_FAINT);
}

void domain_rho_draw(app *a, rect r, int y, int lines) {
    if (a->tab->causal->on) draw_effect_rho(a, r, y, lines);
    else draw_score_rho(a, r, y, lines);
}
