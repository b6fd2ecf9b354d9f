/* test_read.c: dense features are the same however they are read: from the file into a buffer or through the map, whole
 * rows or parts of them, with rows left out, in any dtype, with any tile size. The expected numbers are the same file
 * column by column (Fortran order), which is read one element at a time. Also files that change while they are read. */
#include "check.h"
#include "scry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a study of features ------------------------------------------------------------------------ */

typedef struct shape {
    size_t rows, cols;
    double density;
    bool gaps; /* skip_first leaves out rows of each sample */
} shape;

/* Values that every dtype holds exactly; a negative zero here and there. */
static double *values_of(const shape *s, uint64_t seed) {
    double *x = calloc(s->rows * s->cols, sizeof *x);
    if (!x) abort();
    for (size_t i = 0; i < s->rows * s->cols; i++) {
        if (roll_unit(&seed) >= s->density) continue;
        uint32_t value = roll_below(&seed, 64);
        x[i] = value ? value / 16.0 : -0.0;
    }
    return x;
}

static const char *folder_of(const shape *s, const char *name) {
    const char *folder = scratch_folder("%s", name);
    FILE *f = fopen(text_of("%s/t.jsonl", folder), "w");
    if (!f) abort();
    for (size_t row = 0; row < s->rows; row++) {
        if (row % 50 == 0) fprintf(f, "%s{\"tokens\": [", row ? "]}\n" : "");
        fprintf(f, "%s\"t%zu\"", row % 50 ? ", " : "", row % 17);
    }
    fprintf(f, "]}\n");
    fclose(f);
    const char *more = s->gaps ? ", \"skip_first\": 3" : "";
    write_text(
        text_of("%s/study.json", folder),
        "{\"scry_study\": 1, \"pairing\": \"token\", \"train\": {\"base\": {\"features\": \"0.npy\", \"tokens\": "
        "\"t.jsonl\"%s}, \"icl\": {\"features\": \"1.npy\", \"tokens\": \"t.jsonl\"%s}}, \"domains\": [{\"name\": "
        "\"d\", \"base\": {\"features\": \"1.npy\", \"tokens\": \"t.jsonl\"%s}}]}",
        more, more, more);
    return folder;
}

static bool make(const char *folder, const scry_build_options *options, const char *label) {
    scry_error err = {0};
    bool ok =
        scry_index_build(text_of("%s/study.json", folder), text_of("%s/x.scry", folder), options, NULL, NULL, &err);
    return ok || check(false, "%s: is indexed: %s", label, err.text);
}

/* The study in both folders; their indexes must be the same bytes. */
static void same_index(const char *a, const char *b, const char *label) {
    size_t one, two;
    uint8_t *x = read_bytes(text_of("%s/x.scry", a), &one), *y = read_bytes(text_of("%s/x.scry", b), &two);
    check(one == two && memcmp(x, y, one) == 0, "%s: the same bytes, %zu and %zu of them", label, one, two);
    free(x);
    free(y);
}

static void check_shape(const char *name, const shape *s) {
    const char *expected = folder_of(s, text_of("%s-expected", name));
    double *x[2] = {values_of(s, 1), values_of(s, 2)};
    for (int i = 0; i < 2; i++) write_npy_as(text_of("%s/%d.npy", expected, i), F32, 1, true, s->rows, s->cols, x[i]);
    if (!make(expected, NULL, name)) return;
    static const struct {
        const char *name;
        number_type type;
    } types[] = {{"f32", F32}, {"f16", F16}, {"f64", F64}};
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const char *label = text_of("%s %s", name, types[t].name), *found = folder_of(s, text_of("%s-found", name));
        for (int i = 0; i < 2; i++) write_npy(text_of("%s/%d.npy", found, i), types[t].type, s->rows, s->cols, x[i]);
        scry_build_options one = {.threads = 1}, four = {.threads = 4, .memory = (uint64_t)250 << 20};
        if (make(found, &one, label)) same_index(found, expected, text_of("%s, one thread", label));
        if (make(found, &four, label)) same_index(found, expected, text_of("%s, four threads and 250M", label));
    }
    scry_error err = {0};
    scry_index *index = scry_open(text_of("%s/x.scry", expected), true, &err);
    uint64_t nonzero = 0;
    for (size_t i = 0; i < s->rows * s->cols; i++) nonzero += x[0][i] != 0 && (!s->gaps || i / s->cols % 50 >= 3);
    if (check(index != NULL, "%s: opens %s", name, err.text))
        check_is(scry_index_info(index)->capture[0].nnz, nonzero, "%s: activations of train.base", name);
    scry_close(index);
    free(x[0]);
    free(x[1]);
}

/* ---- not finite ----------------------------------------------------------------------------------- */

