/* capture/capture_names.c: words of captures: types of residuals, conditions, forms of texts. */
#include "capture/capture_plan.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/path.h"

#include <stdlib.h>
#include <string.h>

static const char *const dtypes[SCRY_CAPTURE_DTYPES] = {"f16", "bf16", "f32"};

int scry_capture_dtype_of(const char *name) {
    for (int i = 0; i < SCRY_CAPTURE_DTYPES; i++)
        if (strcmp(dtypes[i], name) == 0) return i;
    return -1;
}

const char *scry_capture_dtype_name(scry_capture_dtype dtype) {
    return dtypes[dtype];
}

const char *scry_capture_dtype_choices(char out[SCRY_CHOICES]) {
    return alternatives(out, SCRY_CHOICES, dtypes, sizeof *dtypes, SCRY_CAPTURE_DTYPES);
}

const char *scry_capture_forms(char out[SCRY_CHOICES]) {
    return corpus_forms(out);
}

const char *capture_condition_name(capture_condition condition) {
    static const scry_condition conditions[CAPTURE_CONDITIONS] = {
#define CONDITION(id, condition, ...) [id] = condition,
        CAPTURE_CONDITION_TABLE(CONDITION)
#undef CONDITION
    };
    return scry_condition_name(conditions[condition]);
}

char *capture_folder_name(const char *path) {
    char *whole = realpath(path, NULL), *out = mem_copy_string(path_file_name(whole ? whole : path));
    free(whole);
    return out;
}
