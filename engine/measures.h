/* measures.h: the table of what is measured of a model on a domain before and after post-training: the keys of
 * "measured" in a manifest. Any of them may be the domain's change, with which scores are correlated; the others are
 * shown as well.
 *
 * MEASURE(enumerator, name, unit, change_unit, title) */
#ifndef SCRY_MEASURES_H
#define SCRY_MEASURES_H

#include "base/name_list.h"

#define SCRY_MEASURE_TABLE(MEASURE)                                                                                    \
    MEASURE(SCRY_ACCURACY, "accuracy", "%", "points", "next-token accuracy")                                           \
    MEASURE(SCRY_CHOICE, "choice", "%", "points", "multiple-choice accuracy")                                          \
    MEASURE(SCRY_LOSS, "loss", "nats", "nats", "mean loss per token")

typedef enum scry_measure {
#define MEASURE(id, ...) id,
    SCRY_MEASURE_TABLE(MEASURE)
#undef MEASURE
        SCRY_MEASURES
} scry_measure;

typedef struct scry_measure_info {
    const char *name, *unit, *change_unit, *title;
} scry_measure_info;

/* [SCRY_MEASURES], by scry_measure. */
extern const scry_measure_info scry_measures[];

/* The measure of that name, or -1. */
int scry_measure_of(const char *name);
/* All names as a choice, "accuracy, choice or loss", each between quotes (which may be ""). Returns out. */
const char *scry_measure_choices(char out[SCRY_CHOICES], const char *quote);

/* A measure of a domain: accuracies in percent, their change in percentage points, loss in nats per token; the change
 * is tuned - base. NaN where the manifest does not say. */
typedef struct scry_measured {
    double base, tuned;
    double change, se; /* and its standard error */
    double n;          /* samples, or tokens, that were measured */
} scry_measured;

#endif
