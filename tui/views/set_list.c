/* set_list.c: the page of named sets: each beside the selection, and two compared domain by domain. */
#include "views/set_list.h"
#include "draw/text.h"
#include "keys.h"
#include "named_sets.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sets_state_free(sets_state *s) {
    scry_sets_free(s->kept);
    scry_set_free(s->versus);
    free(s->rho.rho);
    free(s->rho.known);
    free(s->rho.spec);
    *s = (sets_state){0};
}

scry_sets *sets_of(app *a) {
    scry_error err = {0};
    if (!a->tab->sets.kept) a->tab->sets.kept = scry_sets_open(a->tab->index, &err);
    if (err.status) app_fail(a, "%s", err.text);
    return a->tab->sets.kept;
}

scry_set *sets_expression(app *a, const char *text) {
    scry_error err = {0};
    const tab *t = a->tab;
    if (!sets_of(a)) return NULL;
    named_sets names = {.index = t->index,
                        .kept = t->sets.kept,
                        .ranking = scry_session_ranking(t->session),
                        .n = scry_session_n(t->session),
                        .current = scry_session_set(t->session),
                        .marked = t->table.marks};
    scry_set *set = named_sets_expression(&names, text, &err);
    if (!set) app_fail(a, "%s", err.text);
    return set;
}

/* ---- drawing -------------------------------------------------------------------------------- */

static scry_result result_under(app *a, const scry_set *set) {
    scry_result r;
    scry_scorer *scorer = scry_scorer_new(a->tab->index, scry_session_score(a->tab->session));
    scry_scorer_load(scorer, set);
    scry_result_fit(&r, a->tab->index, scorer, scry_session_scope(a->tab->session));
    scry_scorer_free(scorer);
    return r;
}

static double rho_of(app *a, const scry_set *set) {
    scry_result result = result_under(a, set);
    double rho = result.fit.pearson;
    scry_result_free(&result);
    return rho;
}

/* rho of a kept set, of the score and the domains as they are. */
static double kept_rho(app *a, const scry_sets *kept, size_t i) {
    const scry_session *s = a->tab->session;
    sets_rho *k = &a->tab->sets.rho;
    const char *spec = scry_session_scope_spec(s);
    bool is_signed = scry_session_scope(s)->is_signed;
    if (!k->spec || strcmp(k->spec, spec) != 0 || k->is_signed != is_signed || k->score != scry_session_score(s) ||
        k->sets_version != kept->version) {
        free(k->rho);
        free(k->known);
        free(k->spec);
        k->rho = calloc(kept->count, sizeof *k->rho);
        k->known = calloc(kept->count, sizeof *k->known);
        k->spec = strdup(spec);
        if (!k->rho || !k->known || !k->spec) abort();
        k->is_signed = is_signed;
        k->score = scry_session_score(s);
        k->sets_version = kept->version;
    }
    if (!k->known[i]) k->rho[i] = rho_of(a, kept->item[i].set);
    k->known[i] = true;
    return k->rho[i];
}

static double top_rho(app *a, const scry_set *top) {
    sets_rho *k = &a->tab->sets.rho;
    uint64_t now = scry_session_version(a->tab->session);
    if (!k->top_known || k->top_of != now) k->top = rho_of(a, top);
    k->top_known = true;
    k->top_of = now;
    return k->top;
}

static void draw_set(app *a, rect r, int y, const char *name, const scry_set *set, double of, role look) {
    scry_set_relation to = scry_set_relate(scry_session_set(a->tab->session), set);
    char rho[16], line[200];
    view_rho(of, 3, false, rho, sizeof rho);
    snprintf(line, sizeof line, "%8u %8u %8u %8u   %6s", to.b, to.both, to.only_a, to.only_b, rho);
    grid_put(a->grid, y, r.x + 2, 26, look, name);
    grid_put(a->grid, y, r.x + 29, r.cols - 29, ROLE_TEXT, line);
}

