/* study/measures.c: the names of measures, and when a change is one. */
#include "measures.h"

#include <math.h>
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

bool scry_change_is_clear(const scry_measured *m) {
    return m->change != 0 && fabs(m->change) >= 2 * m->change_se;
}
