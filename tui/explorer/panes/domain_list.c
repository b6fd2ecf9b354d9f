/* domain_list.c: each domain's score as a bar, its measured change, and how the two correlate. */
#include "base/mem.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "text/number_format.h"
#include "text/suggest.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The domain under the cursor, where its row has no room for all; without its name where that is too long. */
static void current_words(const app *a, int room, char *text, size_t size) {
    size_t d = a->tab->domains->current;
    uint32_t latent = app_latent(a);
    char name[64], part[24], off[48];
    bool held_out, in = scry_set_has(scry_session_set(a->tab->session), latent);
    double value = domain_off_line(a, d, &held_out);
    app_fit_text(a, a->tab->info->domain[d].name, 16, name, sizeof name);
    domain_part_text(domain_part(a, d), a->tab->domains->scale, part, sizeof part);
    if (isnan(value)) snprintf(off, sizeof off, "no residual");
    else snprintf(off, sizeof off, held_out ? "off the line by %+.2f" : "residual %+.2f", value);
    snprintf(text, size, " %s: latent %u %s %s, %s ", name, latent, in ? "part" : "would add", part, off);
    if (text_columns(text) < room) return;
    snprintf(text, size, " latent %u %s %s, %s ", latent, in ? "part" : "would add", part, off);
    if (text_columns(text) < room) return;
    snprintf(text, size, " %u %s %s, %s ", latent, in ? "part" : "adds", part, off);
}

/* Describes the change and the domains of rho, and, where there is room, that it is Pearson's. */
static void scope_words(const app *a, int room, char *text, size_t size) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    char spec[64], safe[200];
    size_t used = 0;
    for (size_t d = 0; d < scope->domains; d++) used += scope->use[d];
    snprintf(spec, sizeof spec, "%.40s", scry_session_scope_spec(a->tab->session));
    if (strchr(spec, ',') || strlen(spec) > 16) snprintf(spec, sizeof spec, "%zu of %zu", used, scope->domains);
    text_clean(spec, safe, sizeof safe, a->ascii);
    snprintf(text, size, " Pearson's rho with %s, %.60s ", change_name(scope->is_signed), safe);
    if (text_columns(text) >= room) snprintf(text, size, " rho with %s, %.60s ", change_name(scope->is_signed), safe);
}

/* "STS act and measured change, by sts, 15-28 of 40"; brief: without what is the same each day. */
static void title_words(const app *a, bool brief, char *text, size_t size) {
    const domains_state *state = a->tab->domains;
    int D = (int)a->tab->info->domains, last = state->top + state->page;
    int n = snprintf(text, size, "STS %s%s", scry_score_name(scry_session_score(a->tab->session)),
                     brief ? "" : " and measured change");
    if (state->sort) n += snprintf(text + n, size - (size_t)n, ", by %s", domain_sorts[state->sort]);
    if (state->sort && state->reversed) n += snprintf(text + n, size - (size_t)n, " reversed");
    if (state->page < D) snprintf(text + n, size - (size_t)n, ", %d-%d of %d", state->top + 1, last < D ? last : D, D);
}

/* Draws the rule above the pane: its title, then column heads, or the domain under the cursor in words. */
static void draw_title(app *a, rect r, bool focus, const char *heads) {
    char title[160], text[200];
    int width = text_columns(heads);
    title_words(a, false, title, sizeof title);
    int room = r.cols - 4 - text_columns(title);
    if (focus && !*heads) current_words(a, room, text, sizeof text);
    else scope_words(a, *heads ? room - width - 4 : room, text, sizeof text);
    if (text_columns(text) >= room || (*heads && width + 2 >= room)) {
        title_words(a, true, title, sizeof title);
        room = r.cols - 4 - text_columns(title);
        if (focus && !*heads) current_words(a, room, text, sizeof text);
        else scope_words(a, *heads ? room - width - 4 : room, text, sizeof text);
    }
    int x = view_title(a, r, focus, "%s", title);
    if (*heads && room > width + 2) grid_put_right(a->grid, r.y, x, r.x + r.cols - x - 1, ROLE_HEADER, heads);
    if (*heads && text_columns(text) + width + 4 < room) grid_put(a->grid, r.y, x + 2, r.cols, ROLE_FAINT, text);
    if (!*heads && text_columns(text) < room) grid_put_right(a->grid, r.y, x, r.x + r.cols - x, ROLE_FAINT, text);
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
    switch (o->a->tab->domains->sort) {
    case SORT_STS:
        first = -o->result->sts[i], second = -o->result->sts[j];
        break;
    case SORT_CHANGE:
        first = d[i].change[train], second = d[j].change[train];
        break;
    case SORT_RESIDUAL:
        first = -fabs(o->result->residual[i]), second = -fabs(o->result->residual[j]);
        break;
    case SORT_LATENT:
        first = -domain_part(o->a, i), second = -domain_part(o->a, j);
        break;
    case SORT_NAME:
        order = strcmp(d[i].name, d[j].name);
        break;
    default:
        break;
    }
    if (isnan(first) != isnan(second)) order = isnan(first) ? 1 : -1;
    else if (first != second) order = first < second ? -1 : 1;
    if (o->a->tab->domains->reversed) order = -order;
    return order ? order : (i > j) - (i < j);
}

