/* sample_app.h: opens the sample study in the explorer, without a terminal. */
#ifndef SCRY_TESTS_UNIT_SAMPLE_APP_H
#define SCRY_TESTS_UNIT_SAMPLE_APP_H

#include "explorer_parts.h"
#include "sample.h"

static inline app *sample_app(const char *path, int cols) {
    scry_index *index;
    scry_session *s = sample_session(path, &index);
    app *a = app_new(index, s, 24, cols, false, false);
    app_draw(a);
    return a;
}

#endif
