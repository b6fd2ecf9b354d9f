/* study/metrics.c: the table of metrics as data. */
#include "base/name_list.h"
#include "metrics.h"

#include <string.h>

enum { UNSIGNED, SIGNED };

const scry_metric_info scry_metrics[] = {
#define METRIC(id, name, array, sign, title, definition) {name, title, definition, (sign) == SIGNED},
    SCRY_METRIC_TABLE(METRIC)
#undef METRIC
};

const char *scry_metric_name(scry_metric m) {
    return scry_metrics[m].name;
}

int scry_metric_of(const char *name) {
    for (int m = 0; m < SCRY_METRICS; m++)
        if (strcmp(scry_metrics[m].name, name) == 0) return m;
    return -1;
}

const char *scry_metric_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, &scry_metrics[0].name, sizeof *scry_metrics, SCRY_METRICS, quote);
}
