/* evaluate/evaluation_result.c: what an evaluation owns. */
#include "base/mem.h"
#include "evaluate/evaluation_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

scry_domain_evaluation evaluation_domain(const char *name) {
    scry_domain_evaluation domain = {.name = mem_copy_string(name), .loss_fall = NAN, .loss_fall_se = NAN};
    for (int m = 0; m < SCRY_MEASURES; m++) domain.measured[m] = (scry_measured){NAN, NAN, NAN, NAN, NAN, NAN, 0, 0};
    return domain;
}

bool evaluation_train(const scry_study *study, const char *name, size_t *number, char **train, scry_error *err) {
    *number = 0;
    *train = NULL;
    if (!study) return !name || scry_misuse(err, "--train %s: expected a study, which has training sets", name);
    bool several = study->train_count > 1;
    if (!name && several)
        return scry_misuse(err, "%s: has %zu training sets, such as %s; choose one (--train)", study->path,
                           study->train_count, study->trains[0].name);
    for (size_t t = 0; name && t <= study->train_count; t++) {
        if (t == study->train_count)
            return scry_misuse(err, "--train %s: %s has no training set of that name; expected %s%s", name, study->path,
                               study->train_count ? study->trains[0].name : "none", several ? ", ..." : "");
        *number = t;
        if (strcmp(study->trains[t].name, name) == 0) break;
    }
    if (several) *train = mem_copy_string(study->trains[*number].name);
    return true;
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