static void check_nonfinite(void) {
    shape s = {600, 333, 0.05, false};
    const char *folder = folder_of(&s, "nonfinite");
    double *x = values_of(&s, 3);
    write_npy(text_of("%s/1.npy", folder), F32, s.rows, s.cols, x);
    x[570 * 333 + 332] = (double)NAN;
    x[407 * 333 + 5] = (double)INFINITY;
    x[407 * 333 + 6] = -(double)INFINITY;
    static const number_type types[] = {F32, F16, F64};
    for (size_t t = 0; t < 3; t++) {
        write_npy(text_of("%s/0.npy", folder), types[t], s.rows, s.cols, x);
        scry_error err = {0};
        const char *study = text_of("%s/study.json", folder), *out = text_of("%s/n.scry", folder);
        bool built = scry_index_build(study, out, NULL, NULL, NULL, &err);
        check_says(built ? "built" : err.text, SAYS("found 3 values", "row 407"), "type %zu: not finite", t);
        scry_build_options allow = {.allow_nonfinite = true};
        scry_index *index = scry_index_build(study, out, &allow, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
        if (check(index != NULL, "type %zu: allowed", t)) {
            float h[3];
            scry_activations(index, 5, 0, 407, 1, h);
            scry_activations(index, 6, 0, 407, 1, h + 1);
            scry_activations(index, 332, 0, 570, 1, h + 2);
            check(h[0] == 0 && h[1] == 0 && h[2] == 0, "type %zu: they are 0", t);
            check_is(scry_index_info(index)->capture[0].nonfinite, 3, "type %zu: and counted", t);
        }
        scry_close(index);
    }
    free(x);
}

/* ---- files that change ----------------------------------------------------------------------------- */

typedef struct change {
    const char *path, *other; /* other NULL: cut short */
    unsigned calls;
} change;

static bool change_file(void *context, const char *step, uint64_t done, uint64_t total) {
    change *c = context;
    (void)step;
    (void)done;
    (void)total;
    if (c->calls++) return true;
    if (c->other) return rename(c->other, c->path) == 0;
    return truncate(c->path, 200000) == 0;
}

static void check_changes(void) {
    shape s = {3000, 700, 0.02, false};
    const char *folder = folder_of(&s, "changes");
    double *x = values_of(&s, 5), *y = values_of(&s, 6);
    write_npy(text_of("%s/0.npy", folder), F32, s.rows, s.cols, x);
    write_npy(text_of("%s/1.npy", folder), F32, s.rows, s.cols, y);
    change cut = {text_of("%s/0.npy", folder), NULL, 0};
    scry_error err = {0};
    const char *study = text_of("%s/study.json", folder), *out = text_of("%s/c.scry", folder);
    scry_build_options o = {.progress = change_file, .context = &cut};
    bool built = scry_index_build(study, out, &o, NULL, NULL, &err);
    check(!built && !file_exists(out), "a file cut short while it is read: no index");
    check_says(err.text, SAYS("0.npy", "shorter while it was read"), "a file cut short");

    /* Another file under the name of one that was opened: what was opened is what counts. */
    write_text(study,
               "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"base\": {\"features\": \"0.npy\"}, \"icl\": "
               "{\"features\": \"1.npy\"}}, \"domains\": [{\"name\": \"d\", \"base\": {\"features\": "
               "\"2.npy\"}}]}");
    write_npy(text_of("%s/0.npy", folder), F32, s.rows, s.cols, x);
    write_npy(text_of("%s/2.npy", folder), F32, s.rows, s.cols, x);
    if (!make(folder, NULL, "before a change")) return;
    write_npy(text_of("%s/3.npy", folder), F32, s.rows, s.cols, y);
    change swap = {text_of("%s/2.npy", folder), text_of("%s/3.npy", folder), 0};
    o = (scry_build_options){.progress = change_file, .context = &swap};
    const char *changed = scratch_folder("changed");
    built = scry_index_build(study, text_of("%s/x.scry", changed), &o, NULL, NULL, &err);
    if (check(built && swap.calls, "a file replaced while others are read: %s", err.text))
        same_index(changed, folder, "a file replaced: what was opened is read");
    free(x);
    free(y);
}

int main(void) {
    check_shape("more rows than a segment", &(shape){9001, 130, 0.03, false});
    check_shape("rows that end within a buffer", &(shape){401, 2999, 0.01, false});
    check_shape("rows wider than a buffer", &(shape){9, 140001, 0.001, false});
    check_shape("rows left out", &(shape){4000, 513, 0.02, true});
    check_shape("dense", &(shape){1500, 900, 1, false});
    check_shape("one column", &(shape){5000, 1, 0.5, false});
    check_nonfinite();
    check_changes();
    return check_end();
}
