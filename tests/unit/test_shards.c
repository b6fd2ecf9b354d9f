/* test_shards.c: merging shards in any order gives the bytes of a single run; shards that do not belong together are
 * refused; indexing stays within its memory limit, with the same bytes. */
#include "peak_memory.h"
#include "synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool make(const char *study, const char *out, uint32_t shard, uint32_t shards, scry_build_result *result,
                 const char *label) {
    scry_error err = {0};
    scry_build_options o = {.shard = shard, .shards = shards};
    bool ok = scry_index_build(study, out, &o, result, NULL, &err);
    return ok || check(false, "%s: shard %u of %u is made: %s", label, shard, shards, err.text);
}

static void merge_refused(char *const *paths, size_t count, const char *const *words, const char *what) {
    scry_error err = {0};
    const char *out = scratch("refused.scry");
    if (scry_merge(paths, count, out, &err)) check(false, "%s: found a merged index, expected an error", what);
    else check_says(err.text, words, "%s: refused", what);
    if (file_exists(out)) {
        check(false, "%s: found a file after an error, expected none", what);
        unlink(out);
    }
}

/* ---- studies ---------------------------------------------------------------------------------- */

/* The sample study, with labels and what an absolute path may change left as it is. */
static const char *sample_with_labels(void) {
    size_t size;
    char here[2048], *manifest = (char *)read_bytes("sample_data/study.json", &size), *brace = strchr(manifest, '{');
    const char *folder = scratch_folder("sample");
    if (!getcwd(here, sizeof here) || !brace) abort();
    static const char *const parts[] = {"acts", "text", "sae", "models"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (symlink(text_of("%s/sample_data/%s", here, parts[i]), text_of("%s/%s", folder, parts[i])) != 0) abort();
    const char *path = text_of("%s/study.json", folder);
    write_text(path, "{\"labels\": \"labels.jsonl\",%s", brace + 1);
    FILE *f = fopen(text_of("%s/labels.jsonl", folder), "w");
    if (!f) abort();
    for (int j = 1; j < 2048; j += j < 600 ? 1 : 137)
        fprintf(f, "{\"index\": %d, \"description\": \"label of %d\"}\n", j, j);
    fclose(f);
    free(manifest);
    return path;
}

/* Residuals and a TopK SAE over five blocks of latents: a shard needs the pre-activations of all of them. */
static const char *topk_study(void) {
    enum { D = 16, F = 2100, ROWS = 1400 };
    const char *folder = scratch_folder("topk");
    uint64_t seed = 5;
    double *W = malloc((size_t)2 * D * F * sizeof *W), *b = calloc(F + D, sizeof *b),
           *x = malloc((size_t)ROWS * D * sizeof *x);
    if (!W || !b || !x) abort();
    for (size_t i = 0; i < (size_t)2 * D * F; i++) W[i] = roll_unit(&seed) - 0.5;
    write_sae_folder(folder, D, F, W, b, "\"architecture\": \"topk\", \"k\": 30, \"apply_b_dec_to_input\": false");
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < (size_t)ROWS * D; i++) x[i] = 4 * roll_unit(&seed) - 2;
        write_npy(text_of("%s/%d.npy", folder, c), F32, ROWS, D, x);
    }
    const char *path = text_of("%s/study.json", folder);
    write_text(path, "{\"scry_study\": 1, \"pairing\": \"row\", \"sae\": \".\",\n"
                     " \"train\": {\"base\": {\"residual\": \"0.npy\"}, \"icl\": {\"residual\": \"1.npy\"}},\n"
                     " \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": {\"residual\": \"2.npy\"}, \"icl\": "
                     "{\"residual\": \"0.npy\"}}, {\"name\": \"e\", \"base\": {\"residual\": \"1.npy\"}}]}");
    free(W);
    free(b);
    free(x);
    return path;
}

/* Features in a file that does not state their width, with columns that stay silent at the end. */
static const char *narrow_study(const char *name, size_t step) {
    const char *folder = scratch_folder("%s", name), *path = text_of("%s/study.json", folder);
    static int32_t data[2][600][4];
    for (size_t r = 0; r < 600; r++)
        for (size_t k = 0; k < 4; k++) {
            data[0][r][k] = (int32_t)((r * 4 + k) * step % 1101);
            float value = (float)(r % 9) + (float)k / 4;
            memcpy(&data[1][r][k], &value, 4);
        }
    write_safetensors_raw(text_of("%s/f.safetensors", folder),
                          "{\"top_indices\":{\"dtype\":\"I32\",\"shape\":[600,4],\"data_offsets\":[0,9600]},"
                          "\"top_acts\":{\"dtype\":\"F32\",\"shape\":[600,4],\"data_offsets\":[9600,19200]}}",
                          data, sizeof data);
    write_text(path, "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"base\": {\"features\": \"f.safetensors\","
                     " \"rows\": [0, 300]}, \"rl\": {\"features\": \"f.safetensors\", \"rows\": [300, 600]}},"
                     " \"domains\": [{\"name\": \"d\", \"base\": {\"features\": \"f.safetensors\"}}]}");
    return path;
}

