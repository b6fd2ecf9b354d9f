/* study/names.c: the names of conditions, pairings, metrics and scores. */
#include "base/name_list.h"
#include "scry.h"

#include <stdio.h>
#include <string.h>

#define SOURCE(id, name) [id] = name,
static const char *const condition_names[SCRY_CONDITIONS] = {[SCRY_BASE] = "base", SCRY_SOURCE_TABLE(SOURCE)};
#undef SOURCE
static const scry_condition references[SCRY_REFERENCES] = {SCRY_BASE, SCRY_CONTROL};
static const char *const pairing_names[SCRY_PAIRINGS] = {"token", "sample", "row"};

enum { UNSIGNED, SIGNED };
enum { AGGREGATE_SUM, AGGREGATE_MEAN, AGGREGATE_EFFECT };

const scry_metric_info scry_metrics[] = {
#define METRIC(id, name, array, sign, title, definition, base_title, base_definition)                                  \
    {name, title, definition, (sign) == SIGNED, base_title, base_definition},
    SCRY_METRIC_TABLE(METRIC)
#undef METRIC
};

const scry_score_info scry_scores[] = {
#define SCORE(id, name, aggregate, condition, term, sum, residual, compared, key, help, definition)                    \
    {#name,                                                                                                            \
     key,                                                                                                              \
     help,                                                                                                             \
     definition,                                                                                                       \
     SCRY_##condition,                                                                                                 \
     AGGREGATE_##aggregate == AGGREGATE_MEAN,                                                                          \
     AGGREGATE_##aggregate == AGGREGATE_EFFECT,                                                                        \
     compared},
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
scry_condition scry_reference_condition(scry_reference r) {
    return references[r];
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
const char *scry_reference_name(scry_reference r) {
    return scry_condition_name(references[r]);
}
int scry_reference_of(const char *name) {
    int r = 0;
    while (r < SCRY_REFERENCES && strcmp(scry_reference_name((scry_reference)r), name) != 0) r++;
    return r < SCRY_REFERENCES ? r : -1;
}
const char *scry_reference_choices(char out[SCRY_CHOICES], const char *quote) {
    const char *names[SCRY_REFERENCES];
    for (int r = 0; r < SCRY_REFERENCES; r++) names[r] = scry_reference_name((scry_reference)r);
    return alternatives_quoted(out, SCRY_CHOICES, names, sizeof *names, SCRY_REFERENCES, quote);
}
static const char *name_against(const char *name, scry_reference against, char out[SCRY_SOURCE_TEXT]) {
    bool told = against != SCRY_AGAINST_BASE;
    snprintf(out, SCRY_SOURCE_TEXT, "%s%s%s", name, told ? " against " : "", told ? scry_reference_name(against) : "");
    return out;
}
const char *scry_source_text(scry_condition source, scry_reference against, char out[SCRY_SOURCE_TEXT]) {
    return name_against(scry_condition_name(source), source == SCRY_BASE ? SCRY_AGAINST_BASE : against, out);
}
const char *scry_score_text(scry_score score, scry_reference against, char out[SCRY_SOURCE_TEXT]) {
    bool compared = scry_scores[score].condition != SCRY_BASE;
    return name_against(scry_score_name(score), compared ? against : SCRY_AGAINST_BASE, out);
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
