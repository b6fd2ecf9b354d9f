/* domains.c: each domain's score as a bar, its measured change, and how the two correlate. */
#include "draw/text.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sorts[] = {"file", "sts", "change", "residual", "name"};
enum { SORTS = sizeof sorts / sizeof *sorts };

const char *domains_sort_name(const domains_state *d) {
    return sorts[d->sort];
}

typedef struct order_context {
    const app *a;
    const scry_result *result;
} order_context;

static int compare(const void *x, const void *y, void *context) {
    const order_context *o = context;
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    const scry_domain_info *d = o->a->tab->info->domain;
    size_t train = scry_session_scope(o->a->tab->session)->train;
    double first = 0, second = 0;
    int order = 0;
    switch (o->a->tab->domains.sort) {
    case 1:
        first = -o->result->sts[i], second = -o->result->sts[j];
        break;
    case 2:
        first = d[i].change[train], second = d[j].change[train];
        break;
    case 3:
        first = -fabs(o->result->residual[i]), second = -fabs(o->result->residual[j]);
        break;
    case 4:
        order = strcmp(d[i].name, d[j].name);
        break;
    default:
        break;
    }
    if (isnan(first) != isnan(second)) order = isnan(first) ? 1 : -1;
    else if (first != second) order = first < second ? -1 : 1;
    if (o->a->tab->domains.reversed) order = -order;
    return order ? order : (i > j) - (i < j);
}

/* rho with its company, as much as fits. */
static void draw_rho(app *a, rect r, int y) {
    const scry_result *s = scry_session_result(a->tab->session);
    int x = r.x + 1, end = r.x + r.cols;
    if (isnan(s->fit.pearson)) {
        grid_print(a->grid, y, x, r.cols - 1, ROLE_MESSAGE, "no rho: %s",
                   s->fit.n == 0  ? "no domain has a measured change"
                   : s->fit.n < 3 ? "fewer than 3 domains take part"
                                  : "the scores are all alike; put latents in");
        return;
    }
    char rho[16], step[24] = "", part[5][64], p[16], low[16], high[16], mean[16];
    view_rho(s->fit.pearson, 3, false, rho, sizeof rho);
    if (r.cols >= 90 && !isnan(a->tab->rho_before) && a->tab->rho_before != s->fit.pearson) {
        view_rho(s->fit.pearson - a->tab->rho_before, 3, true, p, sizeof p);
        snprintf(step, sizeof step, " (%s)", p);
    }
    x += grid_print(a->grid, y, x, end - x, ROLE_RHO, "rho %s%s", rho, step);
    bool ready = scry_session_company_ready(a->tab->session);
    view_rho(s->fit.r2, 2, false, low, sizeof low);
    snprintf(part[0], sizeof part[0], "R2 %s n %zu", low, s->fit.n);
    view_rho(s->p_value, 3, false, p, sizeof p);
    view_rho(s->loo_min, 2, false, low, sizeof low);
    view_rho(s->loo_max, 2, false, high, sizeof high);
    view_rho(s->random_mean, 2, false, mean, sizeof mean);
    snprintf(part[1], sizeof part[1], ready ? "p %s" : "p ...", ready && s->p_value < 0.0005 ? "<.001" : p);
    snprintf(part[2], sizeof part[2], ready ? "one out %s to %s" : " ", low, high);
    bool drawn = !ready || !isnan(s->random_mean);
    snprintf(part[3], sizeof part[3],
             ready && drawn ? "random %s, %.0f%% below"
             : drawn        ? " "
                            : "",
             mean, 100 * s->random_rank);
    view_rho(s->spearman, 2, false, low, sizeof low);
    snprintf(part[4], sizeof part[4], ready ? "Spearman %s" : " ", low);
    for (int i = 0; i < 5; i++) {
        if (!*part[i]) continue; /* there is none */
        if (x + 2 + text_columns(part[i]) > end) break;
        x += 2;
        x += grid_put(a->grid, y, x, end - x, i == 0 ? ROLE_TEXT : ROLE_FAINT, part[i]);
    }
}

/* One domain in `cols` columns: name, bar, STS, change, and the line's residual where there is room. */
static void draw_domain(app *a, int y, int x, int cols, size_t d, int name_width) {
    const scry_result *s = scry_session_result(a->tab->session);
    const scry_scope *scope = scry_session_scope(a->tab->session);
    bool used = !isnan(s->change[d]), wide = cols >= 62;
    double change = a->tab->info->domain[d].change[scope->train];
    char text[128];
    text_clean(a->tab->info->domain[d].name, text, sizeof text, a->ascii);
    text_fit(text, name_width, a->ascii);
    grid_put(a->grid, y, x, name_width, used ? ROLE_TEXT : ROLE_FAINT, text);
    int sts_width = wide ? 7 : 6, change_width = wide ? 8 : 7;
    int bar = cols - name_width - 1 - sts_width - change_width - (wide ? 9 : 0);
    int at = x + name_width + 1;
    if (isnan(s->sts[d])) {
        grid_put(a->grid, y, at, bar, ROLE_FAINT, "no icl capture");
    } else {
        grid_bar(a->grid, y, at, bar, used ? ROLE_BAR : ROLE_BAR_OUT,
                 a->tab->domains.scale > 0 ? s->sts[d] / a->tab->domains.scale : 0, a->ascii);
        double sts = s->sts[d];
        snprintf(text, sizeof text,
                 sts >= 1000               ? "%.0f"
                 : sts >= 100              ? "%.1f"
                 : sts >= 10               ? "%.2f"
                 : sts >= 0.01 || sts == 0 ? "%.3f"
                                           : "%.0e",
                 sts);
        grid_put_right(a->grid, y, at + bar, sts_width, ROLE_TEXT, text);
    }
    if (isnan(change)) snprintf(text, sizeof text, "-");
    else snprintf(text, sizeof text, "%+.2f", change);
    grid_put_right(a->grid, y, at + bar + sts_width, change_width, used ? ROLE_TEXT : ROLE_FAINT, text);
    if (!wide) return;
    if (isnan(s->residual[d])) snprintf(text, sizeof text, used ? "-" : "left out");
    else snprintf(text, sizeof text, "%+.2f", s->residual[d]);
    grid_put_right(a->grid, y, at + bar + 15, 9, ROLE_FAINT, text);
}