/* All domains in the order of the pane; the caller frees. */
static size_t *order_of(const app *a) {
    size_t D = a->tab->info->domains, *order = mem_new(D, sizeof *order);
    for (size_t d = 0; d < D; d++) order[d] = d;
    order_context context = {a, scry_session_result(a->tab->session)};
    qsort_r(order, D, sizeof *order, compare, &context);
    return order;
}

static size_t place_of(const app *a, const size_t *order) {
    size_t place = 0;
    while (order[place] != a->tab->domains->current) place++;
    return place;
}

/* rho with its statistics, as much as fits into the lines. */
static void draw_rho(app *a, rect r, int y, int lines) {
    const scry_result *s = scry_session_result(a->tab->session);
    int x = r.x + 1, end = r.x + r.cols;
    if (isnan(s->fit.pearson)) {
        grid_print(a->grid, y, x, r.cols - 1, ROLE_MESSAGE, "no rho: %s",
                   s->fit.n == 0  ? "no domain has a measured change"
                   : s->fit.n < 3 ? "fewer than 3 domains take part"
                                  : "all scores are equal; select some latents");
        return;
    }
    char rho[16], by[16], step[24] = "", part[RHO_STATISTICS][RHO_STATISTIC_TEXT];
    format_rho(s->fit.pearson, 3, false, rho, sizeof rho);
    uint32_t switches = scry_session_switches(a->tab->session);
    bool ready = scry_session_statistics_ready(a->tab->session);
    if (r.cols >= 100 && switches && ready && !isnan(s->context.untouched)) { /* against the untouched top N */
        format_rho(s->fit.pearson - s->context.untouched, 3, true, by, sizeof by);
        snprintf(step, sizeof step, " (%s)", by);
    }
    x += grid_print(a->grid, y, x, end - x, ROLE_RHO, "rho %s%s", rho, step);
    rho_view v = {.info = a->tab->info,
                  .result = s,
                  .baseline = scry_session_baseline(a->tab->session),
                  .switches = switches,
                  .ready = ready,
                  .ascii = a->ascii};
    int n = rho_statistics_text(&v, (rho_room){end - x, r.cols - 2, lines}, part);
    for (int i = 0; i < n; i++) {
        if (x + 2 + text_columns(part[i]) > end) x = r.x + 1, y++;
        else if (x > r.x + 1) x += 2;
        x += grid_put(a->grid, y, x, end - x, part[i][0] == 'n' || part[i][0] == 'R' ? ROLE_TEXT : ROLE_FAINT, part[i]);
    }
}

static void scale_bars(app *a) {
    const scry_result *s = scry_session_result(a->tab->session);
    domains_state *state = a->tab->domains;
    if (state->scale_score != scry_session_score(a->tab->session) ||
        state->scale_n != scry_session_n(a->tab->session) || state->scale_against != a->tab->info->against)
        state->scale = 0;
    state->scale_score = scry_session_score(a->tab->session);
    state->scale_n = scry_session_n(a->tab->session);
    state->scale_against = a->tab->info->against;
    for (size_t d = 0; d < s->domains; d++)
        if (s->sts[d] > state->scale) state->scale = s->sts[d];
}

/* How the rows stand: in so many columns of cells, each `width` wide. */
typedef struct shape {
    int lines; /* of rho, above them */
    int rows, columns, width, name;
} shape;

static shape shape_of(const app *a, rect r) {
    int D = (int)a->tab->info->domains;
    shape s = {r.rows > D + 3 ? 3 : r.rows >= 8 ? 2 : 1, 0, 1, 0, 6};
    s.rows = r.rows - 1 - s.lines;
    if (s.rows < 1) s.rows = 1;
    while (D > s.rows * s.columns && r.cols / (s.columns + 1) >= 38) s.columns++;
    s.width = s.columns == 1 ? r.cols - 2 : (r.cols - 1) / s.columns - 1;
    for (int d = 0; d < D; d++) {
        int w = text_columns(a->tab->info->domain[d].name);
        if (w > s.name) s.name = w;
    }
    int most = s.width >= 62 ? 24 : s.width * 5 / 12;
    if (s.name > most) s.name = most;
    return s;
}

/* Without domains: what is missing, and in the enlarged pane how to add it. */
static void draw_none(app *a, rect r, bool focus) {
    static const char *const lines[] = {
        "nothing to score: \"domains\" in the manifest adds STS, rho and mixtures",
        "",
        "\"domains\": [",
        "  { \"name\": \"law\",",
        "    \"change\": -1.5,",
        "    \"base\": { \"residual\": \"law.safetensors\", \"tokens\": \"law.jsonl\" } },",
        "  ... ]",
        "",
        "\"base\" holds the model's activations on texts of the domain;",
        "\"change\", which rho needs, is what scry evaluate measures"};
    const char *brief = "nothing to score; \"domains\" in the manifest adds them";
    view_title(a, r, focus, "no domains");
    for (int i = 0; i < (int)(sizeof lines / sizeof *lines) && i + 1 < r.rows; i++)
        grid_put(a->grid, r.y + 1 + i, r.x + 1, r.cols - 2, ROLE_FAINT, i || r.cols >= 74 ? lines[i] : brief);
}