static const char *synth_study(const char *name, uint32_t latents, uint32_t tokens, uint32_t seed) {
    scry_error err = {0};
    synth_options o = {.latents = latents, .domains = 5, .tokens = tokens, .seed = seed, .rho = 0.7};
    bool ok = scry_synth(scratch("%s", name), &o, NULL, &err);
    if (!ok) check(false, "synth: %s", err.text);
    return ok ? scratch("%s/study.json", name) : NULL;
}

/* ---- shards ----------------------------------------------------------------------------------- */

static void check_merges(const char *label, const char *study, uint32_t shards, bool labels) {
    char *paths[8];
    const char *whole = text_of("%s.whole", study), *merged = text_of("%s.merged", study);
    scry_build_result all = {0}, part;
    if (!make(study, whole, 0, 0, &all, label)) return;
    uint64_t nnz = 0, latents = 0;
    for (uint32_t i = 0; i < shards; i++) {
        paths[i] = (char *)(uintptr_t)text_of("%s.%u", study, i + 1);
        part = (scry_build_result){0};
        if (!make(study, paths[i], i + 1, shards, &part, label)) return;
        nnz += part.nnz;
        latents += part.latents;
    }
    check(latents == all.latents && nnz == all.nnz,
          "%s: %u shards: %llu latents and %llu activations, expected %u, %llu", label, shards,
          (unsigned long long)latents, (unsigned long long)nnz, all.latents, (unsigned long long)all.nnz);
    uint64_t state = shards + 3;
    size_t wrong = 0;
    enum { ORDERS = 6 };
    for (int order = 0; order < ORDERS; order++) {
        scry_error err = {0};
        for (uint32_t i = shards; i > 1; i--) {
            uint32_t k = roll_below(&state, i);
            char *swap = paths[i - 1];
            paths[i - 1] = paths[k], paths[k] = swap;
        }
        bool ok = scry_merge(paths, shards, merged, &err);
        if (!ok) check(false, "%s: merged: %s", label, err.text);
        wrong += !ok || !same_content(whole, merged);
    }
    check(wrong == 0, "%s: %u shards merged in %d orders are the bytes of a single run, %zu are not", label, shards,
          ORDERS, wrong);
    scry_error err = {0};
    scry_index *x = scry_open(merged, true, &err);
    if (check(x != NULL, "%s: the merged index opens %s", label, err.text)) {
        uint32_t labelled = 0;
        for (uint32_t j = 0; j < scry_index_info(x)->d_sae; j++) labelled += scry_label(x, j) != NULL;
        check(labels ? labelled > 500 : labelled == 0, "%s: %u labels", label, labelled);
        scry_close(x);
    }
    for (uint32_t i = 0; i < shards && shards > 1; i++) {
        err = (scry_error){0};
        x = scry_open(paths[i], true, &err);
        if (x) scry_close(x);
        const char *words[] = {paths[i], "shard", "scry merge", NULL};
        if (i == 0) check_says(x ? "it opened" : err.text, words, "%s: a shard by itself is not opened", label);
        else if (x) check(false, "%s: a shard by itself is not opened", label);
    }
    if (shards == 1) return;
    merge_refused(paths, shards - 1, SAYS("missing"), text_of("%s: one of %u shards missing", label, shards));
    merge_refused(paths + 1, shards - 1, SAYS("missing"), text_of("%s: another of %u missing", label, shards));
    char *doubled[9];
    memcpy(doubled, paths, shards * sizeof *paths);
    doubled[shards] = paths[0];
    merge_refused(doubled, shards + 1, SAYS("twice"), text_of("%s: one of %u shards twice", label, shards));
    doubled[0] = (char *)(uintptr_t)whole;
    merge_refused(doubled, shards, SAYS("twice"), text_of("%s: the whole index among its shards", label));
}

static void check_numbers(const char *study) {
    static const struct {
        uint32_t shard, shards;
    } wrong[] = {{0, 4}, {5, 4}, {1, 5}, {7, 7}, {4000000000u, 4000000000u}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        scry_error err = {0};
        scry_build_options o = {.shard = wrong[i].shard, .shards = wrong[i].shards};
        const char *out = scratch("no.scry");
        bool built = scry_index_build(study, out, &o, NULL, NULL, &err);
        check(!built && err.status == 2 && strstr(err.text, "--shard") && !file_exists(out),
              "shard %u of %u of 2048 latents: status %d: %s", wrong[i].shard, wrong[i].shards, err.status, err.text);
    }
}

