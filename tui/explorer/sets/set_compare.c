/* set_compare.c: two sets side by side: what each scores in the domains, and which latents only one of
 * them has, by rank. */
#include "base/mem.h"
#include "explorer/panes/view.h"
#include "explorer/sets/set_layer.h"
#include "explorer/table/table.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the page: the names of what it shows, and below these heads the first latent. */
enum { PAGES_ROW = 2, LATENTS_ROW = 4 };

static set_compare_state *state_of(app *a) {
    return &a->tab->sets->compare;
}

static void free_sets(set_compare_state *s) {
    scry_set_free(s->first);
    scry_set_free(s->second);
    *s = (set_compare_state){0};
}

bool set_compare_is_open(const app *a) {
    return a->tab->sets->compare.second != NULL;
}

void set_compare_close(app *a) {
    free_sets(state_of(a));
}

static const scry_set *side_of(app *a, int side) {
    const set_compare_state *s = state_of(a);
    return side ? s->second : s->first ? s->first : scry_session_set(a->tab->session);
}

bool set_compare_open(app *a, const char *text) {
    static const char word[] = " versus ";
    const char *between = strstr(text, word), *second = between ? between + strlen(word) : text;
    set_compare_state s = {0};
    snprintf(s.name[0], sizeof s.name[0], "%.*s", between ? (int)(between - text) : 13,
             between ? text : "the selection");
    snprintf(s.name[1], sizeof s.name[1], "%s", second);
    char *left = between ? mem_copy_bytes(text, (size_t)(between - text)) : NULL;
    s.first = left ? sets_expression(a, left) : NULL;
    bool ok = !left || s.first;
    free(left);
    s.second = ok ? sets_expression(a, second) : NULL;
    if (!s.second) {
        free_sets(&s);
        return false;
    }
    set_compare_close(a);
    *state_of(a) = s;
    return true;
}

static bool listed(const scry_set *first, const scry_set *second, set_compare_page page, uint32_t latent) {
    bool x = scry_set_has(first, latent), y = scry_set_has(second, latent);
    return page == COMPARE_FIRST ? x && !y : page == COMPARE_SECOND ? y && !x : x && y;
}

static uint32_t count_of(app *a) {
    scry_set_relation to = scry_set_relate(side_of(a, 0), side_of(a, 1));
    const uint32_t count[COMPARE_PAGES] = {
        [COMPARE_FIRST] = to.only_a, [COMPARE_SECOND] = to.only_b, [COMPARE_BOTH] = to.both};
    return count[state_of(a)->page];
}

/* The n-th latent of the page by rank, from `at` in the order on; *at goes behind it. False: there is none. */
static bool next_listed(app *a, uint32_t *at, uint32_t *latent) {
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    while (*at < ranking->latents) {
        *latent = ranking->order[(*at)++];
        if (listed(side_of(a, 0), side_of(a, 1), state_of(a)->page, *latent)) return true;
    }
    return false;
}

static bool latent_at(app *a, uint32_t row, uint32_t *latent) {
    uint32_t at = 0;
    do {
        if (!next_listed(a, &at, latent)) return false;
    } while (row--);
    return true;
}

/* Its pages by name and size; the one shown in brackets. Where click is a column, nothing is drawn: returns the page
 * that stands there, else -1. */
