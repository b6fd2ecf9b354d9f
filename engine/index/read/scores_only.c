/* scores_only.c: open a study that gives its domains' scores as numbers, as an index is opened. */
#include "base/mem.h"
#include "index/read/index.h"
#include "scry.h"
#include "study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool scry_is_scores_only(const char *path) {
    scry_study *study = scry_study_read(path, NULL, NULL);
    bool is = study && study->scores_only;
    scry_study_free(study);
    return is;
}

static const char *or_nothing(const char *text) {
    return text ? text : "";
}

static void read_scores(index_given *given, size_t domains) {
    for (int s = 0; s < SCRY_SCORES; s++) {
        bool any = false;
        double *sts = mem_new(domains, sizeof *sts);
        for (size_t d = 0; d < domains; d++) {
            sts[d] = given->study->domains[d].sts[s];
            any = any || !isnan(sts[d]);
        }
        if (any) given->sts[s] = sts;
        else free(sts);
    }
}

scry_index *scry_open_scores(const char *path, scry_error *err) {
    index_given *given = mem_new(1, sizeof *given);
    const scry_study *study = given->study = scry_study_read(path, &given->notes, err);
    if (!study || !study->scores_only) {
        if (study) scry_fail(err, "%s: train: found captures, expected a scores-only study", path);
        index_given_free(given);
        return NULL;
    }
    scry_index *x = mem_new(1, sizeof *x);
    x->given = given;
    x->D = study->domain_count;
    read_scores(given, x->D);
    x->info = (scry_info){.path = study->path,
                          .name = or_nothing(study->name),
                          .model = or_nothing(study->model),
                          .hook = or_nothing(study->hook),
                          .sae = "",
                          .sae_path = "",
                          .sae_format = "",
                          .model_path = or_nothing(study->model_path),
                          .capture_settings = or_nothing(study->capture_settings),
                          .is_signed = study->is_signed,
                          .folded = true,
                          .trains = 1,
                          .domains = x->D,
                          .notes = given->notes.count};
    x->info.train = mem_new(1, sizeof *x->info.train);
    x->info.train->name = study->trains->name;
    for (int c = 0; c < SCRY_CONDITIONS; c++) x->info.train->tuned_path[c] = "";
    x->info.domain = mem_new(x->D, sizeof *x->info.domain);
    x->info.note = mem_new(x->info.notes, sizeof *x->info.note);
    for (size_t i = 0; i < x->info.notes; i++) x->info.note[i] = given->notes.text[i];
    for (size_t d = 0; d < x->D; d++) {
        scry_domain_info *domain = &x->info.domain[d];
        domain->name = study->domains[d].name;
        domain->change = mem_new(1, sizeof *domain->change);
        domain->change[0] = study->domains[d].change[0];
        domain->change_se = mem_new(1, sizeof *domain->change_se);
        domain->change_se[0] = study->domains[d].change_se[0];
        if (!study->domains[d].measured) continue;
        domain->measured = mem_new(SCRY_MEASURES, sizeof *domain->measured);
        memcpy(domain->measured, study->domains[d].measured, SCRY_MEASURES * sizeof *domain->measured);
    }
    return x;
}

void index_given_free(index_given *given) {
    if (!given) return;
    for (int s = 0; s < SCRY_SCORES; s++) free(given->sts[s]);
    scry_notes_free(&given->notes);
    scry_study_free(given->study);
    free(given);
}

const double *scry_given_scores(const scry_index *x, scry_score score) {
    return x->given ? x->given->sts[score] : NULL;
}
