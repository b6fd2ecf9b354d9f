/* domain_list.c: each domain's score as a bar, its measured change, and how the two correlate. */
#include "base/mem.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "text/number_format.h"
#include "text/suggest.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True while the pane shows what the selection does in the model. */
static bool is_causal(const app *a) {
    return a->tab->causal->on;
}

/* The order that is chosen, and whether it is turned around, in each form of the pane. */
static int *sort_of(const app *a) {
    return is_causal(a) ? &a->tab->causal->sort : &a->tab->domains->sort;
}

static bool *reversed_of(const app *a) {
    return is_causal(a) ? &a->tab->causal->reversed : &a->tab->domains->reversed;
}

static const char *sort_name(const app *a, int sort) {
    return is_causal(a) ? effect_sorts[sort] : domain_sorts[sort];
}

static int sort_count(const app *a) {
    return is_causal(a) ? (int)EFFECT_SORTS : (int)DOMAIN_SORTS;
}

/* The domain under the cursor, where its row has no room for all; without its name where that is too long. */
static void current_words(const app *a, int room, char *text, size_t size) {
    size_t d = a->tab->domains->current;
    if (is_causal(a)) {
        effect_domain_words(a, d, room, text, size);
        return;
    }
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
    if (is_causal(a)) effect_title_words(a, brief, text, size);
    else
        snprintf(text, size, "STS %s%s", scry_score_name(scry_session_score(a->tab->session)),
                 brief ? "" : " and measured change");
    int n = (int)strlen(text), sort = *sort_of(a);
    if (sort) n += snprintf(text + n, size - (size_t)n, ", by %s", sort_name(a, sort));
    if (sort && *reversed_of(a)) n += snprintf(text + n, size - (size_t)n, " reversed");
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

/* What rows of scores are sorted by, in ascending order. */
static double sort_key(const order_context *o, size_t d) {
    switch (o->a->tab->domains->sort) {
    case SORT_STS:
        return -o->result->sts[d];
    case SORT_CHANGE:
        return o->a->tab->info->domain[d].change[scry_session_scope(o->a->tab->session)->train];
    case SORT_RESIDUAL:
        return -fabs(o->result->residual[d]);
    case SORT_LATENT:
        return -domain_part(o->a, d);
    default:
        return 0;
    }
}

static int compare(const void *x, const void *y, void *context) {
    const order_context *o = context;
    size_t i = *(const size_t *)x, j = *(const size_t *)y;
    const scry_domain_info *d = o->a->tab->info->domain;
    bool causal = is_causal(o->a), by_name = *sort_of(o->a) == (causal ? (int)EFFECT_NAME : (int)SORT_NAME);
    double first = causal ? effect_sort_key(o->a, i) : sort_key(o, i);
    double second = causal ? effect_sort_key(o->a, j) : sort_key(o, j);
    int order = 0;
    if (by_name) order = strcmp(d[i].name, d[j].name);
    else if (isnan(first) != isnan(second)) order = isnan(first) ? 1 : -1;
    else if (first != second && !isnan(first)) order = first < second ? -1 : 1;
    if (*reversed_of(o->a)) order = -order;
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

/* Nothing was run, since it cannot be. */
static bool effects_failed(const app *a) {
    causal_stop why;
    return causal_is_stopped(a, &why) && why == CAUSAL_FAILED && !a->tab->causal->figures.of.set;
}

static void draw_domains(app *a, rect r, bool focus) {
    int D = (int)a->tab->info->domains;
    if (!D) {
        draw_none(a, r, focus);
        return;
    }
    domains_state *state = a->tab->domains;
    scale_bars(a);
    if (is_causal(a)) causal_refresh(a);
    if (is_causal(a) && effects_failed(a)) {
        draw_title(a, r, focus, "");
        domain_error_draw(a, r, r.y + 1, r.rows - 1, a->tab->causal->error);
        return;
    }
    double scale = is_causal(a) ? effect_scale(a) : 0;
    shape s = shape_of(a, r);
    domain_rho_draw(a, r, r.y + 1, s.lines);
    char heads[DOMAIN_HEADS];
    size_t *order = order_of(a);
    int at = (int)place_of(a, order);
    state->page = s.rows * s.columns;
    if (at < state->top) state->top = at;
    if (at >= state->top + state->page) state->top = at - state->page + 1;
    if (state->top + state->page > D) state->top = D > state->page ? D - state->page : 0;
    heads[0] = 0;
    if (s.columns == 1 && is_causal(a)) {
        char title[160];
        title_words(a, true, title, sizeof title);
        effect_row_heads(s.width, r.cols - 7 - text_columns(title), heads);
    } else if (s.columns == 1) domain_row_heads(a, s.width, heads);
    draw_title(a, r, focus, heads);
    for (int i = 0; i < state->page && state->top + i < D; i++) {
        int y = r.y + 1 + s.lines + i % s.rows, x = r.x + 1 + i / s.rows * (s.width + 1),
            cols = s.width - (s.columns > 1);
        if (is_causal(a)) effect_row_draw(a, y, x, cols, order[state->top + i], s.name, scale);
        else domain_row_draw(a, y, x, cols, order[state->top + i], s.name);
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
    if (by < 0) return;
    int *sort = sort_of(a);
    bool again = *sort == by, *reversed = reversed_of(a);
    app_record_mouse(a, again ? "reverse" : "sort", "%s", again ? "" : sort_name(a, by));
    *reversed = again && !*reversed;
    *sort = by;
    app_say(a, "domains sorted by %s%s", sort_name(a, by), *reversed ? ", reversed" : "");
}

static void click_domains(app *a, rect r, int y, int x) {
    if (!a->tab->info->domains) return;
    shape s = shape_of(a, r);
    int row = y - r.y - 1 - s.lines, column = (x - r.x - 1) / (s.width + 1);
    int at = a->tab->domains->top + column * s.rows + row, from = r.x + 1 + column * (s.width + 1);
    if (y == r.y && s.columns == 1)
        click_head(a, is_causal(a) ? effect_row_head_at(s.width, x - r.x - 1)
                                   : domain_row_head_at(a, s.width, x - r.x - 1));
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
    int count = sort_count(a), next = name ? -1 : (*sort_of(a) + 1) % count;
    for (int i = 0; name && i < count; i++)
        if (strcmp(sort_name(a, i), name) == 0) next = i;
    if (next < 0) {
        wrong[0] = 0;
        for (int i = 0; i < count; i++)
            snprintf(wrong + strlen(wrong), size - strlen(wrong), "%s%s", i ? ", " : "", sort_name(a, i));
        return false;
    }
    *sort_of(a) = next;
    *reversed_of(a) = false;
    app_say(a, next ? "domains sorted by %s" : "domains in the order of the %s", next ? sort_name(a, next) : "study");
    return true;
}

static void reverse_domains(app *a) {
    *reversed_of(a) = !*reversed_of(a);
}

const view view_domains = {"domains", draw_domains, move_domains, sort_domains, reverse_domains, click_domains};
