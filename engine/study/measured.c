/* measured.c: a domain's measured figures, {"accuracy": {"base": 41.2, "tuned": 39, ...}, ...}, or these by training
 * set. */
#include "base/mem.h"
#include "study/manifest_reader.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct figure {
    const char *name;
    size_t at; /* in scry_measured */
    enum { ANY, ERROR, COUNT } kind;
    const char *expected;
} figures[] = {
    {"base", offsetof(scry_measured, base), ANY, "a finite number"},
    {"tuned", offsetof(scry_measured, tuned), ANY, "a finite number"},
    {"change", offsetof(scry_measured, change), ANY, "a finite number of percentage points"},
    {"se", offsetof(scry_measured, change_se), ERROR, "a standard error of 0 or more"},
    {"n", offsetof(scry_measured, n), COUNT, "how many were counted, a whole number"},
    {"samples", offsetof(scry_measured, samples), COUNT, "how many there were, a whole number"},
};
enum { FIGURES = sizeof figures / sizeof *figures };

static bool read_figures(manifest_reader *p, const cJSON *item, const char *place, scry_measured *out) {
    const char *known[FIGURES + 2] = {NULL};
    known[FIGURES] = "metric";
    for (int i = 0; i < FIGURES; i++) known[i] = figures[i].name;
    if (!cJSON_IsObject(item))
        return manifest_wrong_type(p, place, item, "an object {\"base\", \"tuned\", \"change\", \"se\", \"n\"}");
    manifest_note_unknown(p, item, place, known);
    for (int i = 0; i < FIGURES; i++) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, figures[i].name);
        char key[MANIFEST_KEY + 20];
        if (!number || cJSON_IsNull(number)) continue;
        snprintf(key, sizeof key, "%s.%s", place, figures[i].name);
        if (!cJSON_IsNumber(number)) return manifest_wrong_type(p, key, number, figures[i].expected);
        uint64_t count = 0;
        bool good = figures[i].kind == COUNT ? manifest_whole(number, &count) : isfinite(number->valuedouble);
        if (!good || (figures[i].kind == ERROR && number->valuedouble < 0))
            return scry_fail(p->err, "%s: %s: found %g, expected %s", p->study->path, key, number->valuedouble,
                             figures[i].expected);
        if (figures[i].kind == COUNT) memcpy((char *)out + figures[i].at, &count, sizeof count);
        else memcpy((char *)out + figures[i].at, &number->valuedouble, sizeof(double));
    }
    return true;
}

/* The measures of one training set: out [SCRY_MEASURES]. */
static bool read_measures(manifest_reader *p, const cJSON *item, const char *place, scry_measured *out) {
    const char *known[SCRY_MEASURES + 1] = {NULL};
    for (int m = 0; m < SCRY_MEASURES; m++) known[m] = scry_measures[m].name;
    if (!cJSON_IsObject(item))
        return manifest_wrong_type(p, place, item,
                                   "figures by measure, such as {\"accuracy\": {\"base\": 41.2, \"tuned\": 39}}");
    manifest_note_unknown(p, item, place, known);
    for (int m = 0; m < SCRY_MEASURES; m++) {
        const cJSON *of = cJSON_GetObjectItemCaseSensitive(item, scry_measures[m].name);
        char key[MANIFEST_KEY];
        snprintf(key, sizeof key, "%.160s.%s", place, scry_measures[m].name);
        if (of && !read_figures(p, of, key, &out[m])) return false;
    }
    return true;
}

static bool has_measure(const cJSON *item) {
    for (int m = 0; m < SCRY_MEASURES; m++)
        if (cJSON_HasObjectItem(item, scry_measures[m].name)) return true;
    return false;
}

static bool is_by_train(const scry_study *study, const cJSON *item) {
    if (!cJSON_IsObject(item) || has_measure(item)) return false;
    for (size_t t = 0; t < study->train_count; t++)
        if (cJSON_GetObjectItemCaseSensitive(item, study->trains[t].name)) return true;
    return study->train_count > 1;
}

bool manifest_measured(manifest_reader *p, const cJSON *domain, const char *place, study_group *group) {
    const scry_study *study = p->study;
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(domain, "measured"), *item;
    if (!found) return true;
    char key[MANIFEST_KEY];
    snprintf(key, sizeof key, "%s.measured", place);
    size_t n = study->train_count * SCRY_MEASURES;
    group->measured = mem_new(n, sizeof *group->measured);
    for (size_t i = 0; i < n; i++) group->measured[i] = (scry_measured){NAN, NAN, NAN, NAN, NAN, NAN, 0, 0};
    if (!is_by_train(study, found)) {
        if (study->train_count > 1 && cJSON_IsObject(found))
            return scry_fail(p->err,
                             "%s: %s: found one set of figures for %zu training sets, expected {\"NAME\": {...}, "
                             "...}",
                             study->path, key, study->train_count);
        return read_measures(p, found, key, group->measured);
    }
    cJSON_ArrayForEach (item, found) {
        size_t t = 0;
        while (t < study->train_count && strcmp(study->trains[t].name, item->string) != 0) t++;
        if (t == study->train_count)
            return scry_fail(p->err, "%s: %s: \"%.60s\" is no training set of this study, expected its name, or %s",
                             study->path, key, item->string, scry_measure_choices((char[SCRY_CHOICES]){""}, "\""));
        char by_train[MANIFEST_KEY];
        snprintf(by_train, sizeof by_train, "%.80s.%.60s", key, item->string);
        if (!read_measures(p, item, by_train, group->measured + t * SCRY_MEASURES)) return false;
    }
    return true;
}
