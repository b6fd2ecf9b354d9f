/* study/names.c: the short names of conditions, pairings and metrics. */
#include "scry.h"

#include <string.h>

static const char *const condition_names[SCRY_CONDITIONS] = {"base", "icl", "sft", "rl"};
static const char *const pairing_names[SCRY_PAIRINGS] = {"token", "sample", "row"};
static const char *const metric_names[SCRY_METRICS] = {"sq", "abs", "mean", "rate", "d"};

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
    return metric_names[m];
}
int scry_condition_of(const char *name) {
    return find(condition_names, SCRY_CONDITIONS, name);
}
int scry_pairing_of(const char *name) {
    return find(pairing_names, SCRY_PAIRINGS, name);
}
int scry_metric_of(const char *name) {
    return find(metric_names, SCRY_METRICS, name);
}
const char *scry_version(void) {
    return "0.1.0";
}
