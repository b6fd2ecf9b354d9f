/* ablation_specimen.h: the studies of tests/specimens/ablation, of one model and the same SAE with each way of
 * normalising its input. */
#ifndef SCRY_TESTS_UNIT_ABLATION_SPECIMEN_H
#define SCRY_TESTS_UNIT_ABLATION_SPECIMEN_H

#include "check.h"
#include "scry.h"

#include <stdlib.h>

static const char *const studies[] = {"as_is", "scaled", "constant_norm", "layer_norm"};

/* Indexed by the first to ask. A test that lacks one cannot go on. */
static inline scry_index *index_of(const char *study) {
    scry_error err = {0};
    const char *path = scratch("%s.scry", study);
    if (!file_exists(path) &&
        !scry_index_build(text_of("tests/specimens/ablation/%s.json", study), path, NULL, NULL, NULL, &err)) {
        check(false, "%s is indexed: %s", study, err.text);
        exit(check_end());
    }
    scry_index *x = scry_open(path, true, &err);
    if (!x) exit(check_end());
    return x;
}

#endif
