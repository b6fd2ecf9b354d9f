/* set_state.c: the tab's named sets, and evaluation of set expressions. */
#include "base/mem.h"
#include "explorer/sets/set_layer.h"
#include "explorer/table/table.h"
#include "shell/set_names.h"

#include <stdlib.h>

void sets_open(tab *t) {
    t->sets = mem_new(1, sizeof *t->sets);
}

void sets_close(tab *t) {
    sets_state *s = t->sets;
    scry_named_sets_free(s->kept);
    free(s->rho.rho);
    free(s->rho.known);
    free(s->rho.spec);
    scry_set_free(s->compare.first);
    scry_set_free(s->compare.second);
    free(s);
}

scry_named_sets *sets_of(app *a) {
    scry_error err = {0};
    if (!a->tab->sets->kept) a->tab->sets->kept = scry_named_sets_open(a->tab->index, &err);
    if (err.status) app_fail(a, "%s", err.text);
    return a->tab->sets->kept;
}

scry_set *sets_expression(app *a, const char *text) {
    scry_error err = {0};
    const tab *t = a->tab;
    if (!sets_of(a)) return NULL;
    set_names names = {.index = t->index,
                       .kept = t->sets->kept,
                       .ranking = scry_session_ranking(t->session),
                       .n = scry_session_n(t->session),
                       .current = scry_session_set(t->session),
                       .marked = t->table->marks};
    scry_set *set = set_names_expression(&names, text, &err);
    if (!set) app_fail(a, "%s", err.text);
    return set;
}

scry_result sets_result(app *a, const scry_set *set) {
    scry_result r;
    scry_scorer *scorer = scry_scorer_new(a->tab->index, scry_session_score(a->tab->session));
    scry_scorer_set_anchor(scorer, scry_session_anchor(a->tab->session));
    scry_scorer_load(scorer, set);
    scry_result_fit(&r, a->tab->index, scorer, scry_session_scope(a->tab->session));
    scry_scorer_free(scorer);
    return r;
}
