/* set_list.c: the page of named sets: each compared with the selection, and two compared domain by domain. */
#include "base/mem.h"
#include "explorer/panes/help_page.h"
#include "explorer/panes/view.h"
#include "explorer/sets/set_layer.h"
#include "explorer/table/table.h"
#include "sets.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct member_list {
    const char *title;
    uint32_t count;
    bool in_now, in_set;
} member_list;

static void draw_member(app *a, rect r, int y, uint32_t latent) {
    char label[160];
    bool labelled = table_label(a, latent, label, sizeof label);
    int number = r.cols > 10 ? 8 : r.cols;
    grid_print(a->grid, y, r.x, number, ROLE_IN, "%*u", number - 1, latent);
    text_fit(label, r.cols - number - 1, a->ascii);
    grid_put(a->grid, y, r.x + number, r.cols - number - 1, labelled ? ROLE_TEXT : ROLE_FAINT, label);
}

/* The first of them by rank; how many more there are in the last row. */
static void draw_members(app *a, rect r, const scry_set *set, member_list of) {
    const scry_set *now = scry_session_set(a->tab->session);
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    uint32_t rows = r.rows > 1 ? (uint32_t)r.rows - 1 : 0, shown = 0;
    char title[64];
    snprintf(title, sizeof title, "%u %s", of.count, of.title);
    text_fit(title, r.cols - 1, a->ascii);
    grid_put(a->grid, r.y, r.x, r.cols - 1, ROLE_HEADER, title);
    uint32_t fit = of.count > rows && rows ? rows - 1 : of.count;
    for (uint32_t rank = 0; rank < ranking->latents && shown < fit; rank++) {
        uint32_t latent = ranking->order[rank];
        if (scry_set_has(now, latent) != of.in_now || scry_set_has(set, latent) != of.in_set) continue;
        draw_member(a, r, r.y + 1 + (int)shown++, latent);
    }
    if (of.count > fit && rows)
        grid_print(a->grid, r.y + r.rows - 1, r.x + 1, r.cols - 1, ROLE_FAINT, "%u more", of.count - fit);
}

/* Fills r: a title and three lists in the order of the ranking. name: cleaned. */
static void draw_detail(app *a, rect r, const char *name, const scry_set *set) {
    scry_set_relation to = scry_set_relate(scry_session_set(a->tab->session), set);
    char only[40];
    snprintf(only, sizeof only, "only in %.28s", name);
    text_fit(only, r.cols / 3 - 4, a->ascii);
    const member_list list[] = {{"in both", to.both, true, true},
                                {"only in the selection", to.only_a, true, false},
                                {only, to.only_b, false, true}};
    view_title(a, r, false, "the selection and %s, by rank", name);
    int width = (r.cols - 2) / 3;
    for (int i = 0; i < 3; i++) draw_members(a, (rect){r.y + 1, r.x + 2 + i * width, r.rows - 1, width}, set, list[i]);
}

/* Row of the page on which the first kept set stands. */
enum { KEPT_ROW = 4 };

static double rho_of(app *a, const scry_set *set) {
    scry_result result = sets_result(a, set);
    double rho = result.fit.pearson;
    scry_result_free(&result);
    return rho;
}

/* rho of a kept set, of the score and the domains as they are. */
static double kept_rho(app *a, const scry_named_sets *kept, size_t i) {
    const scry_session *s = a->tab->session;
    sets_rho *k = &a->tab->sets->rho;
    const char *spec = scry_session_scope_spec(s);
    bool is_signed = scry_session_scope(s)->is_signed;
    if (!k->spec || strcmp(k->spec, spec) != 0 || k->is_signed != is_signed || k->score != scry_session_score(s) ||
        k->sets_version != kept->version) {
        free(k->rho);
        free(k->known);
        free(k->spec);
        k->rho = mem_new(kept->count, sizeof *k->rho);
        k->known = mem_new(kept->count, sizeof *k->known);
        k->spec = mem_copy_string(spec);
        k->is_signed = is_signed;
        k->score = scry_session_score(s);
        k->sets_version = kept->version;
    }
    if (!k->known[i]) k->rho[i] = rho_of(a, kept->item[i].set);
    k->known[i] = true;
    return k->rho[i];
}

