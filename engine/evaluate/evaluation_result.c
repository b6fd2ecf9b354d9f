/* evaluate/evaluation_result.c: what an evaluation owns, and when a change is one. */
#include "evaluate.h"

#include <math.h>
#include <stdlib.h>

bool scry_change_is_clear(const scry_measured *m) {
    return fabs(m->change) >= 2 * m->change_se;
}

void scry_evaluation_free(scry_evaluation *e) {
    if (!e) return;
    for (size_t d = 0; d < e->count; d++) {
        scry_domain_evaluation *domain = &e->domains[d];
        for (size_t t = 0; t < domain->task_count; t++) free(domain->tasks[t]);
        free(domain->tasks);
        free(domain->metric);
        free(domain->name);
    }
    free(e->domains);
    free(e->train);
    free(e->base);
    free(e->tuned);
    free(e);
}
