/* show.c: commands that change what is ranked, scored and shown. */
#include "explorer/app_services.h"
#include "explorer/commands/step.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/help_page.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static command_effect rank_by(app *a, scry_condition source, scry_metric metric) {
    scry_error err = {0};
    char what[80];
    view_ranking(source, a->tab->info->against, metric, a->grid->cols >= 100, what, sizeof what);
    step_begin(a);
    bool changed = scry_session_rank_by(a->tab->session, source, metric, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    return step_done(a, changed, what);
}

command_effect do_by_icl(app *a, UNUSED const char *argument) {
    return rank_by(a, SCRY_ICL, scry_session_ranking(a->tab->session)->metric);
}

/* By the metric of before where base has it. */
command_effect do_by_base(app *a, UNUSED const char *argument) {
    scry_metric metric = scry_session_ranking(a->tab->session)->metric;
    return rank_by(a, SCRY_BASE, scry_metrics[metric].base_title ? metric : scry_default_metric(SCRY_BASE));
}

/* sft, or rl where there is no sft; pressed again, the other of the two. */
command_effect do_by_trained(app *a, UNUSED const char *argument) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    const scry_train_info *train = &a->tab->info->train[r->train];
    if (!train->has[SCRY_SFT] && !train->has[SCRY_RL]) {
        if (train->identical[SCRY_SFT]) return rank_by(a, SCRY_SFT, r->metric); /* says why not */
        if (train->identical[SCRY_RL]) return rank_by(a, SCRY_RL, r->metric);
        scry_error err = {0};
        if (!scry_require_source(a->tab->index, r->train, SCRY_SFT, &err) && !train->has[SCRY_ICL])
            return app_fail(a, "%s", err.text);
        return app_fail(a, "this study has no sft and no rl capture");
    }
    scry_condition to = train->has[SCRY_SFT] ? SCRY_SFT : SCRY_RL;
    if (r->source == SCRY_SFT && train->has[SCRY_RL]) to = SCRY_RL;
    return rank_by(a, to, r->metric);
}

/* Without a name: the next one that the index has. */
command_effect do_reference(app *a, const char *argument) {
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    const scry_condition before = r->source;
    int to = *argument ? scry_reference_of(argument) : (int)(r->against + 1) % SCRY_REFERENCES;
    scry_error err = {0};
    char what[160], source[SCRY_SOURCE_TEXT];
    if (to < 0)
        return app_fail(a, "reference \"%.40s\": expected %s", argument,
                        scry_reference_choices((char[SCRY_CHOICES]){""}, ""));
    step_begin(a);
    bool changed = scry_session_compare_with(a->tab->session, (scry_reference)to, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    app_follow_reference(a->tab);
    r = scry_session_ranking(a->tab->session);
    int n =
        snprintf(what, sizeof what, "%s",
                 r->against == SCRY_AGAINST_BASE ? "against base" : scry_source_text(r->source, r->against, source));
    if (r->source != before)
        snprintf(what + n, sizeof what - (size_t)n, ", as %s is not compared with it", scry_condition_name(before));
    return step_done(a, changed, what);
}

command_effect do_metric(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "metric", "");
    int metric = scry_metric_of(argument);
    if (metric < 0)
        return app_fail(a, "metric \"%s\": expected %s", argument, scry_metric_choices((char[SCRY_CHOICES]){""}, ""));
    return rank_by(a, scry_session_ranking(a->tab->session)->source, (scry_metric)metric);
}

static command_effect score_by(app *a, scry_score score) {
    scry_error err = {0};
    if (!app_has_domains(a)) return DID_CHANGE;
    step_begin(a);
    bool changed = scry_session_set_score(a->tab->session, score, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    if (changed) a->tab->rho_before = NAN; /* another score: no step to compare */
    table_refresh(a);
    return app_say(a, "score %s: %s", scry_score_text(score, a->tab->info->against, (char[SCRY_SOURCE_TEXT]){""}),
                   scry_scores[score].help);
}

#define SCORE(id, name, ...)                                                                                           \
    command_effect do_score_##name(app *a, const char *argument) {                                                     \
        (void)argument;                                                                                                \
        return score_by(a, id);                                                                                        \
    }
SCRY_SCORE_TABLE(SCORE)
#undef SCORE

/* A named column is looked for in the pane that has the keys, then in the others. */
command_effect do_sort(app *a, const char *argument) {
    char wrong[256] = "", other[256];
    const char *name = *argument ? argument : NULL;
    if (views[a->tab->focus]->sort(a, name, wrong, sizeof wrong)) return DID_CHANGE;
    for (int p = 0; name && p < PANES; p++)
        if (p != (int)a->tab->focus && views[p]->sort(a, name, other, sizeof other)) return DID_CHANGE;
    return app_fail(a, "cannot sort by that; expected %s", wrong);
}

command_effect do_reverse(app *a, UNUSED const char *argument) {
    views[a->tab->focus]->reverse(a);
    return DID_CHANGE;
}

command_effect do_capture(app *a, const char *argument) {
    int next = a->tab->latent_pane->capture + 1;
    if (strcmp(argument, "all") == 0) next = -1;
    else if (*argument && (next = scry_find_capture_named(a->tab->index, argument)) < 0)
        return app_fail(a, "no capture \"%s\"; expected all, %s%s%s, ...", argument, a->tab->info->capture[0].name,
                        a->tab->info->domains ? ", " : "", a->tab->info->domains ? a->tab->info->domain[0].name : "");
    a->tab->latent_pane->capture = next < (int)a->tab->info->captures ? next : -1;
    return app_say(a, "tokens from %s",
                   a->tab->latent_pane->capture < 0 ? "all captures"
                                                    : a->tab->info->capture[a->tab->latent_pane->capture].name);
}

command_effect do_palette(app *a, const char *argument) {
    return app_ask(a, "palette", argument);
}

command_effect do_help(app *a, const char *argument) {
    bool leaves = a->layer == &layer_help && !*argument;
    if (a->layer != &layer_help) a->layer_below = a->layer;
    a->layer = leaves ? a->layer_below : &layer_help;
    *a->help = (help_state){0};
    snprintf(a->help->filter, sizeof a->help->filter, "%s", argument);
    a->help->at = strlen(a->help->filter);
    return DID_CHANGE;
}

command_effect do_redraw(UNUSED app *a, UNUSED const char *argument) {
    return DID_CHANGE | DID_REDRAW;
}

command_effect do_theme(app *a, const char *argument) {
    const theme *t = theme_find(argument);
    char names[160] = "";
    for (int i = 0; i < theme_count; i++) {
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", themes[i].name);
        if (!*argument && strcmp(themes[i].name, a->theme.name) == 0) t = &themes[(i + 1) % theme_count];
    }
    if (!t) return app_fail(a, "no theme \"%s\"; expected %s", argument, names);
    app_look(a, t, a->colors);
    app_say(a, "theme %s: %s", t->name, t->about);
    return DID_CHANGE | DID_REDRAW;
}
