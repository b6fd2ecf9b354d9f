/* latent.c: commands on the latent under the cursor: its pages, its examples, its label. */
#include "labels.h"
#include "base/mem.h"
#include "explorer/latent/latent_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static command_effect show_page(app *a, latent_page_number page) {
    state_of(a)->page = page;
    return DID_CHANGE;
}

command_effect do_page(app *a, const char *argument) {
    if (!*argument) return show_page(a, (latent_page_number)((state_of(a)->page + 1) % LATENT_PAGES));
    for (int i = 0; i < LATENT_PAGES; i++)
        if (strcmp(latent_pages[i]->name, argument) == 0 || strcmp(latent_pages[i]->brief, argument) == 0)
            return show_page(a, (latent_page_number)i);
    return app_fail(a, "no page \"%.12s\"; expected tokens, histogram, profile, sources, neighbours, together",
                    argument);
}

/* A page's own command may name its order too: "histogram log". */
static command_effect page_in_order(app *a, latent_page_number page, const char *order) {
    char wrong[200];
    show_page(a, page);
    if (!*order || (latent_pages[page]->sort && latent_pages[page]->sort(a, order, wrong, sizeof wrong)))
        return DID_CHANGE;
    return app_fail(a, "%s \"%s\": expected %s", latent_pages[page]->name, order,
                    latent_pages[page]->sort ? wrong : "nothing after it");
}

command_effect do_tokens(app *a, const char *argument) {
    return page_in_order(a, PAGE_TOKENS, argument);
}
command_effect do_histogram(app *a, const char *argument) {
    return page_in_order(a, PAGE_HISTOGRAM, argument);
}
command_effect do_profile(app *a, const char *argument) {
    return page_in_order(a, PAGE_PROFILE, argument);
}
command_effect do_sources(app *a, const char *argument) {
    return page_in_order(a, PAGE_SOURCES, argument);
}
command_effect do_neighbours(app *a, const char *argument) {
    return page_in_order(a, PAGE_NEIGHBOURS, argument);
}
command_effect do_together(app *a, const char *argument) {
    return page_in_order(a, PAGE_COACTIVATION, argument);
}

command_effect do_interval(app *a, const char *argument) {
    char wrong[200];
    show_page(a, PAGE_TOKENS);
    if (page_tokens.sort(a, *argument ? argument : NULL, wrong, sizeof wrong)) return DID_CHANGE;
    return app_fail(a, "interval \"%s\": expected %s", argument, wrong);
}

command_effect do_versus(app *a, const char *argument) {
    (void)argument;
    tokens_state *s = &state_of(a)->tokens;
    show_page(a, PAGE_TOKENS);
    s->versus = !s->versus;
    s->line = 0;
    app_say(a, s->versus ? "each token under every condition: activation, and its difference from base"
                         : "each token under its own condition");
    return DID_CHANGE;
}

command_effect do_wrap(app *a, const char *argument) {
    (void)argument;
    tokens_state *s = &state_of(a)->tokens;
    show_page(a, PAGE_TOKENS);
    s->wrap = !s->wrap;
    s->line = 0;
    app_say(a, s->wrap ? "whole samples, wrapped; b: under each condition, and what moved" : "a line an example");
    return DID_CHANGE;
}

/* ---- to another latent, and back ------------------------------------------------------------- */

static command_effect go(app *a, uint32_t latent, const char *how) {
    table_go(a, latent);
    if (app_latent(a) != latent) return app_fail(a, "latent %u is not among the rows of the table", latent);
    app_say(a, "latent %u%s", latent, how);
    return DID_CHANGE;
}

command_effect do_jump(app *a, const char *argument) {
    (void)argument;
    latent_state *s = state_of(a);
    uint32_t from = app_latent(a), to;
    const latent_page *page = latent_pages[s->page];
    if (!page->target || !page->target(a, &to))
        return app_fail(a, "no latent is under the cursor of this page; neighbours and together list some");
    if (s->jumps == JUMPS_MOST) memmove(s->jump, s->jump + 1, (size_t)--s->jumps * sizeof *s->jump);
    command_effect effect = go(a, to, "; ^o goes back");
    if (app_latent(a) == to) s->jump[s->jumps++] = from;
    return effect;
}

command_effect do_back(app *a, const char *argument) {
    (void)argument;
    latent_state *s = state_of(a);
    if (!s->jumps) return app_fail(a, "no jump to go back from; Enter on a neighbour jumps to it");
    return go(a, s->jump[--s->jumps], ", from where you jumped");
}

/* ---- labels ---------------------------------------------------------------------------------- */

command_effect do_label(app *a, const char *argument) {
    scry_error err = {0};
    uint32_t latent = app_latent(a);
    char was[160] = ""; /* what is written over can be typed again */
    const char *label = scry_label(a->tab->index, latent);
    char *before = mem_copy_string(label ? label : "");
    if (*before && strcmp(before, argument) != 0) snprintf(was, sizeof was, "; it was: %.140s", before);
    bool ok = scry_label_set(a->tab->index, latent, argument, &err);
    const char *now = scry_label(a->tab->index, latent);
    if (ok && strcmp(before, now ? now : "") != 0) scry_session_relabelled(a->tab->session, latent, before, now);
    free(before);
    if (!ok) return app_fail(a, "%s", err.text);
    if (now) app_say(a, "latent %u: %s%s", latent, now, was);
    else app_say(a, "latent %u has no label%s", latent, was);
    return DID_CHANGE;
}

command_effect do_edit_label(app *a, const char *argument) {
    (void)argument;
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

static void write_labels(void *own, const scry_cancel *stop) {
    (void)stop;
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
    work_of_labels *w = mem_new(1, sizeof *w);
    w->index = a->tab->index;
    snprintf(w->path, sizeof w->path, "%s", argument);
    job e = {.work = write_labels, .end = end_labels, .own = w};
    snprintf(e.what, sizeof e.what, "labels to %s", argument);
    scry_labels_hold(w->index);
    job_begin(a, &e);
    return DID_CHANGE;
}