static double top_rho(app *a, const scry_set *top) {
    sets_rho *k = &a->tab->sets->rho;
    uint64_t now = scry_session_version(a->tab->session);
    if (!k->top_known || k->top_of != now) k->top = rho_of(a, top);
    k->top_known = true;
    k->top_of = now;
    return k->top;
}

/* Columns for a set's name; five numbers follow it. */
static int name_cols(rect r) {
    return r.cols >= 76 ? 26 : r.cols - 49;
}

static void draw_set(app *a, rect r, int y, const char *name, const scry_set *set, double of, role look) {
    scry_set_relation to = scry_set_relate(scry_session_set(a->tab->session), set);
    char rho[16], line[200], shown[4 * SCRY_SET_NAME];
    format_rho(of, 3, false, rho, sizeof rho);
    snprintf(line, sizeof line, "%8u %8u %9u %9u %7s", to.b, to.both, to.only_a, to.only_b, rho);
    app_fit_text(a, name, name_cols(r), shown, sizeof shown);
    grid_put(a->grid, y, r.x + 2, name_cols(r), look, shown);
    grid_put(a->grid, y, r.x + 3 + name_cols(r), r.cols - 3 - name_cols(r), ROLE_TEXT, line);
}

static void draw_none(app *a, rect r) {
    static const char *const words[] = {"No sets are saved yet.",
                                        ":keep NAME           saves the selection under a name",
                                        ":keep NAME SETS      saves an expression: core + 3,17 - noise, top50 & !core",
                                        ":choose SETS         selects the latents of an expression",
                                        ":against SETS        compares them with the selection, domain by domain"};
    for (int i = 0; i < 5 && i < r.rows; i++)
        grid_put(a->grid, r.y + i, r.x + 2, r.cols - 2, i ? ROLE_FAINT : ROLE_TEXT, words[i]);
}

