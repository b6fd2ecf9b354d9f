/* study/names.c: the short names of conditions, pairings, metrics and scores. */
#include "base/alternatives.h"
#include "scry.h"

#include <string.h>

static const char *const condition_names[SCRY_CONDITIONS] = {"base", "icl", "sft", "rl"};
static const char *const pairing_names[SCRY_PAIRINGS] = {"token", "sample", "row"};

static const struct {
    const char *name, *title, *definition;
    enum { UNSIGNED, SIGNED } sign;
} metrics[SCRY_METRICS] = {
#define METRIC(id, name, array, sign, title, definition) {name, title, definition, sign},
    SCRY_METRIC_TABLE(METRIC)
#undef METRIC
};

static const char *const score_names[SCRY_SCORES] = {"act", "act2", "icl"};

static int find(const char *const *names, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    return -1;
}

const char *scry_condition_name(scry_condition c) {
    return condition_names[c];
}
const char *scry_pairing_name(scry_pairing p) {
    return pairing_names[p];
}
const char *scry_metric_name(scry_metric m) {
    return metrics[m].name;
}
const char *scry_metric_title(scry_metric m) {
    return metrics[m].title;
}
const char *scry_metric_definition(scry_metric m) {
    return metrics[m].definition;
}
bool scry_metric_is_signed(scry_metric m) {
    return metrics[m].sign == SIGNED;
}
const char *scry_metric_list(char *text, size_t size) {
    return alternatives(text, size, &metrics[0].name, sizeof *metrics, SCRY_METRICS);
}
const char *scry_score_name(scry_score s) {
    return score_names[s];
}
int scry_condition_of(const char *name) {
    return find(condition_names, SCRY_CONDITIONS, name);
}
int scry_pairing_of(const char *name) {
    return find(pairing_names, SCRY_PAIRINGS, name);
}
int scry_metric_of(const char *name) {
    for (int m = 0; m < SCRY_METRICS; m++)
        if (strcmp(metrics[m].name, name) == 0) return m;
    return -1;
}
int scry_score_of(const char *name) {
    return find(score_names, SCRY_SCORES, name);
}
const char *scry_version(void) {
    return "0.1.0";
}