static int put_pages(app *a, rect r, const scry_set_relation *to, int click) {
    char name[2][24], text[64];
    int x = r.x + 1, hit = -1;
    for (int i = 0; i < 2; i++) {
        text_clean(state_of(a)->name[i], name[i], sizeof name[i], a->ascii);
        text_fit(name[i], 16, a->ascii);
    }
    for (int page = 0; page < COMPARE_PAGES; page++) {
        bool shown = page == (int)state_of(a)->page;
        if (page == COMPARE_DOMAINS) snprintf(text, sizeof text, "domains");
        else if (page == COMPARE_BOTH) snprintf(text, sizeof text, "both %u", to->both);
        else
            snprintf(text, sizeof text, "only %s %u", name[page == COMPARE_SECOND],
                     page == COMPARE_SECOND ? to->only_b : to->only_a);
        int width = text_columns(text) + 2;
        if (click >= x && click < x + width) hit = page;
        if (click < 0) {
            grid_put(a->grid, r.y, x, 1, shown ? ROLE_FOCUS : ROLE_TEXT, shown ? "[" : " ");
            grid_put(a->grid, r.y, x + 1, r.x + r.cols - x - 1, shown ? ROLE_FOCUS : ROLE_FAINT, text);
            grid_put(a->grid, r.y, x + width - 1, 1, shown ? ROLE_FOCUS : ROLE_TEXT, shown ? "]" : " ");
        }
        x += width + 1;
    }
    return hit;
}

static void draw_figures(app *a, rect r, const scry_set_relation *to, const scry_result *x, const scry_result *y) {
    char first[16], second[16], jaccard[16];
    format_rho(x->fit.pearson, 3, false, first, sizeof first);
    format_rho(y->fit.pearson, 3, false, second, sizeof second);
    format_rho(to->jaccard, 2, false, jaccard, sizeof jaccard);
    int at = r.x + 2;
    at += grid_print(a->grid, r.y, at, r.cols - 2, ROLE_RHO, "rho %s versus %s", first, second) + 2;
    grid_print(a->grid, r.y, at, r.x + r.cols - at, ROLE_TEXT, "%u latents versus %u, %u in both, Jaccard %s", to->a,
               to->b, to->both, jaccard);
}

static int decimals_for(double most) {
    return most >= 100 ? 1 : most >= 1 ? 3 : most >= 0.01 ? 5 : 8;
}

/* Shows the signed change as measured, also where rho is with the absolute change. */
static void draw_domain(app *a, int y, rect r, size_t d, const scry_result *x, const scry_result *z, double most) {
    char text[128];
    int bar = (r.cols - 68) / 2 > 3 ? (r.cols - 68) / 2 : 3, at = r.x + 2, places = decimals_for(most);
    const scry_domain_info *domain = &a->tab->info->domain[d];
    double change = domain->change[scry_session_scope(a->tab->session)->train], first = x->sts[d], second = z->sts[d];
    app_fit_text(a, domain->name, 17, text, sizeof text);
    grid_put(a->grid, y, at, 17, ROLE_TEXT, text);
    grid_print(a->grid, y, at + 18, 10, ROLE_TEXT, "%10.*f", places, first);
    grid_bar(a->grid, y, at + 29, bar, ROLE_BAR, most > 0 ? first / most : 0, a->ascii);
    grid_print(a->grid, y, at + 29 + bar, 11, ROLE_TEXT, "%11.*f", places, second);
    grid_bar(a->grid, y, at + 41 + bar, bar, ROLE_BAR_OUT, most > 0 ? second / most : 0, a->ascii);
    if (first > 0)
        grid_print(a->grid, y, at + 41 + 2 * bar, 11, ROLE_TEXT, "%+10.1f%%", 100 * (second - first) / first);
    if (!isnan(change)) grid_print(a->grid, y, at + 52 + 2 * bar, 9, ROLE_FAINT, "%+9.2f", change);
}

static void draw_domains(app *a, rect r, const scry_result *x, const scry_result *y) {
    double most = 0;
    for (size_t d = 0; d < x->domains; d++) most = fmax(most, fmax(x->sts[d], y->sts[d]));
    int bar = (r.cols - 68) / 2 > 3 ? (r.cols - 68) / 2 : 3;
    grid_print(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_HEADER, "%-17s %10s %*s%11s %*s%11s%9s", "domain", "STS first",
               bar, "", "second", bar, "", "differs", "change");
    uint32_t rows = r.rows > 1 ? (uint32_t)r.rows - 1 : 0,
             most_top = (uint32_t)x->domains > rows ? (uint32_t)x->domains - rows : 0;
    set_compare_state *s = state_of(a);
    if (s->cursor > most_top) s->cursor = most_top; /* here the first row shown */
    for (uint32_t i = 0; i < rows && s->cursor + i < x->domains; i++)
        draw_domain(a, r.y + 1 + (int)i, r, s->cursor + i, x, y, most);
}

