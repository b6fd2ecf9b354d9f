/* report.c: the report from the explorer. */
#include "report/report.h"
#include "views/view.h"

#include <stdio.h>

command_effect do_report(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "report", "report.html");
    const scry_session *session = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(session);
    scry_error err = {0};
    subject s = {.index = a->tab->index, .train = shown->train, .score = scry_session_score(session)};
    s.ranking = scry_rank(s.index, shown->train, shown->source, shown->metric, &err);
    s.set = scry_set_copy(scry_session_set(session));
    uint32_t added, removed, n = scry_session_n(session);
    char words[200];
    scry_session_edits(session, &added, &removed);
    int used = snprintf(words, sizeof words, "top %u by %s %s", n, scry_condition_name(shown->source),
                        scry_metric_name(shown->metric));
    if (added || removed)
        snprintf(words + used, sizeof words - (size_t)used, ", %u put in and %u taken out by hand: %u latents", added,
                 removed, s.set->count);
    report r = {.s = &s,
                .scope = scry_session_scope(session),
                .scope_words = scry_session_scope_spec(session),
                .selection = words,
                .top = n ? n : 1};
    bool ok = s.ranking && report_write(&r, argument, &err);
    scry_ranking_free(s.ranking);
    scry_set_free(s.set);
    if (!ok) return app_fail(a, "%s", err.text);
    app_say(a, "report written to %s", argument);
    return DID_CHANGE;
}