static void draw_domains(app *a, rect r, bool focus) {
    int D = (int)a->tab->info->domains;
    if (!D) {
        draw_none(a, r, focus);
        return;
    }
    domains_state *state = a->tab->domains;
    scale_bars(a);
    shape s = shape_of(a, r);
    draw_rho(a, r, r.y + 1, s.lines);
    char heads[DOMAIN_HEADS];
    size_t *order = order_of(a);
    int at = (int)place_of(a, order);
    state->page = s.rows * s.columns;
    if (at < state->top) state->top = at;
    if (at >= state->top + state->page) state->top = at - state->page + 1;
    if (state->top + state->page > D) state->top = D > state->page ? D - state->page : 0;
    draw_title(a, r, focus, s.columns == 1 ? domain_row_heads(a, s.width, heads) : "");
    for (int i = 0; i < state->page && state->top + i < D; i++) {
        int y = r.y + 1 + s.lines + i % s.rows, x = r.x + 1 + i / s.rows * (s.width + 1),
            cols = s.width - (s.columns > 1);
        domain_row_draw(a, y, x, cols, order[state->top + i], s.name);
        if (focus && state->top + i == at) grid_flag(a->grid, y, x, cols, CELL_CURSOR);
    }
    free(order);
}

static void move_domains(app *a, move kind, long steps) {
    domains_state *s = a->tab->domains;
    if (!a->tab->info->domains) return;
    size_t *order = order_of(a);
    s->current = order[view_moved((long)place_of(a, order), kind, steps, s->page, (long)a->tab->info->domains - 1)];
    free(order);
}

/* A click on a head sorts by it, one more turns the order around. */
static void click_head(app *a, int by) {
    domains_state *state = a->tab->domains;
    if (by < 0) return;
    bool again = state->sort == by;
    app_record_mouse(a, again ? "reverse" : "sort", "%s", again ? "" : domain_sorts[by]);
    state->reversed = again && !state->reversed;
    state->sort = by;
    app_say(a, "domains sorted by %s%s", domain_sorts[by], state->reversed ? ", reversed" : "");
}

static void click_domains(app *a, rect r, int y, int x) {
    if (!a->tab->info->domains) return;
    shape s = shape_of(a, r);
    int row = y - r.y - 1 - s.lines, column = (x - r.x - 1) / (s.width + 1);
    int at = a->tab->domains->top + column * s.rows + row, from = r.x + 1 + column * (s.width + 1);
    if (y == r.y && s.columns == 1) click_head(a, domain_row_head_at(a, s.width, x - r.x - 1));
    if (row < 0 || row >= s.rows || column >= s.columns || at >= (int)a->tab->info->domains) return;
    size_t *order = order_of(a);
    a->tab->domains->current = order[at];
    app_record_mouse(a, "domain", "%s", a->tab->info->domain[order[at]].name);
    free(order);
    if (x == from + s.name) app_command(a, "leave-out"); /* where the cross of those left out stands */
}

size_t domains_current(const app *a) {
    return a->tab->domains->current;
}

size_t domains_find(app *a, const char *name) {
    size_t D = a->tab->info->domains, d = 0;
    if (!app_has_domains(a)) return D;
    const char **names = mem_new(D, sizeof *names), *near;
    for (size_t i = 0; i < D; i++) names[i] = a->tab->info->domain[i].name;
    while (d < D && strcmp(names[d], name) != 0) d++;
    near = suggest_nearest(name, names, D);
    if (d == D)
        app_fail(a, "no domain \"%.60s\"; %s %.60s%s", name, near ? "did you mean" : "such as", near ? near : names[0],
                 near ? "?" : "");
    free(names);
    return d;
}

void domains_go(app *a, size_t domain) {
    a->tab->domains->current = domain;
}

static bool sort_domains(app *a, const char *name, char *wrong, size_t size) {
    int next = name ? -1 : (a->tab->domains->sort + 1) % DOMAIN_SORTS;
    for (int i = 0; name && i < DOMAIN_SORTS; i++)
        if (strcmp(domain_sorts[i], name) == 0) next = i;
    if (next < 0) {
        snprintf(wrong, size, "file, sts, change, residual, part, name");
        return false;
    }
    a->tab->domains->sort = next;
    a->tab->domains->reversed = false;
    app_say(a, next ? "domains sorted by %s" : "domains in the order of the %s", next ? domain_sorts[next] : "study");
    return true;
}

static void reverse_domains(app *a) {
    a->tab->domains->reversed = !a->tab->domains->reversed;
}

const view view_domains = {"domains", draw_domains, move_domains, sort_domains, reverse_domains, click_domains};
