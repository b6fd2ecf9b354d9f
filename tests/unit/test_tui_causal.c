/* test_tui_causal.c: the causal pane between frames: figures are fresh only for the set and settings that were run,
 * sets that were run before have theirs at once, and in between the estimate around the last run is shown. */
#include "check.h"
#include "effects.h"
#include "sample_app.h"

#include "explorer/causal/ablation_runs.h"
#include "explorer/sets/set_layer.h"
#include "results/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D_MOST = 64 };

static void press(app *a, const char *line) {
    app_command(a, line);
    app_draw(a);
}

/* The pane's title holds the text. */
static bool titled(app *a, const char *text) {
    char *drawn = NULL;
    size_t length;
    FILE *f = open_memstream(&drawn, &length);
    app_draw(a);
    grid_write(a->grid, f, false);
    fclose(f);
    bool has = strstr(drawn, text) != NULL;
    free(drawn);
    return has;
}

static void staleness(app *a) {
    scry_domain_effect first[D_MOST];
    causal_stop why;
    size_t D = a->tab->info->domains;
    press(a, "causal manual on");
    check(!causal_runs_due(a) && isnan(causal_shown(a, 0).loss), "in manual mode nothing runs by itself");
    check(titled(a, "not run"), "which the title says");
    press(a, "causal auto");
    check(causal_runs_due(a) && titled(a, "waiting"), "else the selection is due");
    causal_runs_finish(a);
    check(causal_is_fresh(a) && !causal_runs_due(a), "then it is fresh, and nothing is due");
    for (size_t d = 0; d < D; d++) first[d] = causal_shown(a, d);
    check(first[0].difference > 0 && a->tab->causal->figures.statistics, "with figures and statistics");
    press(a, "toggle 1819");
    check(!causal_is_fresh(a) && causal_runs_due(a) && titled(a, "another set (-1)"), "after a toggle it is stale");
    check(memcmp(&first[3], &a->tab->causal->figures.domain[3], sizeof *first) == 0, "the figures stay meanwhile");
    press(a, "toggle 1819");
    check(causal_is_fresh(a) && !causal_runs_due(a), "toggled back it is fresh at once, without a run");
    press(a, "toggle 1819");
    causal_runs_finish(a);
    check(causal_is_fresh(a), "the other set is run");
    press(a, "undo");
    check(causal_is_fresh(a) && causal_shown(a, 9).difference == first[9].difference,
          "undone: the figures of before, to the bit, from what is kept");
    press(a, "causal drop");
    check(!causal_is_fresh(a) && titled(a, "other settings"), "by other settings it is stale too");
    press(a, "causal keep");
    check(causal_is_fresh(a), "and by those of before fresh");
    press(a, "leave-out law");
    check(causal_is_fresh(a) && !a->tab->causal->figures.statistics && causal_runs_due(a) &&
              a->tab->causal->figures.result.fit.n == 13,
          "other domains: rho is of them at once, its statistics are due");
    causal_runs_finish(a);
    check(a->tab->causal->figures.statistics, "and come");
    press(a, "leave-out law");
    press(a, "help");
    press(a, "causal 2");
    check(!causal_runs_due(a), "under a page that covers the pane nothing is begun");
    a->layer = NULL;
    check(causal_runs_due(a), "it is when the page is gone");
    press(a, "causal zero");
    check(!causal_is_stopped(a, &why), "nothing was given up");
}

/* A selection around the anchor, as JSON: text of its "anchor". The caller frees it. */
static char *anchor_json(app *a, const scry_anchor *anchor) {
    const scry_session *session = a->tab->session;
    const selection_context of = {
        .index = a->tab->index, .set = scry_set_copy(scry_session_set(session)), .score = SCRY_ABL, .anchor = anchor};
    scry_result r;
    selection_fit(&r, &of, scry_session_scope(session));
    cJSON *facts = score_result(&of, &r, NULL);
    char *text = cJSON_PrintUnformatted(result_get(facts, "anchor"));
    check(cJSON_IsTrue(result_get(facts, "anchored")) == (anchor != NULL), "anchored says whether there is one");
    cJSON_Delete(facts);
    scry_result_free(&r);
    scry_set_free(of.set);
    return text;
}