static void draw_list(app *a, rect r) {
    sets_state *s = &a->tab->sets;
    const scry_sets *kept = sets_of(a);
    size_t count = kept ? kept->count : 0;
    view_title(a, r, true, "named sets beside the selection");
    grid_put(a->grid, r.y + 1, r.x + 2, r.cols - 2, ROLE_HEADER,
             "set                         latents  in both  only now  only set   rho");
    draw_set(a, r, r.y + 2, "the selection", scry_session_set(a->tab->session),
             scry_session_result(a->tab->session)->fit.pearson, ROLE_FAINT);
    scry_set *top = sets_expression(a, "top");
    if (top) draw_set(a, r, r.y + 3, "the top N of the ranking", top, top_rho(a, top), ROLE_FAINT);
    scry_set_free(top);
    if (!count) {
        grid_put(a->grid, r.y + 5, r.x + 2, r.cols - 2, ROLE_TEXT,
                 "No sets are kept yet: :keep NAME keeps the selection under a name,");
        grid_put(a->grid, r.y + 6, r.x + 2, r.cols - 2, ROLE_TEXT, ":choose core + 3,17 - noise makes one of several.");
        return;
    }
    size_t page = r.rows > 5 ? (size_t)r.rows - 4 : 1;
    if (s->cursor >= count) s->cursor = count - 1;
    if (s->cursor < s->top) s->top = s->cursor;
    if (s->cursor >= s->top + page) s->top = s->cursor - page + 1;
    for (size_t i = 0; i < page && s->top + i < count; i++) {
        int y = r.y + 4 + (int)i;
        draw_set(a, r, y, kept->item[s->top + i].name, kept->item[s->top + i].set, kept_rho(a, kept, s->top + i),
                 ROLE_IN);
        if (s->top + i == s->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

static void draw_versus(app *a, rect r) {
    const sets_state *s = &a->tab->sets;
    const scry_set *now = scry_session_set(a->tab->session);
    scry_set_relation to = scry_set_relate(now, s->versus);
    scry_result x = result_under(a, now), y = result_under(a, s->versus);
    char first[16], second[16], name[200];
    text_clean(s->versus_name, name, sizeof name, a->ascii);
    text_fit(name, 40, a->ascii);
    view_title(a, r, true, "the selection versus %s   q back", name);
    view_rho(x.fit.pearson, 3, false, first, sizeof first);
    view_rho(y.fit.pearson, 3, false, second, sizeof second);
    grid_print(a->grid, r.y + 1, r.x + 2, r.cols - 2, ROLE_RHO, "rho %s versus %s", first, second);
    grid_print(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_TEXT,
               "%u latents versus %u: %u in both, %u only now, %u only there", to.a, to.b, to.both, to.only_a,
               to.only_b);
    double most = 0;
    for (size_t d = 0; d < x.domains; d++) most = fmax(most, fmax(x.sts[d], y.sts[d]));
    int bar = (r.cols - 60) / 2 > 4 ? (r.cols - 60) / 2 : 4;
    grid_print(a->grid, r.y + 3, r.x + 2, r.cols - 2, ROLE_HEADER, "%-18s %10s %*s %10s %*s %8s", "domain", "STS now",
               bar, "", "there", bar, "", "change");
    for (int i = 0; i < (int)x.domains && i < r.rows - 4; i++) {
        int at = r.y + 4 + i, col = r.x + 2;
        char text[128];
        text_clean(a->tab->info->domain[i].name, text, sizeof text, a->ascii);
        text_fit(text, 18, a->ascii);
        grid_put(a->grid, at, col, 18, ROLE_TEXT, text);
        grid_print(a->grid, at, col + 19, 10, ROLE_TEXT, "%10.4g", x.sts[i]);
        grid_bar(a->grid, at, col + 30, bar, ROLE_BAR, most > 0 ? x.sts[i] / most : 0, a->ascii);
        grid_print(a->grid, at, col + 31 + bar, 10, ROLE_TEXT, "%10.4g", y.sts[i]);
        grid_bar(a->grid, at, col + 42 + bar, bar, ROLE_BAR_OUT, most > 0 ? y.sts[i] / most : 0, a->ascii);
        if (!isnan(x.change[i])) grid_print(a->grid, at, col + 43 + 2 * bar, 8, ROLE_TEXT, "%+8.2f", x.change[i]);
    }
    scry_result_free(&x);
    scry_result_free(&y);
}

static void draw_sets(app *a, rect r) {
    for (int y = r.y; y < r.y + r.rows; y++) grid_fill(a->grid, y, r.x, r.cols, ROLE_TEXT, ' ');
    if (a->tab->sets.versus) draw_versus(a, r);
    else draw_list(a, r);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* Runs a command on the set under the cursor. */
static void run_with(app *a, const char *words, command_effect *effect) {
    const sets_state *s = &a->tab->sets;
    char line[200];
    if (!s->kept || s->cursor >= s->kept->count) return;
    snprintf(line, sizeof line, "%s %s", words, s->kept->item[s->cursor].name);
    *effect = app_command(a, line);
}

static bool key_in_list(app *a, uint32_t key, command_effect *effect) {
    sets_state *s = &a->tab->sets;
    if (key == '\r' || key == '\n') run_with(a, "choose", effect);
    else if (key == '+') run_with(a, "choose current +", effect);
    else if (key == '&') run_with(a, "choose current &", effect);
    else if (key == '-') run_with(a, "choose current -", effect);
    else if (key == 'v') run_with(a, "against", effect);
    else if (key == 'x') run_with(a, "forget", effect);
    else if (key == 'j' || key == KEY_CODE_DOWN) s->cursor++;
    else if (key == 'k' || key == KEY_CODE_UP) s->cursor -= s->cursor > 0;
    else if (key == 'g' || key == KEY_CODE_HOME) s->cursor = 0;
    else if (key == 'G' || key == KEY_CODE_END) s->cursor = s->kept && s->kept->count ? s->kept->count - 1 : 0;
    else return false;
    return true;
}

static bool sets_key(app *a, uint32_t key, command_effect *effect) {
    sets_state *s = &a->tab->sets;
    bool leave = key == 'q' || key == 27 || key == 3;
    *effect = DID_CHANGE;
    if (leave && s->versus) {
        scry_set_free(s->versus);
        s->versus = NULL;
    } else if (leave) {
        a->layer = NULL;
    } else if (s->versus || !key_in_list(a, key, effect)) {
        return false; /* u, :, ?, space act as everywhere */
    }
    return true;
}

static void sets_wheel(app *a, int steps) {
    sets_state *s = &a->tab->sets;
    if (steps < 0 && s->cursor < (size_t)-steps) s->cursor = 0;
    else s->cursor += (size_t)steps;
}

static void sets_footer(app *a, rect r) {
    bool list = !a->tab->sets.versus;
    const char *const hints[][2] = {{"Enter", list ? "take" : NULL},
                                    {"+", list ? "join" : NULL},
                                    {"&", list ? "cut" : NULL},
                                    {"-", list ? "take away" : NULL},
                                    {"v", list ? "compare" : NULL},
                                    {"x", list ? "drop" : NULL},
                                    {"q", "back"},
                                    {"u", "undo"},
                                    {":", "commands"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

const layer layer_sets = {"sets", draw_sets, sets_key, sets_wheel, sets_footer};