static void check_strangers(const char *sample) {
    const char *a = synth_study("a", 1200, 40, 1), *b = synth_study("b", 1200, 40, 2);
    if (!a || !b) return;
    char *paths[2] = {(char *)(uintptr_t)scratch("a.1"), (char *)(uintptr_t)scratch("b.2")};
    char *other = (char *)(uintptr_t)scratch("s.2");
    if (!make(a, paths[0], 1, 2, NULL, "a") || !make(b, paths[1], 2, 2, NULL, "b") ||
        !make(sample, other, 2, 2, NULL, "sample"))
        return;
    char *mixed[2] = {paths[0], other};
    merge_refused(mixed, 2, SAYS("not of one study"), "shards of two manifests");
    merge_refused(paths, 2, SAYS("not of one study"), "shards of two planted studies");
    /* two folders that a script filled with other numbers under the same names: another layer, say */
    const char *one_layer = narrow_study("layer-1", 7), *other_layer = narrow_study("layer-2", 11);
    char *parts[2] = {(char *)(uintptr_t)scratch("n.1"), (char *)(uintptr_t)scratch("n.2")};
    if (make(one_layer, parts[0], 1, 2, NULL, "layer 1") && make(other_layer, parts[1], 2, 2, NULL, "layer 2"))
        merge_refused(parts, 2, SAYS("study"), "shards of two studies with the same manifest and other captures");
}

static void check_no_shards(const char *sample) {
    char *text = (char *)(uintptr_t)scratch("text.scry"), *cut = (char *)(uintptr_t)scratch("cut.scry"),
         *half[2] = {(char *)(uintptr_t)scratch("h.1"), (char *)(uintptr_t)scratch("h.2")};
    write_text(text, "no index at all\n");
    if (!make(sample, half[0], 1, 2, NULL, "sample") || !make(sample, half[1], 2, 2, NULL, "sample")) return;
    merge_refused((char *[]){half[0], text}, 2, SAYS("text.scry"), "a text among the shards");
    merge_refused((char *[]){half[0], (char *)(uintptr_t)scratch("nothing")}, 2, SAYS("nothing", "cannot be opened"),
                  "a file that is not there");
    merge_refused((char *[]){half[0], (char *)(uintptr_t)scratch_folder("folder")}, 2, SAYS("directory"), "a folder");
    merge_refused(NULL, 0, SAYS("expected the shards"), "no shards");
    size_t size;
    uint8_t *bytes = read_bytes(half[1], &size);
    write_bytes(cut, bytes, size - 100);
    merge_refused((char *[]){half[0], cut}, 2, SAYS("cut.scry"), "a shard that is cut");
    bytes[size / 2] ^= 64;
    unlink(cut);
    write_bytes(cut, bytes, size);
    merge_refused((char *[]){cut, half[0]}, 2, SAYS("cut.scry"), "a shard with a bit changed");
    free(bytes);
    scry_error err = {0};
    check(!scry_merge(half, 2, "/nowhere/x.scry", &err) && strstr(err.text, "/nowhere/x.scry"),
          "merge to where nothing can be written: %s", err.text);
    /* an output that is one of the inputs */
    char *copy[2] = {(char *)(uintptr_t)scratch("c.1"), half[1]};
    bytes = read_bytes(half[0], &size);
    write_bytes(copy[0], bytes, size);
    free(bytes);
    err = (scry_error){0};
    bool ok = scry_merge(copy, 2, copy[0], &err);
    const char *whole = scratch("h.whole");
    check(ok ? make(sample, whole, 0, 0, NULL, "sample") && same_content(whole, copy[0]) : *err.text != 0,
          "merge over one of the shards: %s", ok ? "the whole index" : err.text);
}

/* ---- memory ----------------------------------------------------------------------------------- */

static const char *two_captures(const char *folder, const char *kind, const char *large, uint64_t rows) {
    const char *path = text_of("%s/study.json", folder);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"row\"%s, \"train\": {\"base\": {\"%s\": \"%s\", \"rows\": [0, "
               "%llu]}, \"icl\": {\"%s\": \"%s\", \"rows\": [%llu, %llu]}}, \"domains\": [{\"name\": \"d\", "
               "\"base\": {\"%s\": \"%s\", \"rows\": [0, 100]}}]}",
               strcmp(kind, "residual") == 0 ? ", \"sae\": \".\"" : "", kind, large, (unsigned long long)rows / 2, kind,
               large, (unsigned long long)rows / 2, (unsigned long long)rows, kind, large);
    return path;
}

