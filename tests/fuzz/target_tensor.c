/* target_tensor.c: matrices and weights: .npy, .npz, zipped pickles, safetensors, sharded weights, SAEs. */
#include "fuzz.h"

#include "base/mem.h"
#include "io/formats/pickle.h"
#include "io/matrix.h"
#include "io/tensor.h"
#include "sae/sae.h"
#include "train.h"
#include "train/trainer.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *input;      /* where the input of this run lies */
static const char *scratch_in; /* and its scratch files */

/* Files of the folder whose names end so. */
static void seeds_of(const char *folder, const char *suffix) {
    struct dirent **list;
    int n = scandir(fuzz_source(folder), &list, NULL, alphasort);
    if (n <= 0) abort();
    for (int i = 0; i < n; i++) {
        size_t length = strlen(list[i]->d_name), end = strlen(suffix);
        if (length > end && strcmp(list[i]->d_name + length - end, suffix) == 0)
            fuzz_seed_file(text_of("%s/%s", folder, list[i]->d_name));
        free(list[i]);
    }
    free(list);
}

static void begin_matrix(const char *name) {
    input = scratch("%s", name);
    scratch_in = text_of("%s/", scratch_folder("scratch"));
}

static void begin_npy(void) {
    begin_matrix("m.npy");
    seeds_of("tests/specimens/formats", ".npy");
}

static void begin_npz(void) {
    begin_matrix("m.npz");
    seeds_of("tests/specimens/formats", ".npz");
    seeds_of("tests/specimens/formats/refused", ".npz");
}

static void begin_torch(void) {
    begin_matrix("m.pt");
    seeds_of("tests/specimens/formats", ".pt");
    seeds_of("tests/specimens/formats/refused", ".pt");
}

static void begin_safetensors(void) {
    begin_matrix("m.safetensors");
    seeds_of("tests/specimens/formats", ".safetensors");
    seeds_of("tests/specimens/formats/delphi_u16", ".safetensors");
}

/* Every tensor's first and last numbers. */
static void read_tensors(const tensor_file *file) {
    for (size_t i = 0; i < file->count; i++) {
        const tensor *t = &file->tensors[i];
        uint64_t n = 1;
        char text[200];
        float some[16];
        int64_t whole[16];
        tensor_shape_text(t, text, sizeof text);
        for (int k = 0; k < t->dims; k++) n *= t->shape[k];
        uint64_t row = t->dims ? t->shape[t->dims - 1] : 1, count = row < 16 ? row : 16;
        if (!n) continue;
        tensor_floats(t, 0, t->dims ? t->stride[t->dims - 1] : 1, count, some);
        tensor_raw_floats(t, 0, t->dims ? t->stride[t->dims - 1] : 1, count, some);
        tensor_integers(t, 0, t->dims ? t->stride[t->dims - 1] : 1, count, whole);
        tensor last = *t;
        while (last.dims > 0) last = tensor_select(&last, 0, last.shape[0] - 1);
        tensor_floats(&last, 0, 1, 1, some);
    }
}

static void read_matrix(const matrix *m) {
    matrix_costs(m);
    sparse_row entries = {0};
    float *row = m->cols <= 1 << 20 ? mem_new((size_t)m->cols, sizeof *row) : NULL;
    for (uint64_t r = 0; r < m->rows && r < 64; r++) {
        uint64_t at = r < 32 ? r : m->rows - 1 - (r - 32) % m->rows;
        matrix_place place;
        if (row) matrix_row(m, at, row);
        if (m->sparse) matrix_sparse_row(m, at, &entries);
        else if (matrix_place_of(m, at, &place)) {
            uint8_t byte[8];
            mapped_file_read(place.map, place.at, byte, tensor_size(place.tensor->dtype));
        }
    }
    free(row);
    sparse_row_free(&entries);
}

