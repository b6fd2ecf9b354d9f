/* report.c: the report from the explorer. */
#include "report/report.h"
#include "base/mem.h"
#include "explorer/jobs.h"
#include "labels.h"

#include <stdio.h>
#include <stdlib.h>

/* Copies of what the report is of. */
typedef struct work_of_report {
    scry_index *index;
    selection_context s;
    scry_condition source;
    scry_metric metric;
    scry_scope scope;
    char *scope_words, *path;
    char selection[200];
    uint32_t top;
    bool ok;
    scry_error err;
} work_of_report;

static void write_report(void *own, const scry_cancel *stop) {
    work_of_report *w = own;
    w->s.ranking = scry_rank(w->s.index, w->s.train, w->source, w->metric, &w->err);
    report r = {.s = &w->s,
                .scope = &w->scope,
                .scope_spec = w->scope_words,
                .selection = w->selection,
                .top = w->top,
                .cancel = stop};
    w->ok = w->s.ranking && report_write(&r, w->path, &w->err);
}

static void end_report(app *a, void *own, bool whole) {
    work_of_report *w = own;
    if (whole && w->ok) app_say(a, "report written to %s", w->path);
    else if (whole) app_fail(a, "%s", w->err.text);
    scry_labels_release(w->index);
    scry_ranking_free(w->s.ranking);
    scry_set_free(w->s.set);
    scry_set_free(w->s.untouched);
    scry_scope_free(&w->scope);
    free(w->scope_words);
    free(w->path);
    free(w);
}

command_effect do_report(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "report", "report.html");
    scry_error err = {0};
    if (!report_check(argument, &err)) return app_fail(a, "%s", err.text);
    if (!app_may_write(a, argument, argument, argument)) return DID_CHANGE;
    const scry_session *session = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(session);
    uint32_t added, removed, n = scry_session_n(session);
    work_of_report *w = mem_new(1, sizeof *w);
    *w = (work_of_report){.index = a->tab->index,
                          .s = {.index = a->tab->index,
                                .train = shown->train,
                                .score = scry_session_score(session),
                                .set = scry_set_copy(scry_session_set(session)),
                                .untouched = scry_session_untouched(session)},
                          .source = shown->source,
                          .metric = shown->metric,
                          .scope = scry_scope_copy(scry_session_scope(session)),
                          .scope_words = mem_copy_string(scry_session_scope_spec(session)),
                          .path = mem_copy_string(argument),
                          .top = n ? n : 1};
    scry_session_edits(session, &added, &removed);
    char by[SCRY_SOURCE_TEXT];
    int used = snprintf(w->selection, sizeof w->selection, "top %u by %s %s", n,
                        scry_source_text(w->source, a->tab->info->against, by), scry_metric_name(w->metric));
    if (added || removed)
        snprintf(w->selection + used, sizeof w->selection - (size_t)used,
                 ", %u added and %u removed by hand: %u latents", added, removed, w->s.set->count);
    job e = {.work = write_report, .end = end_report, .own = w};
    snprintf(e.what, sizeof e.what, "report to %s", argument);
    scry_labels_hold(w->index);
    job_begin(a, &e);
    return DID_CHANGE;
}
