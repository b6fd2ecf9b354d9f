/* fires_on.c: the table by how strongly latents fire on the tokens that spell a text. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/table/column_table.h"
#include "explorer/table/table.h"
#include "results/results.h"
#include "text/number_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The column of it, in sight: before the label where it was hidden. */
static int show_column(app *a) {
    table_columns *c = &a->tab->table->columns;
    int on = column_with(COLUMN_OF_TOKEN), place = table_column_place(a->tab, column_with(COLUMN_FILLS));
    if (table_column_place(a->tab, on) >= 0) return on;
    if (place < 0) place = c->count;
    memmove(&c->at[place + 1], &c->at[place], (size_t)(c->count - place) * sizeof c->at[0]);
    c->at[place] = on;
    c->count++;
    return on;
}

typedef struct work_of_text {
    tab *tab;
    uint64_t number; /* table_state.on_asked: what was asked for later goes before it */
    char text[TEXT_MOST];
    uint64_t tokens, matches;
    scry_error err; /* why there are none */
    float *mean;    /* [latents], owned until the table takes it */
} work_of_text;

static void read_index(void *own, const scry_cancel *stop) {
    work_of_text *w = own;
    scry_text_query query = {.text = w->text, .capture = SCRY_BASE_CAPTURES, .context = -1};
    scry_text_matches *found = scry_text_find(w->tab->index, &query, stop);
    w->tokens = found->marked;
    w->matches = found->matches;
    if (!scry_cancelled(stop) && fires_on_check(w->tab->index, &query, found, stop, &w->err)) {
        float *rate = mem_new(w->tab->info->d_sae, sizeof *rate);
        scry_text_response(w->tab->index, found, 0, w->mean, rate, stop);
        free(rate);
    }
    scry_text_matches_free(found);
}

/* The table of its tab, which need not be the one that is shown by now. */
static void sort_by_it(app *a, work_of_text *w) {
    tab *shown = a->tab;
    table_state *t = w->tab->table;
    char text[64];
    app_fit_text(a, w->text, 24, text, sizeof text);
    if (!w->tokens) {
        app_fail(a, "%s", w->err.text);
        return;
    }
    free(t->on);
    t->on = w->mean;
    w->mean = NULL;
    a->tab = w->tab;
    table_sort(a, show_column(a), false);
    a->tab = shown;
    app_say(a, "sorted by on: mean activation on the %llu token%s \"%s\", %llu place%s", (unsigned long long)w->tokens,
            plural_s(w->tokens), text, (unsigned long long)w->matches, plural_s(w->matches));
}

static void end_fires_on(app *a, void *own, bool whole) {
    work_of_text *w = own;
    if (whole && w->number == w->tab->table->on_asked) sort_by_it(a, w);
    free(w->mean);
    free(w);
}

/* Quotes around a text that begins or ends with a blank are not part of it: the prompt takes blanks at its ends away.
 */
static void read_text(const char *argument, char *text, size_t size) {
    size_t n = strlen(argument);
    bool quoted =
        n > 3 && argument[0] == '"' && argument[n - 1] == '"' && (argument[1] == ' ' || argument[n - 2] == ' ');
    snprintf(text, size, "%.*s", (int)(quoted ? n - 2 : n), argument + quoted);
}

command_effect do_fires_on(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "fires-on", "");
    work_of_text *w = mem_new(1, sizeof *w);
    w->tab = a->tab;
    w->number = ++a->tab->table->on_asked;
    w->mean = mem_new(a->tab->info->d_sae, sizeof *w->mean);
    read_text(argument, w->text, sizeof w->text);
    app_focus(a, PANE_TABLE);
    job e = {.work = read_index, .end = end_fires_on, .own = w};
    snprintf(e.what, sizeof e.what, "fires-on %.150s", argument);
    job_begin(a, &e);
    return DID_CHANGE;
}
