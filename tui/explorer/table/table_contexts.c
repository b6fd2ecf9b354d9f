/* table_contexts.c: the part of a search that reads all postings, as a job: the latents with the text in their
 * contexts. */
#include "base/mem.h"
#include "explorer/jobs.h"
#include "explorer/table/table.h"
#include "latent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct context_work {
    tab *tab;
    uint64_t number; /* table_find.contexts_asked: what was asked for later goes before it */
    char text[NEEDLE_MOST];
    uint64_t *bits; /* owned until the search takes it */
} context_work;

/* Half of the processors: keys go on meanwhile. */
static unsigned spare_threads(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors > 2 ? (unsigned)processors / 2 : 1;
}

static void read_index(void *own, const scry_cancel *stop) {
    context_work *w = own;
    scry_contexts_find(w->tab->index, w->text, spare_threads(), w->bits, stop);
}

static void end_contexts(app *a, void *own, bool whole) {
    context_work *w = own;
    table_find *f = &w->tab->table->find;
    if (w->number == f->contexts_asked) {
        free(f->contexts);
        f->contexts = whole ? w->bits : NULL;
        if (whole) w->bits = NULL;
        else f->contexts_of[0] = 0;
        if (whole && w->tab == a->tab && strcmp(f->text, w->text) == 0) table_find_more(a);
    }
    free(w->bits);
    free(w);
}

static void title(const char *text, char what[JOB_TITLE]) {
    snprintf(what, JOB_TITLE, "search contexts for %.150s", text);
}

void table_contexts_find(app *a) {
    table_find *f = &a->tab->table->find;
    if (!f->text[0] || strcmp(f->contexts_of, f->text) == 0) return; /* there, or under way */
    job e = {.work = read_index, .end = end_contexts};
    title(f->contexts_of, e.what);
    if (f->contexts_of[0]) job_cancel_titled(a, e.what);
    free(f->contexts);
    f->contexts = NULL;
    memcpy(f->contexts_of, f->text, sizeof f->contexts_of);
    context_work *w = mem_new(1, sizeof *w);
    *w = (context_work){.tab = a->tab, .number = ++f->contexts_asked};
    memcpy(w->text, f->text, sizeof w->text);
    w->bits = mem_new(((size_t)a->tab->info->d_sae + 63) / 64 + 1, sizeof *w->bits);
    e.own = w;
    title(w->text, e.what);
    job_begin(a, &e);
}
