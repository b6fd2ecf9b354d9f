/* target_model.c: folders of language models and of LoRA adapters: config.json, weights, shards and their index. */
#include "fuzz.h"

#include "base/mem.h"
#include "model.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define MODELS   "tests/specimens/models"
#define ADAPTERS "tests/specimens/adapters"

/* Every file of every specimen, one of them damaged at a time. */
enum { FILES = 300 };
static struct {
    const char *model, *adapter; /* folders; copies */
    const char *path, *source;   /* of the file */
} file[FILES];
static size_t files;

static void copy_file(const char *from, const char *to) {
    size_t size;
    uint8_t *bytes = read_bytes(from, &size);
    write_bytes(to, bytes, size);
    free(bytes);
}

static void copy_folder(const char *from, const char *to, const char *model, const char *adapter) {
    struct dirent **list;
    int n = scandir(from, &list, NULL, alphasort);
    if (n < 0) abort();
    for (int i = 0; i < n; i++) {
        const char *name = list[i]->d_name, *source = text_of("%s/%s", from, name), *copy = text_of("%s/%s", to, name);
        if (*name != '.' && strcmp(name, "expected.safetensors") != 0 && files < FILES) {
            copy_file(source, copy);
            file[files].model = model;
            file[files].adapter = adapter;
            file[files].path = copy;
            file[files].source = source;
            fuzz_seed_numbered(files++, source);
        }
        free(list[i]);
    }
    free(list);
}

/* Names of the first two columns of a list. */
static void for_each(const char *path, void (*with)(const char *name, const char *second)) {
    size_t size;
    char *list = (char *)read_bytes(fuzz_source(path), &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) {
        const char *name = strsep(&line, "\t");
        with(name, line);
    }
    free(list);
}

static void add_model(const char *name, const char *family) {
    (void)family;
    const char *to = scratch_folder("%s", name);
    copy_folder(fuzz_source(text_of(MODELS "/%s", name)), to, to, NULL);
}

static void add_adapter(const char *name, const char *base) {
    const char *to = scratch_folder("lora-%s", name);
    copy_folder(fuzz_source(text_of(ADAPTERS "/%s", name)), to, fuzz_source(text_of(MODELS "/%s", base)), to);
}

static void begin_model(void) {
    for_each(MODELS "/list.tsv", add_model);
}

static void begin_adapter(void) {
    for_each(ADAPTERS "/list.tsv", add_adapter);
}

static void sum_up(void *context, size_t row, const float *logits) {
    double *sum = context;
    (void)row;
    *sum += (double)logits[0];
}

static void use(const scry_model *model) {
    const scry_model_info *info = scry_model_info_of(model);
    enum { N = 9 };
    scry_error err = {0};
    scry_run *run = scry_run_new(model, &(scry_run_options){.threads = 1, .memory = 64 << 20}, &err);
    fuzz_answered(run != NULL, &err);
    if (!run) return;
    uint32_t ids[N];
    for (uint32_t i = 0; i < N; i++) ids[i] = i % info->vocabulary;
    float *x = mem_new((size_t)2 * N, info->d_model * sizeof *x);
    double sum = 0;
    scry_hook first = {0, SCRY_RESID_PRE}, last = {info->layers - 1, SCRY_MLP_OUT};
    scry_prefix *prefix = scry_prefix_new(run, NULL, ids, 3, NULL, &err);
    fuzz_answered(prefix != NULL, &err);
    scry_sequence sequences[] = {{NULL, ids, N}, {prefix, ids + 3, N - 3}};
    size_t count = prefix ? 2 : 1;
    fuzz_answered(scry_run_to_hook(run, last, sequences, count, x, &err), &err);
    bool ok = scry_run_to_hook(run, first, sequences, count, x, &err);
    fuzz_answered(ok, &err);
    if (ok) fuzz_answered(scry_run_logits(run, sequences, count, &first, x, NULL, sum_up, &sum, &err), &err);
    scry_prefix_free(prefix);
    scry_run_free(run);
    free(x);
    (void)scry_model_fingerprint(model);
}

static void run_model(const uint8_t *data, size_t size) {
    if (size < 2) return;
    size_t which = (data[0] | (size_t)data[1] << 8) % files;
    write_bytes(file[which].path, data + 2, size - 2);
    scry_error err = {0};
    scry_notes notes = {0};
    scry_model *model = scry_model_open(file[which].model, file[which].adapter, &notes, &err);
    fuzz_answered(model != NULL, &err);
    if (model) use(model);
    scry_model_close(model);
    scry_notes_free(&notes);
    copy_file(file[which].source, file[which].path);
}

const fuzz_target fuzz_model_targets[] = {
    {"model", begin_model, run_model},
    {"adapter", begin_adapter, run_model},
    {NULL, NULL, NULL},
};
