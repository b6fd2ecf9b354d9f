/* sample.h: indexes and opens the sample study. */
#ifndef SCRY_TESTS_UNIT_SAMPLE_H
#define SCRY_TESTS_UNIT_SAMPLE_H

#include "check.h"
#include "session.h"

#include <stdlib.h>

/* Path of its index in the scratch folder. Where that cannot be made the test ends. */
static inline const char *sample_index(void) {
    scry_error err = {0};
    const char *path = scratch("sample.scry");
    if (!check(scry_index_build("sample_data/study.json", path, NULL, NULL, NULL, &err), "the sample is indexed %s",
               err.text))
        exit(check_end());
    return path;
}

/* A session on it: the first 100 by icl and sq, scored by act. Where it does not open the test ends. */
static inline scry_session *sample_session(const char *path, scry_index **index) {
    scry_error err = {0};
    *index = scry_open(path, true, &err);
    scry_session *s = *index ? scry_session_new(*index, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err) : NULL;
    if (s) return s;
    check(false, "the sample opens %s", err.text);
    exit(check_end());
}

#endif