static void run_matrix(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_ZIP);
    tensor_file file;
    scry_error err = {0};
    bool ok = tensor_file_open(&file, input, "key", &err);
    fuzz_answered(ok, &err);
    if (ok) {
        read_tensors(&file);
        const tensor *dense;
        const tensor_sparse *sparse;
        bool chosen = tensor_choose(&file, NULL, "key", &dense, &sparse, &err);
        fuzz_answered(chosen, &err);
        tensor_file_close(&file);
    }
    matrix m;
    char *paths[] = {(char *)(uintptr_t)input, (char *)(uintptr_t)input};
    err = (scry_error){0};
    for (size_t n = 1; n <= 2; n++) {
        ok = matrix_open_in(&m, paths, n, NULL, scratch_in, "key", &err);
        fuzz_answered(ok, &err);
        bool sorted = ok && matrix_sort_sparse(&m, "key", &err);
        if (ok) fuzz_answered(sorted, &err);
        if (sorted) read_matrix(&m);
        matrix_close(&m);
    }
}

/* ---- pickles by themselves ------------------------------------------------------------------ */

static void begin_pickle(void) {
    fuzz_seed_file("tests/specimens/formats/refused/bare.pkl");
    static const char *const zipped[] = {"dict",      "nested",    "attributes", "list",      "protocol3",
                                         "protocol4", "protocol5", "coo",        "long_keys", "prompts"};
    for (size_t i = 0; i < sizeof zipped / sizeof *zipped; i++) {
        const char *path = fuzz_source(text_of("tests/specimens/formats/%s.pt", zipped[i]));
        if (!file_exists(path)) continue;
        size_t size;
        uint8_t *bytes = read_bytes(path, &size), *name = memmem(bytes, size, "data.pkl", 8);
        size_t at = name ? (size_t)(name - bytes) + 8 : size;
        while (at + 1 < size && !(bytes[at] == 0x80 && bytes[at + 1] >= 2 && bytes[at + 1] <= 5)) at++;
        if (at + 1 < size) fuzz_seed(bytes + at, size - at < 2000 ? size - at : 2000);
        free(bytes);
    }
}

static bool allow_most(const char *global) {
    return strchr(global, '_') != NULL;
}

static void run_pickle(const uint8_t *data, size_t size) {
    pickle p;
    scry_error err = {0};
    bool ok = pickle_read(&p, data, size, size, allow_most, "key: file", "refused", &err);
    fuzz_answered(ok, &err);
    pickle_free(&p);
}

/* ---- sharded weights ------------------------------------------------------------------------ */

#define SHARDED "tests/specimens/formats/sharded"

static void begin_shards(void) {
    static const char *const parts[] = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"};
    const char *folder = scratch_folder("sharded");
    for (size_t i = 0; i < 2; i++) {
        size_t size;
        uint8_t *bytes = read_bytes(fuzz_source(text_of(SHARDED "/%s", parts[i])), &size);
        write_bytes(text_of("%s/%s", folder, parts[i]), bytes, size);
        free(bytes);
    }
    begin_matrix("sharded/model.safetensors.index.json");
    seeds_of(SHARDED, ".index.json");
}

/* ---- SAEs ----------------------------------------------------------------------------------- */

/* Every file of every specimen, one of them damaged at a time. */
enum { SAE_FILES = 200 };
static struct {
    const char *folder, *path; /* copies */
    const char *source;
} sae_file[SAE_FILES];
static size_t sae_files;

static void copy_file(const char *from, const char *to) {
    size_t size;
    uint8_t *bytes = read_bytes(from, &size);
    write_bytes(to, bytes, size);
    free(bytes);
}

static void copy_folder(const char *from, const char *to, const char *whole) {
    struct dirent **list;
    int n = scandir(from, &list, NULL, alphasort);
    if (n < 0) abort();
    for (int i = 0; i < n; i++) {
        const char *source = text_of("%s/%s", from, list[i]->d_name), *copy = text_of("%s/%s", to, list[i]->d_name);
        struct stat st;
        if (list[i]->d_name[0] != '.' && stat(source, &st) == 0 && S_ISDIR(st.st_mode)) {
            if (mkdir(copy, 0700) != 0) abort();
            copy_folder(source, copy, whole ? whole : copy);
        } else if (list[i]->d_name[0] != '.' && whole && sae_files < SAE_FILES) {
            copy_file(source, copy);
            sae_file[sae_files].folder = whole;
            sae_file[sae_files].path = copy;
            sae_file[sae_files].source = source;
            fuzz_seed_numbered(sae_files++, source);
        }
        free(list[i]);
    }
    free(list);
}

static void begin_sae(void) {
    copy_folder(fuzz_source("tests/specimens/sae"), scratch_folder("saes"), NULL);
}

