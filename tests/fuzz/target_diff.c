/* target_diff.c: what is kept of two models next to an index (X.diff, X.lens), each with all that follows from it. */
#include "fuzz.h"

#include "differences.h"
#include "latent.h"
#include "lens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *index_path, *input; /* where the index and the input of this run lie */

static scry_index *open_one(void) {
    scry_error err = {0};
    scry_index *x = scry_open(index_path, true, &err);
    if (x) return x;
    fprintf(stderr, "%s\n", err.text);
    exit(1);
}

/* An index of a tiny model's residuals in a folder of its own, and where `ending` of it would be. */
static scry_index *begin(const char *name, const char *ending) {
    scry_error err = {0};
    index_path = scratch("%s.scry", name);
    if (!scry_index_build(fuzz_source("tests/specimens/ablation/as_is.json"), index_path, NULL, NULL, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    input = scratch("%s%s", name, ending);
    return open_one();
}

/* ---- differences ---------------------------------------------------------------------------- */

static void begin_differences(void) {
    scry_error err = {0};
    scry_index *x = begin("differences", ".diff");
    const scry_diff_query how = {.index = x, .tuned = fuzz_source("tests/specimens/evaluate/tuned"), .threads = 1};
    if (!scry_differences_compute(&how, NULL, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    fuzz_seed_file(input);
    scry_close(x);
}

static void use_differences(const scry_index *x, bool verified) {
    const scry_info *info = scry_index_info(x);
    scry_differences_info about;
    if (!scry_differences_info_of(x, &about)) abort();
    size_t length = strlen(about.path) + strlen(about.base) + strlen(about.tuned);
    if (about.train >= info->trains || !length) abort();
    for (size_t c = 0; c < info->captures; c++)
        for (uint64_t row = 0; row <= info->capture[c].rows; row++) {
            const float kl = scry_row_kl(x, c, row), gain = scry_row_gain(x, c, row);
            if (verified && (kl < 0 || isinf(kl) || isinf(gain))) abort(); /* else the checksums are taken for right */
        }
    double *column = calloc(info->d_sae, sizeof *column);
    if (!column) abort();
    scry_column_kl_lifts(x, 0, info->d_sae, column);
    scry_column_gains(x, 0, info->d_sae, column);
    free(column);
}

static void attach(bool verify) {
    scry_index *x = open_one();
    scry_error err = {0};
    bool ok = scry_differences_attach(x, input, verify, &err);
    fuzz_answered(ok, &err);
    if (ok) use_differences(x, verify);
    scry_close(x);
}

static void run_differences(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    attach(true);
    attach(false);
}

static void run_differences_mended(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_INDEX);
    attach(true);
}

/* ---- mean differences ----------------------------------------------------------------------- */

static scry_lens *open_lens(const scry_index *x) {
    scry_error err = {0};
    const scry_lens_options how = {.tuned = fuzz_source("tests/specimens/evaluate/tuned"), .threads = 1};
    scry_lens *l = scry_lens_open(x, &how, &err);
    fuzz_answered(l != NULL, &err);
    return l;
}

static scry_lens_query query_of(int domain) {
    return (scry_lens_query){.domain = domain, .of = SCRY_SFT, .positions = SCRY_LENS_POSITIONS};
}

static void begin_lens(void) {
    scry_error err = {0};
    scry_index *x = begin("lens", ".lens");
    scry_lens *l = open_lens(x);
    for (int d = 0; l && d < 2; d++) {
        const scry_lens_query q = query_of(d);
        scry_lens_means out;
        if (scry_lens_read(l, &q, &out, NULL, NULL, &err)) continue;
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    scry_lens_close(l);
    l = open_lens(x);
    const scry_lens_query kept = query_of(1);
    if (!scry_lens_at_hand(l, &kept)) abort();
    scry_lens_close(l);
    scry_close(x);
    fuzz_seed_file(input);
}

/* What is kept is either used or computed again; both are slow enough for only what is at hand to be read. */
static void use_lens(void) {
    scry_index *x = open_one();
    scry_lens *l = open_lens(x);
    const uint32_t d = scry_index_info(x)->d_model;
    double sum = 0;
    for (int domain = SCRY_LENS_TRAIN; l && domain < 4; domain++) {
        const scry_lens_query q = query_of(domain);
        scry_lens_means out;
        scry_error err = {0};
        if (!scry_lens_at_hand(l, &q)) continue;
        bool ok = scry_lens_read(l, &q, &out, NULL, NULL, &err);
        fuzz_answered(ok, &err);
        for (size_t i = 0; ok && i < out.count; i++)
            for (uint32_t k = 0; out.mean[i].mean && k < d; k++) sum += out.mean[i].mean[k];
        if (ok && (!out.was_kept || strlen(out.model) + strlen(out.tuned) > 1u << 20)) abort();
    }
    if (sum == 0.125) fputs("", stdout);
    scry_lens_close(l);
    scry_close(x);
}

static void run_lens(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    use_lens();
}

static void run_lens_mended(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_INDEX);
    use_lens();
}

const fuzz_target fuzz_diff_targets[] = {{"differences", begin_differences, run_differences},
                                         {"differences-mended", begin_differences, run_differences_mended},
                                         {"lens", begin_lens, run_lens},
                                         {"lens-mended", begin_lens, run_lens_mended},
                                         {0}};
