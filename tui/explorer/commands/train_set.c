/* train_set.c: chooses the training set, where a study has several. */
#include "base/mem.h"
#include "explorer/commands/step.h"
#include "text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Finds a training set by its name or an unambiguous prefix, or (no name) the next; -1, with a message, for none. */
static long find(app *a, const char *name) {
    const scry_info *info = a->tab->info;
    long begins = -1;
    size_t now = scry_session_ranking(a->tab->session)->train, many = 0;
    if (!*name && info->trains > 1) return (long)((now + 1) % info->trains);
    if (!*name) {
        app_fail(a, "this study has one training set, \"%.60s\"", info->train[0].name);
        return -1;
    }
    const char **names = mem_new(info->trains, sizeof *names);
    for (size_t t = 0; t < info->trains; t++) names[t] = info->train[t].name;
    for (size_t t = 0; t < info->trains; t++) {
        if (strcmp(names[t], name) == 0) begins = (long)t, many = 1, t = info->trains;
        else if (strncmp(names[t], name, strlen(name)) == 0) begins = (long)t, many++;
    }
    const char *near = suggest_nearest(name, names, info->trains);
    if (many != 1 && near) app_fail(a, "no training set \"%.60s\"; did you mean %.60s?", name, near);
    else if (many != 1)
        app_fail(a, "no training set \"%.60s\"; expected %.60s%s%.60s%s", name, names[0], info->trains > 1 ? ", " : "",
                 info->trains > 1 ? names[1] : "", info->trains > 2 ? ", ..." : "");
    free(names);
    return many == 1 ? begins : -1;
}

/* "other by rl, as it has no sft" */
static void words_of(const app *a, scry_condition source, const char *spec, char *text, size_t size) {
    const scry_ranking *now = scry_session_ranking(a->tab->session);
    const char *spec_now = scry_session_scope_spec(a->tab->session);
    char name[64], by[SCRY_SOURCE_TEXT];
    app_fit_text(a, a->tab->info->train[now->train].name, 30, name, sizeof name);
    int n = snprintf(text, size, "%s, ranked by %s", name, scry_source_text(now->source, now->against, by));
    if (now->source != source)
        n += snprintf(text + n, size - (size_t)n, ", as it has no %s", scry_condition_name(source));
    if (strcmp(spec, spec_now) != 0) snprintf(text + n, size - (size_t)n, ", domains %.30s", spec_now);
}

command_effect do_train_set(app *a, const char *argument) {
    scry_session *s = a->tab->session;
    scry_condition source = scry_session_ranking(s)->source;
    scry_error err = {0};
    char what[200], spec[TEXT_MOST];
    long train = find(a, argument);
    if (train < 0) return DID_CHANGE;
    snprintf(spec, sizeof spec, "%s", scry_session_scope_spec(s));
    step_begin(a);
    bool changed = scry_session_train_on(s, (size_t)train, &err);
    if (err.status) return app_fail(a, "%s", err.text);
    words_of(a, source, spec, what, sizeof what);
    return step_done(a, changed, what);
}
