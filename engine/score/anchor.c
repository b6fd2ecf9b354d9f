/* score/anchor.c: an exact run around which an estimate is taken. */
#include "base/mem.h"
#include "effects.h"

#include <stdlib.h>
#include <string.h>

scry_anchor *scry_anchor_new(const scry_set *set, const double *exact, size_t domains) {
    scry_anchor *a = mem_new(1, sizeof *a);
    a->set = scry_set_copy(set);
    a->domains = domains;
    a->exact = mem_new(domains, sizeof *a->exact);
    memcpy(a->exact, exact, domains * sizeof *exact);
    return a;
}

scry_anchor *scry_anchor_copy(const scry_anchor *a) {
    return a ? scry_anchor_new(a->set, a->exact, a->domains) : NULL;
}

void scry_anchor_free(scry_anchor *a) {
    if (!a) return;
    scry_set_free(a->set);
    free(a->exact);
    free(a);
}
