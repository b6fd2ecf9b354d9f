/* table_fixture.h: opens a synthetic study with labels and tokens in the explorer, without a terminal. */
#ifndef SCRY_TESTS_UNIT_TABLE_FIXTURE_H
#define SCRY_TESTS_UNIT_TABLE_FIXTURE_H

#include "check.h"

#include "explorer_parts.h"
#include "synth.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* in main.c, which tests do without */
__attribute__((weak)) int shell_help(const options *o) {
    (void)o;
    return 1;
}

/* Latents of its own labels up to rank 1500, the rest with key tokens or silent. NULL: it could not be made. */
static inline app *open_table(uint32_t latents) {
    scry_error err = {0};
    const char *folder = scratch("study-%u", latents), *path = scratch("study-%u.scry", latents);
    synth_options planted = {.latents = latents, .domains = 5, .tokens = 512, .seed = 7, .rho = 0.7};
    synth_result made;
    bool ok = scry_synth(folder, &planted, &made, &err) &&
              scry_index_build(text_of("%s/study.json", folder), path, NULL, NULL, NULL, &err);
    scry_index *index = ok ? scry_open(path, true, &err) : NULL;
    scry_session *session = index ? scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 50, SCRY_ACT, &err) : NULL;
    check(session != NULL, "a study of %u latents opens %s", latents, err.text);
    return session ? app_new(index, session, 24, 80, false, true) : NULL;
}

/* A command, with all that waits done behind it. */
static inline void say_command(app *a, const char *line) {
    app_command(a, line);
    table_finish(a);
    app_draw(a);
}

static inline void type_keys(app *a, const char *keys) {
    for (; *keys; keys++) {
        app_key(a, (unsigned char)*keys);
        app_draw(a);
    }
}

#endif
