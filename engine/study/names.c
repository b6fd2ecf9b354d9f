/* study/names.c: the names of conditions, pairings, metrics and scores. */
#include "base/name_list.h"
#include "scry.h"

#include <string.h>

static const char *const condition_names[SCRY_CONDITIONS] = {"base", "icl", "sft", "rl"};
static const char *const pairing_names[SCRY_PAIRINGS] = {"token", "sample", "row"};

enum { UNSIGNED, SIGNED };
enum { AGGREGATE_SUM, AGGREGATE_MEAN };

const scry_metric_info scry_metrics[] = {
#define METRIC(id, name, array, sign, title, definition, base_title, base_definition)                                  \
    {name, title, definition, (sign) == SIGNED, base_title, base_definition},
    SCRY_METRIC_TABLE(METRIC)
#undef METRIC
};

const scry_score_info scry_scores[] = {
#define SCORE(id, name, aggregate, condition, term, sum, residual, compared, key, help, definition)                    \
    {#name, key, help, definition, SCRY_##condition, AGGREGATE_##aggregate, compared},
    SCRY_SCORE_TABLE(SCORE)
#undef SCORE
};

/* first: the name in the first of count rows, each stride bytes after the one before. */
static int find(const char *const *first, size_t stride, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        const void *row = (const char *)first + (size_t)i * stride;
        if (strcmp(*(const char *const *)row, name) == 0) return i;
    }
    return -1;
}

const char *scry_condition_name(scry_condition c) {
    return condition_names[c];
}
const char *scry_pairing_name(scry_pairing p) {
    return pairing_names[p];
}
const char *scry_metric_name(scry_metric m) {
    return scry_metrics[m].name;
}
const char *scry_score_name(scry_score s) {
    return scry_scores[s].name;
}
int scry_condition_of(const char *name) {
    return find(condition_names, sizeof *condition_names, SCRY_CONDITIONS, name);
}
int scry_pairing_of(const char *name) {
    return find(pairing_names, sizeof *pairing_names, SCRY_PAIRINGS, name);
}
int scry_metric_of(const char *name) {
    return find(&scry_metrics[0].name, sizeof *scry_metrics, SCRY_METRICS, name);
}
int scry_score_of(const char *name) {
    return find(&scry_scores[0].name, sizeof *scry_scores, SCRY_SCORES, name);
}
const char *scry_source_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, condition_names + 1, sizeof *condition_names, SCRY_CONDITIONS - 1,
                               quote);
}
const char *scry_condition_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, condition_names, sizeof *condition_names, SCRY_CONDITIONS, quote);
}
const char *scry_pairing_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, pairing_names, sizeof *pairing_names, SCRY_PAIRINGS, quote);
}
const char *scry_metric_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, &scry_metrics[0].name, sizeof *scry_metrics, SCRY_METRICS, quote);
}
const char *scry_base_metric_choices(char out[SCRY_CHOICES], const char *quote) {
    const char *names[SCRY_METRICS];
    size_t n = 0;
    for (int m = 0; m < SCRY_METRICS; m++)
        if (scry_metrics[m].base_title) names[n++] = scry_metrics[m].name;
    return alternatives_quoted(out, SCRY_CHOICES, names, sizeof *names, n, quote);
}
const char *scry_score_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, &scry_scores[0].name, sizeof *scry_scores, SCRY_SCORES, quote);
}
const char *scry_version(void) {
    return "0.1.0";
}
