/* step.c: updates the table after a step of the session, and reports it. */
#include "explorer/commands/step.h"
#include "base/mem.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void step_begin(app *a) {
    a->tab->rho_before = scry_session_result(a->tab->session)->fit.pearson;
}

/* "rho -.680 -> -.751" */
static void rho_words(const app *a, char *text, size_t size) {
    char before[16], after[16];
    format_rho(a->tab->rho_before, 3, false, before, sizeof before);
    format_rho(scry_session_result(a->tab->session)->fit.pearson, 3, false, after, sizeof after);
    snprintf(text, size, "rho %s -> %s", before, after);
}

command_effect step_done(app *a, bool changed, const char *what) {
    if (!changed) {
        return app_say(a, "%s: nothing changed", what);
    }
    table_refresh(a);
    char rho[48];
    rho_words(a, rho, sizeof rho);
    uint32_t count = scry_session_set(a->tab->session)->count;
    return app_say(a, "%s: %u latent%s selected, %s", what, count, plural_s(count), rho);
}

command_effect step_rescoped(app *a, const char *what) {
    table_refresh(a);
    char rho[48];
    rho_words(a, rho, sizeof rho);
    return app_say(a, "%s: %s", what, rho);
}

enum { WORDS = 120 };

/* The state that a step can change, before it. */
typedef struct moment {
    scry_set *set; /* owned */
    size_t train;
    scry_condition source;
    scry_reference against;
    scry_metric metric;
    uint32_t n;
    bool is_signed;
    char *spec; /* owned */
} moment;

static moment moment_now(const app *a) {
    const scry_session *s = a->tab->session;
    const scry_ranking *r = scry_session_ranking(s);
    return (moment){.set = scry_set_copy(scry_session_set(s)),
                    .train = r->train,
                    .source = r->source,
                    .against = r->against,
                    .metric = r->metric,
                    .n = scry_session_n(s),
                    .is_signed = scry_session_scope(s)->is_signed,
                    .spec = mem_copy_string(scry_session_scope_spec(s))};
}

static void moment_free(moment *m) {
    scry_set_free(m->set);
    free(m->spec);
}

/* The number of latents that are in one set but not in the other, and the first of them. */
static uint32_t unlike(const scry_set *was, const scry_set *is, uint32_t *first) {
    uint32_t n = 0;
    for (uint32_t j = 0; j < is->latents; j++)
        if (scry_set_has(was, j) != scry_set_has(is, j) && n++ == 0) *first = j;
    return n;
}

/* Describes the difference; moves the cursor to the latent if only one was toggled. */
static void words_of(app *a, const moment *was, char text[WORDS]) {
    moment now = moment_now(a);
    uint32_t latent = 0, switched = unlike(was->set, now.set, &latent);
    char spec[64];
    if (was->train != now.train) {
        app_fit_text(a, a->tab->info->train[now.train].name, 30, spec, sizeof spec);
        snprintf(text, WORDS, "training set %s", spec);
    } else if (was->source != now.source || was->against != now.against || was->metric != now.metric) {
        view_ranking(now.source, now.against, now.metric, a->grid->cols >= 100, text, WORDS);
    } else if (was->n != now.n) {
        snprintf(text, WORDS, "N %u", now.n);
    } else if (strcmp(was->spec, now.spec) != 0) {
        app_fit_text(a, now.spec, 30, spec, sizeof spec);
        snprintf(text, WORDS, "domains %s", spec);
    } else if (was->is_signed != now.is_signed) {
        snprintf(text, WORDS, "%s", change_name(now.is_signed));
    } else if (switched == 1) {
        snprintf(text, WORDS, "latent %u %s", latent, scry_set_has(now.set, latent) ? "added" : "removed");
        table_go(a, latent);
    } else {
        snprintf(text, WORDS, "%u toggled", switched);
    }
    moment_free(&now);
}

/* Undoes or redoes a step that changed labels; writes the label file first, which can fail. */
static command_effect step_labels(app *a, bool back, const scry_relabels *labels) {
    scry_error err = {0};
    const scry_relabel *first = labels->change;
    char shown[WORDS], what[WORDS];
    size_t undo, redo;
    if (!scry_labels_change(a->tab->index, labels->change, labels->count, back, &err))
        return app_fail(a, "%s: %s", back ? "undo" : "redo", err.text);
    app_fit_text(a, back ? first->before : first->after, 40, shown, sizeof shown);
    if (labels->count > 1) snprintf(what, sizeof what, "labels of %zu latents", labels->count);
    else
        snprintf(what, sizeof what, "latent %u %s%.80s", first->latent, *shown ? "is labelled " : "has no label",
                 shown);
    table_go(a, first->latent);
    if (back) scry_session_undo(a->tab->session);
    else scry_session_redo(a->tab->session);
    scry_session_history(a->tab->session, &undo, &redo);
    return app_say(a, "%s: %s (%zu more)", back ? "undone" : "redone", what, back ? undo : redo);
}

/* back: undo, else redo. */
static command_effect step(app *a, bool back) {
    const scry_relabels *labels =
        back ? scry_session_undoes_labels(a->tab->session) : scry_session_redoes_labels(a->tab->session);
    if (labels) return step_labels(a, back, labels);
    size_t undo, redo;
    char what[WORDS + 40], words[WORDS];
    moment was = moment_now(a);
    uint32_t count = was.set->count;
    step_begin(a);
    bool changed = back ? scry_session_undo(a->tab->session) : scry_session_redo(a->tab->session);
    if (changed) app_follow_reference(a->tab);
    if (changed) words_of(a, &was, words);
    moment_free(&was);
    if (!changed) {
        return app_say(a, back ? "nothing to undo" : "nothing to redo");
    }
    scry_session_history(a->tab->session, &undo, &redo);
    snprintf(what, sizeof what, "%s: %s (%zu more)", back ? "undone" : "redone", words, back ? undo : redo);
    return count == scry_session_set(a->tab->session)->count ? step_rescoped(a, what) : step_done(a, true, what);
}

command_effect do_undo(app *a, UNUSED const char *argument) {
    return step(a, true);
}

command_effect do_redo(app *a, UNUSED const char *argument) {
    return step(a, false);
}
