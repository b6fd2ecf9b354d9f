/* section_names.h: the names of the sections that there are once for each reference (layout.h). */
#ifndef SCRY_INDEX_FORMAT_SECTION_NAMES_H
#define SCRY_INDEX_FORMAT_SECTION_NAMES_H

#include <stdio.h>

#include "index/format/container.h"
#include "scry.h"

/* "", or "/control". */
static inline const char *reference_slash(int reference) {
    return reference == SCRY_AGAINST_BASE ? "" : "/";
}
static inline const char *reference_suffix(int reference) {
    return reference == SCRY_AGAINST_BASE ? ""
                                          : scry_condition_name(scry_reference_condition((scry_reference)reference));
}

/* "shift/0/icl", "fires/0/icl/control". */
static inline const char *source_section(char name[CONTAINER_NAME], const char *table, size_t train, int source,
                                         int reference) {
    snprintf(name, CONTAINER_NAME, "%s/%zu/%s%s%s", table, train, scry_condition_name((scry_condition)source),
             reference_slash(reference), reference_suffix(reference));
    return name;
}

/* "score/act", "score/icl/control". */
static inline const char *score_section(char name[CONTAINER_NAME], scry_score score, int reference) {
    snprintf(name, CONTAINER_NAME, "score/%s%s%s", scry_score_name(score), reference_slash(reference),
             reference_suffix(reference));
    return name;
}

/* "pairs", "pairs_control": keys of the meta data. */
static inline const char *reference_key(char name[CONTAINER_NAME], const char *key, int reference) {
    snprintf(name, CONTAINER_NAME, "%s%s%s", key, reference == SCRY_AGAINST_BASE ? "" : "_",
             reference_suffix(reference));
    return name;
}

#endif
