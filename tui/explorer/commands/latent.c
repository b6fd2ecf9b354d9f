/* latent.c: commands on the latent under the cursor: its pages, its examples, its label. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/table/table.h"
#include "labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void list_pages(char *text, size_t size) {
    text[0] = 0;
    for (int i = 0; i < latent_page_count; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s", i ? ", " : "", latent_pages[i]->name);
}

command_effect do_page(app *a, const char *argument) {
    const latent_page *page = latent_page_find(argument);
    char names[200];
    list_pages(names, sizeof names);
    if (!*argument) latent_turn_page(a, 1);
    else if (page) state_of(a)->page = page;
    else return app_fail(a, "no page \"%.12s\"; expected %s", argument, names);
    return DID_CHANGE;
}

/* A command that has a page's name shows it, and may name its order too: "histogram log". */
command_effect do_named_page(app *a, const char *argument) {
    const latent_page *page = latent_page_find(a->command->name);
    char wrong[200] = "nothing after it";
    state_of(a)->page = page;
    if (!*argument || (page->sort && page->sort(a, argument, wrong, sizeof wrong))) return DID_CHANGE;
    return app_fail(a, "%s \"%s\": expected %s", page->name, argument, wrong);
}

static command_effect go(app *a, uint32_t latent, const char *how) {
    table_go(a, latent);
    if (app_latent(a) != latent) return app_fail(a, "latent %u is not among the rows of the table", latent);
    return app_say(a, "latent %u%s", latent, how);
}

command_effect do_jump(app *a, UNUSED const char *argument) {
    latent_state *s = state_of(a);
    uint32_t from = app_latent(a), to;
    const latent_page *page = s->page;
    if (!page->target || !page->target(a, &to))
        return app_fail(a, "no latent is under the cursor of this page; neighbours and together list some");
    if (s->jumps == JUMPS_MOST)
        memmove(s->jumped_from, s->jumped_from + 1, (size_t)--s->jumps * sizeof *s->jumped_from);
    command_effect effect = go(a, to, "; ^o goes back");
    if (app_latent(a) == to) s->jumped_from[s->jumps++] = from;
    return effect;
}

command_effect do_back(app *a, UNUSED const char *argument) {
    latent_state *s = state_of(a);
    if (!s->jumps) return app_fail(a, "no jump to go back from; Enter on a neighbour jumps to it");
    return go(a, s->jumped_from[--s->jumps], ", from where you jumped");
}

command_effect do_label(app *a, const char *argument) {
    scry_error err = {0};
    uint32_t latent = app_latent(a);
    char was[160] = ""; /* what is written over can be typed again */
    const char *label = scry_label(a->tab->index, latent);
    char *before = mem_copy_string(label ? label : "");
    if (*before && strcmp(before, argument) != 0) snprintf(was, sizeof was, "; it was: %.140s", before);
    bool ok = scry_label_set(a->tab->index, latent, argument, &err);
    const char *now = scry_label(a->tab->index, latent);
    if (ok && strcmp(before, now ? now : "") != 0) {
        char *after = mem_copy_string(now ? now : "");
        scry_session_relabelled(a->tab->session, &(scry_relabel){latent, before, after}, 1);
        free(after);
    }
    free(before);
    if (!ok) return app_fail(a, "%s", err.text);
    if (now) app_say(a, "latent %u: %s%s", latent, now, was);
    else app_say(a, "latent %u has no label%s", latent, was);
    return DID_CHANGE;
}

command_effect do_edit_label(app *a, UNUSED const char *argument) {
    const char *label = scry_label(a->tab->index, app_latent(a));
    return app_ask(a, "label", label ? label : "");
}

/* Labels that are being written. */
typedef struct work_of_labels {
    scry_index *index;
    char path[TEXT_MOST];
    uint32_t count;
    bool ok;
    scry_error err;
} work_of_labels;

static void write_labels(void *own, UNUSED const scry_cancel *stop) {
    work_of_labels *w = own;
    w->ok = scry_labels_write(w->index, w->path, &w->count, &w->err);
}

static void end_labels(app *a, void *own, bool whole) {
    work_of_labels *w = own;
    if (w->ok) app_say(a, "%u labels written to %s", w->count, w->path);
    else if (whole) app_fail(a, "%s", w->err.text);
    scry_labels_release(w->index);
    free(w);
}

command_effect do_export_labels(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "export-labels", "labels.jsonl");
    if (!app_may_write(a, argument, argument, argument)) return DID_CHANGE;
    work_of_labels *w = mem_new(1, sizeof *w);
    w->index = a->tab->index;
    snprintf(w->path, sizeof w->path, "%s", argument);
    job e = {.work = write_labels, .end = end_labels, .own = w};
    snprintf(e.what, sizeof e.what, "labels to %s", argument);
    scry_labels_hold(w->index);
    job_begin(a, &e);
    return DID_CHANGE;
}
