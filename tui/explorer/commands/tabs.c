/* tabs.c: commands on the open indexes. The same latent is shown where the widths agree. */
#include "explorer/app.h"
#include "explorer/jobs.h"
#include "explorer/sets/set_layer.h"
#include "explorer/state/session_autosave.h"
#include "explorer/table/table.h"
#include "labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Indexes of one SAE share their labels and named sets. */
static void read_shared(app *a) {
    scry_labels_refresh(a->tab->index);
    if (a->tab->sets->kept) scry_named_sets_refresh(a->tab->sets->kept, NULL);
}

static command_effect show(app *a, size_t i) {
    const tab *from = a->tab;
    uint32_t latent = app_latent(a);
    a->tab = a->tabs[i];
    read_shared(a);
    if (a->tab != from && a->tab->info->d_sae == from->info->d_sae) table_go(a, latent);
    char name[400];
    app_tab_name(a, a->tab, name, sizeof name);
    return app_say(a, "%zu of %zu: %s", i + 1, a->tab_count, name);
}

static size_t here(const app *a) {
    size_t i = 0;
    while (a->tabs[i] != a->tab) i++;
    return i;
}

command_effect do_tab(app *a, const char *argument) {
    if (!*argument)
        return a->tab_count > 1 ? show(a, (here(a) + 1) % a->tab_count)
                                : app_fail(a, "one index is open; :add FILE.scry opens another");
    char *end;
    unsigned long n = strtoul(argument, &end, 10);
    if (*end || n < 1 || n > a->tab_count)
        return app_fail(a, "tab \"%s\": expected a number from 1 to %zu", argument, a->tab_count);
    return show(a, n - 1);
}

/* Makes a session with the current tab's ranking and score, as far as the other index has them. */
static scry_session *session_like(const tab *t, const scry_index *index, scry_error *err) {
    const scry_ranking *r = scry_session_ranking(t->session);
    scry_condition source;
    if (!scry_index_info(index)->trains) {
        scry_fail(err, "it has scores only, and no latents to show");
        return NULL;
    }
    const scry_info *info = scry_index_info(index);
    size_t train = info->trains - 1; /* that of the same name, else the first */
    while (train > 0 && strcmp(info->train[train].name, t->info->train[r->train].name) != 0) train--;
    if (!scry_default_source(index, train, &source, err)) return NULL;
    if (info->train[train].has[r->source]) source = r->source;
    bool has = source != SCRY_BASE || scry_metrics[r->metric].base_title;
    scry_score score = scry_session_score(t->session);
    scry_session *s =
        scry_session_new(index, train, source, has ? r->metric : scry_default_metric(source),
                         scry_session_n(t->session), scry_has_score(index, score) ? score : SCRY_ACT, err);
    if (s) scry_session_set_scope(s, "all", info->is_signed, NULL);
    return s;
}

command_effect do_add(app *a, const char *argument) {
    scry_error err = {0};
    if (!*argument) return app_ask(a, "add", "");
    for (size_t i = 0; i < a->tab_count; i++)
        if (strcmp(a->tabs[i]->info->path, argument) == 0) return show(a, i);
    if (!scry_is_index(argument))
        return app_fail(a, "%.200s: not an index; scry index makes one from a study", argument);
    scry_index *index = scry_open(argument, true, &err);
    scry_session *session = index ? session_like(a->tab, index, &err) : NULL;
    if (!session) {
        scry_close(index);
        return app_fail(a, "%.200s: %s", argument, err.text);
    }
    tab *from = a->tab;
    app_add_tab(a, index, session);
    tab *added = a->tab;
    if (from->autosave->path) {
        autosave_begin(a, added, NULL);
        autosave_restore(a, added);
    }
    a->tab = from;
    return show(a, a->tab_count - 1);
}

/* A running export or report may read this index. */
command_effect do_close(app *a, UNUSED const char *argument) {
    const char *what = job_running(a, false, NULL);
    char quit[40], closed[TEXT_MOST];
    keymap_first(&a->keys, "quit", quit, sizeof quit);
    if (a->tab_count < 2) return app_fail(a, "the last open index; %s quits", quit[0] ? quit : ":quit");
    if (what) return app_fail(a, "running; Esc cancels it: %s", what);
    app_tab_name(a, a->tab, closed, sizeof closed);
    uint32_t latent = app_latent(a), latents = a->tab->info->d_sae;
    app_drop_tab(a);
    read_shared(a);
    a->layer = NULL;
    if (a->tab->info->d_sae == latents) table_go(a, latent);
    return app_say(a, "closed %s; %zu open", closed, a->tab_count);
}

command_effect do_tab_back(app *a, UNUSED const char *argument) {
    if (a->tab_count < 2) return do_tab(a, "");
    return show(a, (here(a) + a->tab_count - 1) % a->tab_count);
}