/* The sets that are kept, from the cursor's page; returns the rows used. */
static int draw_kept(app *a, rect r, const scry_named_sets *kept) {
    sets_state *s = a->tab->sets;
    size_t page = r.rows > 1 ? (size_t)r.rows : 1;
    if (s->cursor >= kept->count) s->cursor = kept->count - 1;
    if (s->cursor < s->top) s->top = s->cursor;
    if (s->cursor >= s->top + page) s->top = s->cursor - page + 1;
    if (s->top + page > kept->count) s->top = kept->count > page ? kept->count - page : 0;
    size_t i = 0;
    for (; i < page && s->top + i < kept->count; i++) {
        int y = r.y + (int)i;
        const scry_named_set *set = &kept->item[s->top + i];
        draw_set(a, r, y, set->name, set->set, kept_rho(a, kept, s->top + i), ROLE_IN);
        if (strcmp(s->held, set->name) == 0) grid_put(a->grid, y, r.x, 1, ROLE_MARK, "m");
        if (s->top + i == s->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
    s->shown = i;
    return (int)i;
}

/* The list, and below it what the set under the cursor holds, or else the top N. */
static void draw_list(app *a, rect r) {
    const scry_named_sets *kept = sets_of(a);
    size_t count = kept ? kept->count : 0;
    scry_set *top = sets_expression(a, "top");
    view_title(a, r, true, "named sets compared with the selection");
    char heads[80];
    snprintf(heads, sizeof heads, "%-*s %8s %8s %9s %9s %7s", name_cols(r), "set", "latents", "in both", "only sel",
             "only set", "rho");
    grid_put(a->grid, r.y + 1, r.x + 2, r.cols - 2, ROLE_HEADER, heads);
    draw_set(a, r, r.y + 2, "the selection", scry_session_set(a->tab->session),
             scry_session_result(a->tab->session)->fit.pearson, ROLE_FAINT);
    if (top) draw_set(a, r, r.y + 3, "the top N by rank", top, top_rho(a, top), ROLE_FAINT);
    int rows = r.rows - KEPT_ROW, most = rows >= 14 ? rows / 2 : rows;
    int used = count ? draw_kept(a, (rect){r.y + KEPT_ROW, r.x, most, r.cols}, kept) : 6;
    if (!count) draw_none(a, (rect){r.y + 5, r.x, rows - 1, r.cols});
    rect below = {r.y + 5 + used, r.x, rows - used - 1, r.cols};
    char name[80];
    if (count) text_clean(kept->item[a->tab->sets->cursor].name, name, sizeof name, a->ascii);
    if (below.rows >= 4 && count) draw_detail(a, below, name, kept->item[a->tab->sets->cursor].set);
    else if (below.rows >= 4 && top) draw_detail(a, below, "the top N", top);
    scry_set_free(top);
}

static void draw_sets(app *a, rect r) {
    for (int y = r.y; y < r.y + r.rows; y++) grid_fill(a->grid, y, r.x, r.cols, ROLE_TEXT, ' ');
    if (set_compare_is_open(a)) set_compare_draw(a, r);
    else draw_list(a, r);
}

/* Runs a command on the set under the cursor. */
static void run_with(app *a, const char *words, command_effect *effect) {
    const sets_state *s = a->tab->sets;
    char line[200];
    if (!s->kept || s->cursor >= s->kept->count) return;
    snprintf(line, sizeof line, "%s %s", words, s->kept->item[s->cursor].name);
    *effect = app_command(a, line);
}

static const scry_named_set *under_cursor(const sets_state *s) {
    return s->kept && s->cursor < s->kept->count ? &s->kept->item[s->cursor] : NULL;
}

/* Compares the set under the cursor with the one that was marked, or the selection. */
static void compare(app *a, command_effect *effect) {
    const sets_state *s = a->tab->sets;
    const scry_named_set *now = under_cursor(s);
    char words[SCRY_SET_NAME + 16];
    bool marked = now && s->held[0] && strcmp(s->held, now->name) != 0 && scry_named_sets_find(s->kept, s->held);
    snprintf(words, sizeof words, marked ? "against %s versus" : "against", s->held);
    run_with(a, words, effect);
}

static void hold(app *a) {
    sets_state *s = a->tab->sets;
    const scry_named_set *now = under_cursor(s);
    if (!now) return;
    bool again = strcmp(s->held, now->name) == 0;
    snprintf(s->held, sizeof s->held, "%s", again ? "" : now->name);
    if (again) app_say(a, "v compares with the selection");
    else app_say(a, "v compares with %s", now->name);
}

static void ask_export(app *a, command_effect *effect) {
    const scry_named_set *now = under_cursor(a->tab->sets);
    char words[2 * SCRY_SET_NAME + 16] = "selection.csv";
    if (now) snprintf(words, sizeof words, "%s.csv of %s", now->name, now->name);
    *effect = app_ask(a, "export", words);
}

/* It stands in the line, and Enter drops it: no key takes a set away by itself. */
static void ask_forget(app *a, command_effect *effect) {
    const scry_named_set *now = under_cursor(a->tab->sets);
    if (now) *effect = app_ask(a, "forget", now->name);
}

static bool key_in_list(app *a, uint32_t key, command_effect *effect) {
    sets_state *s = a->tab->sets;
    if (key == '\r' || key == '\n') run_with(a, "choose", effect);
    else if (key == '+') run_with(a, "choose current +", effect);
    else if (key == '&') run_with(a, "choose current &", effect);
    else if (key == '-') run_with(a, "choose current -", effect);
    else if (key == 'v') compare(a, effect);
    else if (key == 'm') hold(a);
    else if (key == 'a') *effect = app_ask(a, "keep", "");
    else if (key == 'e') ask_export(a, effect);
    else if (key == 'x') ask_forget(a, effect);
    else if (key == 'j' || key == KEY_CODE_DOWN) s->cursor++;
    else if (key == 'k' || key == KEY_CODE_UP) s->cursor -= s->cursor > 0;
    else if (key == 'g' || key == KEY_CODE_HOME) s->cursor = 0;
    else if (key == 'G' || key == KEY_CODE_END) s->cursor = s->kept && s->kept->count ? s->kept->count - 1 : 0;
    else return false;
    return true;
}

/* What a key would do to rows that the page hides is not done; T switches the marks that M set here. */
static bool is_of_panes(app *a, uint32_t key) {
    const command *c = keymap_command(&a->keys, key);
    if (!c || !help_acts_in_a_pane(c->name) || strcmp(c->name, "toggle-marked") == 0) return false;
    app_say(a, "%s acts on the panes; q goes back to them", c->name);
    return true;
}

static bool sets_key(app *a, uint32_t key, command_effect *effect) {
    bool leave = key == 'q' || key == 27 || key == 3;
    *effect = DID_CHANGE;
    if (leave && set_compare_is_open(a)) set_compare_close(a);
    else if (leave) a->layer = NULL;
    else if (set_compare_is_open(a) ? set_compare_key(a, key, effect) : key_in_list(a, key, effect)) return true;
    else return is_of_panes(a, key); /* others, such as u : ?, act as everywhere */
    return true;
}

static void sets_wheel(app *a, int steps) {
    sets_state *s = a->tab->sets;
    if (set_compare_is_open(a)) set_compare_wheel(a, steps);
    else if (steps < 0 && s->cursor < (size_t)-steps) s->cursor = 0;
    else s->cursor += (size_t)steps;
}

/* On a set: the cursor; twice: it is chosen. */
static command_effect sets_click(app *a, int y, int x, int clicks) {
    sets_state *s = a->tab->sets;
    if (set_compare_is_open(a)) return set_compare_click(a, y, x, clicks);
    if (!s->kept || !s->kept->count || y < KEPT_ROW || (size_t)(y - KEPT_ROW) >= s->shown) return DID_NOTHING;
    command_effect effect = DID_CHANGE;
    s->cursor = s->top + (size_t)(y - KEPT_ROW);
    if (clicks == 2) run_with(a, "choose", &effect);
    return effect;
}

static void sets_footer(app *a, rect r) {
    const sets_state *s = a->tab->sets;
    bool some = s->kept && s->kept->count;
    static const char *const none[][2] = {
        {"a", "save the selection"}, {"q", "back"}, {"?", "help"}, {"u", "undo"}, {":", "commands"}};
    static const char *const hints[][2] = {{"Enter", "use"}, {"+", "add"},  {"&", "both"}, {"-", "remove"},
                                           {"v", "compare"}, {"q", "back"}, {"a", "save"}, {"e", "export"},
                                           {"x", "drop"},    {"m", "mark"}, {"?", "help"}, {"u", "undo"},
                                           {":", "commands"}};
    if (set_compare_is_open(a)) set_compare_footer(a, r);
    else if (some) view_hints(a, r, hints, sizeof hints / sizeof *hints);
    else view_hints(a, r, none, sizeof none / sizeof *none);
}

static const char *const sets_keys[][2] = {
    {"j k", "go to the next set; to the previous one"},
    {"Enter", "select this set"},
    {"+ & -", "add it to the selection; intersect with it; remove it"},
    {"v", "compare it with the selection, or with the set marked by m"},
    {"a e", "save the selection as a set; export the set"},
    {"x", "drop it; Enter confirms"},
    {"Tab", "in a comparison: domains, and the latents only in one set and in both"},
    {"Enter Space", "in these lists: go to the latent; toggle it"},
    {"M", "mark all of them"},
    {"q Esc", "go back"},
    {NULL, NULL}};

const layer layer_sets = {.name = "sets",
                          .draw = draw_sets,
                          .key = sets_key,
                          .footer = sets_footer,
                          .wheel = sets_wheel,
                          .click = sets_click,
                          .keys = sets_keys};