static void draw_latent(app *a, int y, rect r, uint32_t latent) {
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    char text[256];
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    grid_put(a->grid, y, r.x + 2, 1, ROLE_IN, in ? "*" : " ");
    grid_print(a->grid, y, r.x + 4, 8, ROLE_FAINT, "%8u", ranking->rank[latent] + 1);
    grid_print(a->grid, y, r.x + 12, 9, in ? ROLE_IN : ROLE_TEXT, "%9u", latent);
    grid_print(a->grid, y, r.x + 22, 10, ROLE_TEXT, "%10.3g", ranking->shift[latent]);
    bool labelled = table_label(a, latent, text, sizeof text);
    text_fit(text, r.cols - 34, a->ascii);
    grid_put(a->grid, y, r.x + 34, r.cols - 34, labelled ? ROLE_TEXT : ROLE_FAINT, text);
}

static void draw_latents(app *a, rect r) {
    set_compare_state *s = state_of(a);
    uint32_t count = count_of(a), at = 0, latent, rows = r.rows > 1 ? (uint32_t)r.rows - 1 : 1;
    s->rows = rows;
    grid_put(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_HEADER, "sel   rank   latent      shift  label, or key tokens");
    if (!count) grid_put(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_FAINT, "no latent");
    if (s->cursor >= count) s->cursor = count ? count - 1 : 0;
    if (s->cursor < s->top) s->top = s->cursor;
    if (s->cursor >= s->top + rows) s->top = s->cursor - rows + 1;
    if (s->top + rows > count) s->top = count > rows ? count - rows : 0;
    for (uint32_t i = 0; i < s->top + rows && next_listed(a, &at, &latent); i++) {
        if (i < s->top) continue;
        int y = r.y + 1 + (int)(i - s->top);
        draw_latent(a, y, r, latent);
        if (i == s->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

void set_compare_draw(app *a, rect r) {
    char name[2][80];
    scry_set_relation to = scry_set_relate(side_of(a, 0), side_of(a, 1));
    for (int i = 0; i < 2; i++) {
        text_clean(state_of(a)->name[i], name[i], sizeof name[i], a->ascii);
        text_fit(name[i], 30, a->ascii);
    }
    view_title(a, r, true, "%s versus %s", name[0], name[1]);
    scry_result x = sets_result(a, side_of(a, 0)), y = sets_result(a, side_of(a, 1));
    draw_figures(a, (rect){r.y + 1, r.x, 1, r.cols}, &to, &x, &y);
    put_pages(a, (rect){r.y + PAGES_ROW, r.x, 1, r.cols}, &to, -1);
    rect below = {r.y + PAGES_ROW + 1, r.x, r.rows - PAGES_ROW - 1, r.cols};
    if (below.rows > 1 && state_of(a)->page == COMPARE_DOMAINS) draw_domains(a, below, &x, &y);
    else if (below.rows > 1) draw_latents(a, below);
    scry_result_free(&x);
    scry_result_free(&y);
}

void set_compare_footer(app *a, rect r) {
    bool list = state_of(a)->page != COMPARE_DOMAINS;
    const char *const hints[][2] = {{"Tab", "next page"},
                                    {"Enter", list ? "go to it" : NULL},
                                    {"space", list ? "toggle it" : NULL},
                                    {"M", list ? "mark all" : NULL},
                                    {"q", "back"},
                                    {"u", "undo"},
                                    {":", "commands"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static void turn(app *a, int steps) {
    set_compare_state *s = state_of(a);
    s->page = (set_compare_page)(((int)s->page + steps + COMPARE_PAGES) % COMPARE_PAGES);
    s->cursor = s->top = 0;
}

static command_effect go(app *a) {
    uint32_t latent;
    if (state_of(a)->page == COMPARE_DOMAINS || !latent_at(a, state_of(a)->cursor, &latent)) return DID_CHANGE;
    char words[32];
    snprintf(words, sizeof words, "latent %u", latent);
    a->layer = NULL;
    return app_command(a, words);
}

static command_effect switch_it(app *a) {
    uint32_t latent;
    if (!latent_at(a, state_of(a)->cursor, &latent)) return DID_CHANGE;
    char words[32];
    snprintf(words, sizeof words, "toggle %u", latent);
    return app_command(a, words);
}

/* The marks become the latents of the page, for T, or the filter marked:yes. */
static command_effect mark_all(app *a) {
    set_compare_state *s = state_of(a);
    scry_set *marks = scry_set_copy(side_of(a, s->page == COMPARE_SECOND));
    scry_set_combine(marks, s->page == COMPARE_BOTH ? SCRY_INTERSECTION : SCRY_DIFFERENCE,
                     side_of(a, s->page != COMPARE_SECOND));
    char *list = scry_set_text(marks);
    bool none = !marks->count;
    scry_set_free(marks);
    size_t size = strlen(list) + 8;
    char *words = mem_new(size, 1);
    app_command(a, "unmark");
    snprintf(words, size, "mark %s", list);
    command_effect effect = none ? app_fail(a, "no latent to mark") : app_command(a, words);
    free(words);
    free(list);
    return effect;
}

bool set_compare_key(app *a, uint32_t key, command_effect *effect) {
    set_compare_state *s = state_of(a);
    uint32_t page = s->rows > 1 ? s->rows - 1 : 1;
    *effect = DID_CHANGE;
    if (key == '\t' || key == KEY_CODE_RIGHT) turn(a, 1);
    else if (key == KEY_CODE_BACK_TAB || key == KEY_CODE_LEFT) turn(a, -1);
    else if (key == 'j' || key == KEY_CODE_DOWN) s->cursor++;
    else if (key == 'k' || key == KEY_CODE_UP) s->cursor -= s->cursor > 0;
    else if (key == KEY_CODE_PAGE_DOWN || key == 4) s->cursor += page;
    else if (key == KEY_CODE_PAGE_UP || key == 21) s->cursor = s->cursor > page ? s->cursor - page : 0;
    else if (key == 'g' || key == KEY_CODE_HOME) s->cursor = 0;
    else if (key == 'G' || key == KEY_CODE_END) s->cursor = UINT32_MAX / 2;
    else if (s->page == COMPARE_DOMAINS) return false;
    else if (key == '\r' || key == '\n') *effect = go(a);
    else if (key == ' ') *effect = switch_it(a);
    else if (key == 'M') *effect = mark_all(a);
    else return false;
    return true;
}

void set_compare_wheel(app *a, int steps) {
    set_compare_state *s = state_of(a);
    uint32_t back = steps < 0 ? (uint32_t)-steps : 0;
    s->cursor = back ? (s->cursor > back ? s->cursor - back : 0) : s->cursor + (uint32_t)steps;
}

/* On a page's name: that page. On a latent: the cursor, in its first columns a switch; twice: go to it. */
command_effect set_compare_click(app *a, int y, int x, int clicks) {
    set_compare_state *s = state_of(a);
    if (y == PAGES_ROW) {
        scry_set_relation to = scry_set_relate(side_of(a, 0), side_of(a, 1));
        int page = put_pages(a, (rect){0, 0, 1, a->grid->cols}, &to, x);
        if (page >= 0) turn(a, page - (int)s->page);
        return page >= 0 ? DID_CHANGE : DID_NOTHING;
    }
    uint32_t row = s->top + (uint32_t)(y - LATENTS_ROW);
    if (s->page == COMPARE_DOMAINS || y < LATENTS_ROW || row >= count_of(a)) return DID_NOTHING;
    s->cursor = row;
    if (x < 4) return switch_it(a);
    return clicks == 2 ? go(a) : DID_CHANGE;
}
