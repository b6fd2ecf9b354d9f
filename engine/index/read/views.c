/* views.c: one index against each reference. */
#include "base/mem.h"
#include "index/read/relations.h"

#include <stdlib.h>
#include <string.h>

static void *copy_of(const void *from, size_t count, size_t size) {
    void *copy = mem_new(count, size);
    memcpy(copy, from, count * size);
    return copy;
}

static bool has_source(const scry_index *x) {
    for (size_t t = 0; t < x->info.trains; t++)
        for (int c = 1; c < SCRY_CONDITIONS; c++)
            if (x->info.train[t].has[c] || x->info.train[t].identical[c]) return true;
    return false;
}

static void view_free(scry_index *v) {
    if (!v) return;
    index_sources_close(v);
    free(v->info.train);
    free(v->info.domain);
    free(v->info.capture);
    free(v);
}

bool index_views_open(scry_index *x, scry_error *err) {
    x->views[x->info.against] = x;
    for (int r = 0; r < SCRY_REFERENCES; r++) {
        if (x->views[r]) continue;
        scry_index *v = x->views[r] = copy_of(x, 1, sizeof *x);
        v->info.against = (scry_reference)r;
        v->info.train = copy_of(x->info.train, x->info.trains, sizeof *x->info.train);
        v->info.domain = copy_of(x->info.domain, x->info.domains, sizeof *x->info.domain);
        v->info.capture = copy_of(x->info.capture, x->info.captures, sizeof *x->info.capture);
        v->source = NULL;
        v->derived = NULL;
        index_sources_read(v);
        if (!has_source(v)) {
            view_free(v);
            x->views[r] = NULL;
        } else if (!index_relations_check(v, err) || !index_sources_open(v, err)) {
            return false;
        }
    }
    for (int r = 0; r < SCRY_REFERENCES; r++)
        if (x->views[r]) memcpy(x->views[r]->views, x->views, sizeof x->views);
    return true;
}

void index_views_close(scry_index *x) {
    for (int r = 0; r < SCRY_REFERENCES; r++)
        if (x->views[r] != x) view_free(x->views[r]);
}

bool scry_has_reference(const scry_index *x, scry_reference reference) {
    return reference == x->info.against || x->views[reference];
}

scry_index *scry_index_against(const scry_index *x, scry_reference reference, scry_error *err) {
    if (x->views[reference]) return x->views[reference];
    if (reference == x->info.against) return (scry_index *)(uintptr_t)x; /* a scores-only study */
    const char *name = scry_reference_name(reference);
    scry_misuse(
        err,
        "no training set has a capture under \"%s\" to compare with; scry capture --control makes one (unrelated "
        "text in front, as long as the demonstrations), or name your own \"%s\" next to \"base\" in the study: "
        "%s",
        name, name, x->info.path);
    return NULL;
}