/* float32 [rows, cols], of which a share is not 0. */
static void write_dense(const char *path, uint64_t rows, uint64_t cols, uint32_t percent) {
    char header[128];
    FILE *f = fopen(path, "wb");
    float *row = malloc(cols * sizeof *row);
    if (!f || !row) abort();
    snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%llu, %llu), }",
             (unsigned long long)rows, (unsigned long long)cols);
    fprintf(f, "\x93NUMPY\1%c%c%c%-117s\n", 0, 118, 0, header);
    uint64_t seed = 3;
    for (uint64_t r = 0; r < rows; r++) {
        for (uint64_t j = 0; j < cols; j++) {
            uint64_t x = roll(&seed) >> 20;
            row[j] = x % 100 < percent ? (float)(x / 100 % 1000) / 64 : 0;
        }
        if (fwrite(row, 4, cols, f) != cols) abort();
    }
    free(row);
    if (fclose(f) != 0) abort();
}

static void check_memory(void) {
    uint64_t part = SANITIZED ? 8 : 1; /* of the size */
    /* dense features, a tenth of which are not 0 */
    uint64_t rows = 40000 / part, cols = 2048;
    const char *folder = scratch_folder("dense"), *file = text_of("%s/large.npy", folder);
    write_dense(file, rows, cols, 10);
    check_peak("dense features", two_captures(folder, "features", "large.npy", rows), rows * cols * 4,
               (uint64_t)100 << 20);
    unlink(file);
    /* residuals, and what an SAE makes of them */
    rows = 250000 / part;
    folder = scratch_folder("residuals");
    file = text_of("%s/large.npy", folder);
    enum { D = 256, F = 512 };
    write_dense(file, rows, D, 100);
    double *W = malloc((size_t)2 * D * F * sizeof *W), *b = calloc(F + D, sizeof *b);
    uint64_t seed = 21;
    if (!W || !b) abort();
    for (size_t i = 0; i < (size_t)2 * D * F; i++) W[i] = roll_unit(&seed) - 0.5;
    for (size_t i = 0; i < F; i++) b[i] = -80;
    write_sae_folder(
        folder, D, F, W, b,
        "\"architecture\": \"standard\", \"activation_fn_str\": \"relu\", \"apply_b_dec_to_input\": false");
    check_peak("residuals", two_captures(folder, "residual", "large.npy", rows), rows * D * 4, (uint64_t)81 << 20);
    unlink(file);
    free(W);
    free(b);
}

/* Too little is said before any work, with how much would do; and that much does. */
static void check_too_little(const char *study) {
    static const uint64_t sizes[] = {1, 4096, (uint64_t)8 << 20};
    unsigned long long least = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        scry_error err = {0};
        scry_build_options o = {.memory = sizes[i], .threads = 1};
        const char *out = scratch("little.scry");
        bool built = scry_index_build(study, out, &o, NULL, NULL, &err);
        const char *at = strstr(err.text, "at least ");
        if (at) least = strtoull(at + 9, NULL, 10);
        check(!built && strstr(err.text, "--memory") && least && !file_exists(out), "memory %llu: refused: %s",
              (unsigned long long)sizes[i], err.text);
    }
    scry_error err = {0};
    scry_build_options o = {.memory = least << 20, .threads = 1};
    const char *enough = scratch("enough.scry"), *whole = scratch("plenty.scry");
    bool ok = scry_index_build(study, enough, &o, NULL, NULL, &err);
    check(ok && make(study, whole, 0, 0, NULL, "plenty") && same_content(enough, whole),
          "%llu MiB, as was said, are enough, and the bytes are the same %s", least, err.text);
}

int main(void) {
    check_memory(); /* first: a child inherits what its parent has in memory */
    const char *sample = "sample_data/study.json", *labelled = sample_with_labels();
    for (uint32_t shards = 1; shards <= 4; shards++) {
        if (shards == 3 && SANITIZED) continue;
        check_merges("labelled sample", labelled, shards, true);
    }
    const char *copy = topk_study(), *planted = synth_study("planted", 2700, 64, 4);
    check_merges("TopK residuals", copy, 4, false);
    check_merges("TopK residuals", copy, 5, false);
    if (planted) {
        check_merges("synth", planted, 4, true);
        check_too_little(planted);
    }
    check_merges("pairs of no stated width", narrow_study("narrow", 7), 3, false);
    check_numbers(sample);
    check_no_shards(sample);
    check_strangers(sample);
    return check_end();
}
