/* show.c: commands that change what is ranked, scored and shown. */
#include "text/text.h"
#include "base/mem.h"
#include "explorer/panes/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect rank_by(app *a, scry_condition source, scry_metric metric) {
    scry_error err = {0};
    char what[48];
    snprintf(what, sizeof what, "by %s %s", scry_condition_name(source), scry_metric_name(metric));
    app_before_step(a);
    bool changed = scry_session_rank_by(a->tab->session, source, metric, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    return app_stepped(a, changed, what);
}

command_effect do_by_icl(app *a, const char *argument) {
    (void)argument;
    return rank_by(a, SCRY_ICL, scry_session_ranking(a->tab->session)->metric);
}

/* sft, or rl where there is no sft; pressed again, the other of the two. */
command_effect do_by_trained(app *a, const char *argument) {
    (void)argument;
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    const scry_train_info *train = &a->tab->info->train[r->train];
    if (!train->has[SCRY_SFT] && !train->has[SCRY_RL]) return app_fail(a, "this study has no sft and no rl capture");
    scry_condition to = train->has[SCRY_SFT] ? SCRY_SFT : SCRY_RL;
    if (r->source == SCRY_SFT && train->has[SCRY_RL]) to = SCRY_RL;
    return rank_by(a, to, r->metric);
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
    app_before_step(a);
    bool changed = scry_session_set_score(a->tab->session, score, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    if (changed) a->tab->rho_before = NAN; /* another score: no step to compare */
    table_refresh(a);
    app_say(a, "score %s: %s", scry_score_name(score), scry_scores[score].help);
    return DID_CHANGE;
}

#define SCORE(id, name, ...)                                                                                           \
    command_effect do_score_##name(app *a, const char *argument) {                                                     \
        (void)argument;                                                                                                \
        return score_by(a, id);                                                                                        \
    }
SCRY_SCORE_TABLE(SCORE)
#undef SCORE

static command_effect scope_to(app *a, const char *spec, bool is_signed) {
    scry_error err = {0};
    bool was_signed = scry_session_scope(a->tab->session)->is_signed;
    app_before_step(a);
    bool changed = scry_session_rescope(a->tab->session, spec, is_signed, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    if (!changed) return app_stepped(a, false, "domains");
    char what[120], domains[100];
    text_clean(spec, domains, sizeof domains, a->ascii);
    text_fit(domains, 40, a->ascii);
    if (is_signed != was_signed) snprintf(what, sizeof what, "%s", is_signed ? "signed change" : "size of change");
    else snprintf(what, sizeof what, "domains %s", domains);
    return app_rescoped(a, what);
}

command_effect do_domains(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "domains", scry_session_scope_spec(a->tab->session));
    return scope_to(a, argument, scry_session_scope(a->tab->session)->is_signed);
}

command_effect do_signed(app *a, const char *argument) {
    (void)argument;
    char *spec = mem_copy_string(scry_session_scope_spec(a->tab->session)); /* the session lets go of its own */
    command_effect effect = scope_to(a, spec, !scry_session_scope(a->tab->session)->is_signed);
    free(spec);
    return effect;
}

/* A named column is looked for in the pane that has the keys, then in the others. */
command_effect do_sort(app *a, const char *argument) {
    char wrong[256] = "", other[256];
    const char *name = *argument ? argument : NULL;
    if (views[a->tab->focus]->sort(a, name, wrong, sizeof wrong)) return DID_CHANGE;
    for (int p = 0; name && p < PANES; p++)
        if (p != (int)a->tab->focus && views[p]->sort(a, name, other, sizeof other)) return DID_CHANGE;
    return app_fail(a, "cannot sort by that; expected %s", wrong);
}

command_effect do_reverse(app *a, const char *argument) {
    (void)argument;
    views[a->tab->focus]->reverse(a);
    return DID_CHANGE;
}

command_effect do_capture(app *a, const char *argument) {
    int next = a->tab->latent.capture + 1;
    if (strcmp(argument, "all") == 0) next = -1;
    else if (*argument && (next = scry_find_capture_named(a->tab->index, argument)) < 0)
        return app_fail(a, "no capture \"%s\"; expected all, train.base, train.icl, %s, ...", argument,
                        a->tab->info->domain[0].name);
    a->tab->latent.capture = next < (int)a->tab->info->captures ? next : -1;
    app_say(a, "tokens from %s",
            a->tab->latent.capture < 0 ? "all captures" : a->tab->info->capture[a->tab->latent.capture].name);
    return DID_CHANGE;
}

command_effect do_palette(app *a, const char *argument) {
    return app_ask(a, "palette", argument);
}

command_effect do_help(app *a, const char *argument) {
    bool leaves = a->layer == &layer_help && !*argument;
    if (a->layer != &layer_help) a->beneath = a->layer;
    a->layer = leaves ? a->beneath : &layer_help;
    a->help = (help_state){0};
    snprintf(a->help.filter, sizeof a->help.filter, "%s", argument);
    a->help.at = strlen(a->help.filter);
    return DID_CHANGE;
}

command_effect do_redraw(app *a, const char *argument) {
    (void)a;
    (void)argument;
    return DID_CHANGE | DID_REDRAW;
}