static void run_sae(const uint8_t *data, size_t size) {
    if (size < 2) return;
    size_t which = (data[0] | (size_t)data[1] << 8) % sae_files;
    fuzz_write(sae_file[which].path, data + 2, size - 2, FUZZ_ZIP);
    sae s;
    scry_error err = {0};
    scry_notes notes = {0};
    bool ok = sae_load(&s, sae_file[which].folder, NULL, &notes, &err);
    fuzz_answered(ok, &err);
    if (ok) {
        enum { N = 3 };
        float *x = mem_new((size_t)N * s.d_in, sizeof *x), *h = mem_new((size_t)N * s.d_sae, sizeof *h), floor[N];
        uint32_t ties[N], latents[] = {0, s.d_sae - 1};
        for (size_t i = 0; i < (size_t)N * s.d_in; i++) x[i] = (float)(i % 7) - 3;
        for (size_t i = 0; i < N; i++) sae_prepare(&s, x + i * s.d_in);
        sae_encode(&s, x, N, 0, s.d_sae, h);
        if (s.activation == SAE_TOPK) sae_topk(&s, h, N, 1, floor, ties);
        sae few;
        sae_subset(&few, &s, latents, s.d_sae > 1 ? 2 : 1);
        sae_free(&few);
        free(x);
        free(h);
        sae_free(&s);
    }
    scry_notes_free(&notes);
    copy_file(sae_file[which].source, sae_file[which].path);
}

/* ---- what a training run left --------------------------------------------------------------- */

static bool stop_at_once(void *context, const scry_train_progress *progress) {
    (void)context;
    (void)progress;
    return false;
}

/* The scratch folder's name is another each time: in a seed these six letters stand in the place of its own. */
#define UNNAMED "XXXXXX"

static void rename_all(uint8_t *bytes, size_t size, const char *from, const char *to) {
    for (uint8_t *at; (at = memmem(bytes, size, from, strlen(UNNAMED))) != NULL;) memcpy(at, to, strlen(UNNAMED));
}

static const char *own_name(void) {
    const char *path = scratch("x");
    return text_of("%.6s", strrchr(path, '/') - strlen(UNNAMED));
}

static void begin_checkpoint(void) {
    double x[64 * 6];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++) x[i] = roll_unit(&seed) - 0.5;
    const char *rows = scratch("rows.npy"), *folder = scratch("run");
    write_npy(rows, F32, 64, 6, x);
    scry_train_input captures = {.path = &rows, .paths = 1, .condition = -1};
    scry_train_run run = {.threads = 1, .progress = stop_at_once};
    scry_train_undecided(&run.settings);
    run.settings.width = 12;
    run.settings.batch = 8;
    scry_error err = {0};
    scry_train_result result;
    scry_train(folder, &captures, &run, &result, NULL, &err);
    input = text_of("%s/" CHECKPOINT_NAME, folder);
    size_t size;
    uint8_t *bytes = read_bytes(input, &size);
    rename_all(bytes, size, own_name(), UNNAMED);
    fuzz_seed(bytes, size);
    free(bytes);
}

static void run_checkpoint(const uint8_t *data, size_t size) {
    static const char *name;
    if (!name) name = own_name();
    uint8_t *copy = mem_new(size + 1, 1);
    if (size) memcpy(copy, data, size);
    rename_all(copy, size, UNNAMED, name);
    write_bytes(input, copy, size);
    free(copy);
    scry_error err = {0};
    scry_train_input captures = {.condition = -1};
    scry_train_run run = {.threads = 1, .progress = stop_at_once, .resume = true};
    scry_train_result result;
    char *folder = mem_copy_bytes(input, (size_t)(strrchr(input, '/') - input));
    bool ok = scry_train(folder, &captures, &run, &result, NULL, &err);
    fuzz_answered(ok, &err);
    free(folder);
}

const fuzz_target fuzz_tensor_targets[] = {
    {"npy", begin_npy, run_matrix},
    {"npz", begin_npz, run_matrix},
    {"torch", begin_torch, run_matrix},
    {"pickle", begin_pickle, run_pickle},
    {"safetensors", begin_safetensors, run_matrix},
    {"shards", begin_shards, run_matrix},
    {"sae", begin_sae, run_sae},
    {"checkpoint", begin_checkpoint, run_checkpoint},
    {NULL, NULL, NULL},
};
