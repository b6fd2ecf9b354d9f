/* set_detail.c: the selection beside one set. */
#include "views/set_detail.h"
#include "draw/text.h"
#include "sets.h"
#include "views/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

scry_result set_result(const app *a, const scry_set *set) {
    scry_result r;
    scry_scorer *scorer = scry_scorer_new(a->tab->index, scry_session_score(a->tab->session));
    scry_scorer_load(scorer, set);
    scry_result_fit(&r, a->tab->index, scorer, scry_session_scope(a->tab->session));
    scry_scorer_free(scorer);
    return r;
}

/* ---- latents -------------------------------------------------------------------------------- */

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

void set_detail_draw(app *a, rect r, const char *name, const scry_set *set) {
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

/* ---- domains -------------------------------------------------------------------------------- */

enum { NAME = 18, NUMBER = 9 };

/* Six columns at most, the same decimals for all of a page: the largest says how many. */
static void draw_score(app *a, int y, int x, double value, double most) {
    int decimals = most >= 1000 ? 0 : most >= 100 ? 1 : most >= 10 ? 2 : most >= 0.1 ? 3 : 5;
    char text[40];
    snprintf(text, sizeof text, isnan(value) ? "-" : "%.*f", decimals, value);
    grid_put_right(a->grid, y, x, NUMBER, ROLE_TEXT, text);
}

static void draw_domain(app *a, rect r, int y, int bar, size_t d, const scry_result *now, const scry_result *set,
                        double most) {
    char text[128];
    bool used = !isnan(now->change[d]);
    double change = a->tab->info->domain[d].change[scry_session_scope(a->tab->session)->train];
    text_clean(a->tab->info->domain[d].name, text, sizeof text, a->ascii);
    text_fit(text, NAME, a->ascii);
    int x = r.x + 2;
    grid_put(a->grid, y, x, NAME, used ? ROLE_TEXT : ROLE_FAINT, text);
    draw_score(a, y, x += NAME, now->sts[d], most);
    if (most > 0)
        grid_bar(a->grid, y, x + NUMBER + 1, bar, used ? ROLE_BAR : ROLE_BAR_OUT, now->sts[d] / most, a->ascii);
    draw_score(a, y, x += NUMBER + 1 + bar, set->sts[d], most);
    if (most > 0)
        grid_bar(a->grid, y, x + NUMBER + 1, bar, used ? ROLE_BAR : ROLE_BAR_OUT, set->sts[d] / most, a->ascii);
    snprintf(text, sizeof text, isnan(change) ? "-" : used ? "%+.2f" : "%+.2f out", change);
    grid_put_right(a->grid, y, x + NUMBER + 1 + bar, 11, used ? ROLE_TEXT : ROLE_FAINT, text);
}

static void draw_heads(app *a, rect r, int bar, const char *name) {
    char head[64];
    int x = r.x + 2;
    grid_put(a->grid, r.y, x, NAME, ROLE_HEADER, "domain");
    snprintf(head, sizeof head, "STS %s", scry_score_name(scry_session_score(a->tab->session)));
    grid_put_right(a->grid, r.y, x += NAME, NUMBER, ROLE_HEADER, head);
    grid_put(a->grid, r.y, x + NUMBER + 1, bar, ROLE_HEADER, bar >= 9 ? "selection" : "now");
    x += NUMBER + 1 + bar;
    grid_put_right(a->grid, r.y, x, NUMBER, ROLE_HEADER, head);
    snprintf(head, sizeof head, "%.60s", name);
    text_fit(head, bar, a->ascii);
    grid_put(a->grid, r.y, x + NUMBER + 1, bar, ROLE_HEADER, head);
    grid_put_right(a->grid, r.y, x + NUMBER + 1 + bar, 11, ROLE_HEADER, "change, pts");
}

void set_versus_draw(app *a, rect r, int *top) {
    const sets_state *s = &a->tab->sets;
    const scry_set *now = scry_session_set(a->tab->session);
    scry_set_relation to = scry_set_relate(now, s->versus);
    scry_result x = set_result(a, now), y = set_result(a, s->versus);
    char first[16], second[16], name[200];
    text_clean(s->versus_name, name, sizeof name, a->ascii);
    text_fit(name, 40, a->ascii);
    view_title(a, r, true, "the selection and %s", name);
    view_rho(x.fit.pearson, 3, false, first, sizeof first);
    view_rho(y.fit.pearson, 3, false, second, sizeof second);
    grid_print(a->grid, r.y + 1, r.x + 2, r.cols - 2, ROLE_RHO, "rho %s with the selection, %s with %s", first, second,
               name);
    grid_print(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_TEXT,
               "%u and %u latents: %u in both, %u only in the selection, %u only in %s", to.a, to.b, to.both, to.only_a,
               to.only_b, name);
    double most = 0;
    for (size_t d = 0; d < x.domains; d++) most = fmax(most, fmax(x.sts[d], y.sts[d]));
    int spare = r.cols - 4 - NAME - 2 * (NUMBER + 1) - 11, bar = spare / 2 > 1 ? spare / 2 : 1, D = (int)x.domains;
    int rows = r.rows > 5 ? r.rows - 4 : 1, detail = r.rows - 4 - D;
    if (*top > D - rows) *top = D - rows;
    if (*top < 0) *top = 0;
    draw_heads(a, (rect){r.y + 3, r.x, 1, r.cols}, bar, name);
    for (int i = 0; i < rows && *top + i < D && 4 + i < r.rows; i++)
        draw_domain(a, r, r.y + 4 + i, bar, (size_t)(*top + i), &x, &y, most);
    if (detail >= 5) set_detail_draw(a, (rect){r.y + 5 + D, r.x, detail - 1, r.cols}, name, s->versus);
    scry_result_free(&x);
    scry_result_free(&y);
}
