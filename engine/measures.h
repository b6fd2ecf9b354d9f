/* measures.h: the table of what is measured of a model on a domain before and after post-training: the keys of
 * "measured" in a manifest (evaluate.h). One of them is the domain's change, with which scores are correlated; the
 * others are shown as well.
 *
 * MEASURE(enumerator, name, unit, n, title, definition)
 *
 *   name   the key in a manifest's "measured", and what --change takes
 *   unit   of base and tuned. A change is always in percentage points, and above 0 where the tuned model is better
 *   n      what is counted */
#ifndef SCRY_MEASURES_H
#define SCRY_MEASURES_H

#include "base/name_list.h"

#include <stdbool.h>
#include <stdint.h>

#define SCRY_MODEL_MEASURES(MEASURE)                                                                                   \
    MEASURE(SCRY_ACCURACY, "accuracy", "%", "tokens", "next-token accuracy",                                           \
            "share of the responses' tokens that are the model's most likely next token")                              \
    MEASURE(SCRY_LOSS, "loss", "nats", "tokens", "loss",                                                               \
            "mean of -ln p over the responses' tokens; its change is that of 100 / perplexity, the geometric mean of " \
            "p in percent")                                                                                            \
    MEASURE(SCRY_CHOICE, "choice", "%", "questions", "multiple choice",                                                \
            "share of questions whose answer is the option with the largest likelihood")                               \
    MEASURE(SCRY_CHOICE_NORM, "choice_norm", "%", "questions", "multiple choice by byte",                              \
            "the same by the logarithm of the likelihood over the option's bytes")                                     \
    MEASURE(SCRY_LETTER, "letter", "%", "questions", "multiple choice by letter",                                      \
            "share of questions after which the answer's letter has the largest logit of the options' letters")
#define SCRY_MEASURE_TABLE(MEASURE)                                                                                    \
    SCRY_MODEL_MEASURES(MEASURE)                                                                                       \
    MEASURE(SCRY_BENCHMARK, "benchmark", "%", "questions", "benchmark",                                                \
            "a metric of lm-evaluation-harness, as its results give it")

typedef enum scry_measure {
#define MEASURE(id, ...) id,
    SCRY_MEASURE_TABLE(MEASURE)
#undef MEASURE
        SCRY_MEASURES
} scry_measure;

/* "accuracy|loss|...", those that models are measured by, for the help of --change. */
#define SCRY_MEASURE_BARRED(id, name, ...) "|" name
#define SCRY_CHANGE_VALUES                 (&SCRY_MODEL_MEASURES(SCRY_MEASURE_BARRED)[1])

typedef struct scry_measure_info {
    const char *name, *unit, *counted, *title, *definition;
} scry_measure_info;

/* [SCRY_MEASURES], by scry_measure. */
extern const scry_measure_info scry_measures[];
/* The measure of that name, or -1. */
int scry_measure_of(const char *name);
/* The names of those that models are measured by, "accuracy, loss, choice, ... or letter". Returns out. */
const char *scry_measure_choices(char out[SCRY_CHOICES], const char *quote);

/* One measure of one domain. NaN: not measured, or (errors) not known. */
typedef struct scry_measured {
    double base, tuned;       /* in the measure's unit */
    double change;            /* percentage points; above 0: better */
    double base_se, tuned_se; /* standard errors, in the units of what they belong to */
    double change_se;
    uint64_t n;       /* tokens or questions */
    uint64_t samples; /* texts that they come from */
} scry_measured;
/* True when the change is at least twice its standard error; false, too, where either is not known, as where no sample
 * differs from another. */
bool scry_change_is_clear(const scry_measured *m);

#endif
