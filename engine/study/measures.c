/* study/measures.c: the names of measures. */
#include "evaluate.h"

#include <string.h>

const scry_measure_info scry_measures[SCRY_MEASURES] = {
#define MEASURE(id, ...) {__VA_ARGS__},
    SCRY_MEASURE_TABLE(MEASURE)
#undef MEASURE
};

int scry_measure_of(const char *name) {
    for (int m = 0; m < SCRY_MEASURES; m++)
        if (strcmp(scry_measures[m].name, name) == 0) return m;
    return -1;
}

const char *scry_measure_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, &scry_measures[0].name, sizeof scry_measures[0], SCRY_BENCHMARK,
                               quote);
}