static void scale_bars(app *a) {
    const scry_result *s = scry_session_result(a->tab->session);
    domains_state *state = &a->tab->domains;
    if (state->scale_score != scry_session_score(a->tab->session) || state->scale_n != scry_session_n(a->tab->session))
        state->scale = 0;
    state->scale_score = scry_session_score(a->tab->session);
    state->scale_n = scry_session_n(a->tab->session);
    for (size_t d = 0; d < s->domains; d++)
        if (s->sts[d] > state->scale) state->scale = s->sts[d];
}

static void draw_title(app *a, rect r, bool focus, bool wide) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    char spec[64];
    text_clean(scry_session_scope_spec(a->tab->session), spec, sizeof spec, a->ascii);
    text_fit(spec, 24, a->ascii);
    const char *sort = a->tab->domains.sort ? sorts[a->tab->domains.sort] : "";
    int x = view_title(a, r, focus, "STS %s and measured change%s%s",
                       scry_score_name(scry_session_score(a->tab->session)), *sort ? ", by " : "", sort);
    char text[160];
    snprintf(text, sizeof text, " rho with %s, %s ", scope->is_signed ? "signed change" : "size of change", spec);
    if (wide) {
        static const char heads[] = "    STS  change residual";
        int width = (int)sizeof heads - 1;
        if (r.x + r.cols - x > width + 2) grid_put_right(a->grid, r.y, x, r.x + r.cols - x - 1, ROLE_HEADER, heads);
        if (text_columns(text) + width + 2 < r.x + r.cols - x) grid_put(a->grid, r.y, x + 2, r.cols, ROLE_FAINT, text);
    } else if (text_columns(text) < r.x + r.cols - x) {
        grid_put_right(a->grid, r.y, x, r.x + r.cols - x, ROLE_FAINT, text);
    }
}

static void draw_domains(app *a, rect r, bool focus) {
    size_t D = a->tab->info->domains;
    domains_state *state = &a->tab->domains;
    scale_bars(a);
    int rows = r.rows - 2, columns = 1;
    if (rows < 1) rows = 1;
    while ((int)D > rows * columns && r.cols / (columns + 1) >= 38) columns++;
    int width = columns == 1 ? r.cols - 2 : (r.cols - 1) / columns - 1;
    draw_title(a, r, focus, width >= 62 && columns == 1);
    draw_rho(a, r, r.y + 1);
    size_t *order = malloc(D * sizeof *order);
    if (!order) abort();
    order_context context = {a, scry_session_result(a->tab->session)};
    int name_width = 6;
    for (size_t d = 0; d < D; d++) {
        order[d] = d;
        int w = text_columns(a->tab->info->domain[d].name);
        if (w > name_width) name_width = w;
    }
    int most = width >= 62 ? 24 : width * 5 / 12;
    if (name_width > most) name_width = most;
    qsort_r(order, D, sizeof *order, compare, &context);
    state->page = rows * columns;
    if (state->top + state->page > (int)D) state->top = (int)D > state->page ? (int)D - state->page : 0;
    for (int i = 0; i < state->page && state->top + i < (int)D; i++)
        draw_domain(a, r.y + 2 + i % rows, r.x + 1 + i / rows * (width + 1), width - (columns > 1),
                    order[state->top + i], name_width);
    free(order);
}

static void move_domains(app *a, move kind, long steps) {
    domains_state *s = &a->tab->domains;
    long last = (long)a->tab->info->domains - s->page, top = s->top;
    if (last < 0) last = 0;
    if (kind == MOVE_STEP) top += steps;
    else if (kind == MOVE_PAGE) top += steps * s->page;
    else top = kind == MOVE_FIRST ? 0 : last;
    s->top = (int)(top < 0 ? 0 : top > last ? last : top);
}

static bool sort_domains(app *a, const char *name, char *wrong, size_t size) {
    int next = name ? -1 : (a->tab->domains.sort + 1) % SORTS;
    for (int i = 0; name && i < SORTS; i++)
        if (strcmp(sorts[i], name) == 0) next = i;
    if (next < 0) {
        snprintf(wrong, size, "file, sts, change, residual, name");
        return false;
    }
    a->tab->domains.sort = next;
    a->tab->domains.reversed = false;
    app_say(a, next ? "domains sorted by %s" : "domains in the order of the %s", next ? sorts[next] : "study");
    return true;
}

static void reverse_domains(app *a) {
    a->tab->domains.reversed = !a->tab->domains.reversed;
}

const view view_domains = {"domains", draw_domains, move_domains, sort_domains, reverse_domains, NULL};