static void named_anchor(app *a, const scry_anchor *anchor) {
    char *latents = scry_set_text(anchor->set), *bare = anchor_json(a, NULL), *unnamed = anchor_json(a, anchor);
    check(strcmp(bare, "null") == 0, "no anchor");
    check(strcmp(unnamed, text_of("{\"name\":null,\"n\":%u,\"latents\":\"%s\"}", anchor->set->count, latents)) == 0,
          "an anchor that is no named set");
    scry_error err = {0};
    check(scry_named_sets_save(a->tab->sets->kept, "core", anchor->set, &err), "the set is named: %s", err.text);
    char *named = anchor_json(a, anchor);
    check(strcmp(named, text_of("{\"name\":\"core\",\"n\":%u,\"latents\":\"%s\"}", anchor->set->count, latents)) == 0,
          "an anchor that is");
    check(titled(a, "(anchor core +1 -2)") || titled(a, "around core (+1 -2)"), "the pane has its name");
    free(latents);
    free(bare);
    free(unnamed);
    free(named);
}

/* exact(D) + estimate(D') - estimate(D), by bare scorers. */
static void estimates(app *a) {
    size_t D = a->tab->info->domains;
    double exact[D_MOST];
    scry_error err = {0};
    const scry_effects_options o = {.samples = 3, .draws = 2};
    bool made;
    check(!a->tab->causal->estimated, "without columns nothing is estimated");
    if (!check(scry_effects_compute(a->tab->index, &o, &made, NULL, &err) &&
                   scry_effects_attach(a->tab->index, NULL, true, &err),
               "columns %s", err.text))
        return;
    causal_runs_finish(a);
    for (size_t d = 0; d < D; d++) exact[d] = causal_shown(a, d).difference;
    scry_set *then = scry_set_copy(scry_session_set(a->tab->session));
    press(a, "toggle 1819,637,3");
    check(a->tab->causal->estimated && titled(a, "estimated (anchor +1 -2)"),
          "toggles are estimated in the same frame");
    scry_scorer *before = scry_scorer_new(a->tab->index, SCRY_ABL), *after = scry_scorer_new(a->tab->index, SCRY_ABL);
    scry_scorer_load(before, then);
    scry_scorer_load(after, scry_session_set(a->tab->session));
    worst w = {.tolerance = 1e-9};
    for (size_t d = 0; d < D; d++)
        worst_add(&w, causal_shown(a, d).difference,
                  exact[d] + scry_scorer_value(after, d) - scry_scorer_value(before, d), 1, "domain %zu", d);
    worst_line(&w, "around the set that was run last");
    check(isnan(causal_shown(a, 0).se) && causal_runs_due(a), "an estimate has no error, and the run is due");
    const scry_anchor *anchor = scry_session_anchor(a->tab->session);
    check(anchor && scry_set_equal(anchor->set, then), "the session keeps the anchor");
    named_anchor(a, anchor);
    causal_runs_finish(a);
    anchor = scry_session_anchor(a->tab->session);
    check(causal_is_fresh(a) && !a->tab->causal->estimated &&
              scry_set_equal(anchor->set, scry_session_set(a->tab->session)),
          "the run ends it, and is the next anchor");
    scry_scorer_free(before);
    scry_scorer_free(after);
    scry_set_free(then);
}

static void alone(app *a) {
    scry_domain_effect out[D_MOST];
    press(a, "latent 1819");
    check(!causal_alone(a, 1819, out), "a latent alone was not run");
    press(a, "effect");
    check(a->tab->causal->alone == 1819 && causal_runs_due(a), "effect asks for it");
    causal_runs_finish(a);
    check(causal_alone(a, 1819, out) && out[9].difference != 0 && a->tab->causal->alone == -1, "and then it was");
}

int main(void) {
    setenv("XDG_DATA_HOME", scratch("data"), 1);
    app *a = sample_app(sample_index(), 80);
    staleness(a);
    estimates(a);
    alone(a);
    app_free(a);
    return check_end();
}
