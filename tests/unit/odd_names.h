/* odd_names.h: a study whose names hold line breaks, backslashes, tabs and keywords of scry's own files. */
#ifndef SCRY_TESTS_UNIT_ODD_NAMES_H
#define SCRY_TESTS_UNIT_ODD_NAMES_H

#include "check.h"
#include "scry.h"

#include <stdlib.h>

/* In JSON. The first two are training sets, the rest domains. */
static const char *const odd_names[] = {"math\\nscope signed all\\\\n of it", "b of\\t\\\\\\n",    "law\\nand order",
                                        "\\\\n, \\\"quoted\\\"\\\\",          "x\\nmark 1\\nquit", "tab\\there\\rend"};

/* The index of it, 40 latents. Where that cannot be made the test ends. */
static inline const char *odd_index(void) {
    enum { ROWS = 6, LATENTS = 40, FILES = 4 };
    uint64_t seed = 5;
    const char *folder = scratch_folder("odd"), *text = "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": [";
    for (int file = 0; file < FILES; file++) {
        double h[ROWS * LATENTS];
        for (int i = 0; i < ROWS * LATENTS; i++) h[i] = (double)roll_below(&seed, 200) / 64;
        write_npy(text_of("%s/%d.npy", folder, file), F32, ROWS, LATENTS, h);
    }
    for (int i = 0; i < 6; i++)
        text = text_of("%s%s{\"name\": \"%s\", %s\"base\": {\"features\": \"%d.npy\"}, \"icl\": {\"features\": "
                       "\"%d.npy\"}}",
                       text,
                       i == 0   ? ""
                       : i == 2 ? "], \"domains\": ["
                                : ", ",
                       odd_names[i],
                       i < 2 ? ""
                             : text_of("\"change\": {\"%s\": %d, \"%s\": %d}, ", odd_names[0], i, odd_names[1], -i * i),
                       i % FILES, (i + 1) % FILES);
    const char *study = text_of("%s/study.json", folder), *path = text_of("%s/x.scry", folder);
    write_text(study, "%s]}", text);
    scry_error err = {0};
    if (!check(scry_index_build(study, path, NULL, NULL, NULL, &err), "a study of odd names is indexed %s", err.text))
        exit(check_end());
    return path;
}

#endif
