/* model_open.c: opens a model's folder, and says what it is. */
#include "base/mem.h"
#include "base/path.h"
#include "model/amplify.h"
#include "model/lora.h"
#include "model/parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static bool open_weights(scry_model *m, scry_error *err) {
    static const char *const names[] = {"model.safetensors.index.json", "model.safetensors"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(m->folder, names[i]);
        bool there = access(path, F_OK) == 0;
        bool ok = there && tensor_file_open(&m->file, path, "model", err);
        free(path);
        if (there) return ok;
    }
    return scry_fail(
        err,
        "model: %s: found neither %s nor %s, expected the folder of a Hugging Face model with safetensors; "
        "convert other checkpoints with transformers' save_pretrained",
        m->folder, names[1], names[0]);
}

static bool adapt(scry_model *m, const char *adapter, scry_notes *notes, scry_error *err) {
    m->adapter = mem_copy_string(adapter);
    m->info.adapter = m->adapter;
    m->lora = lora_open(adapter, m->folder, notes, err);
    return m->lora && lora_attach(m->lora, m, err);
}

/* The bytes of config.json, for the fingerprint. */
static bool keep_config(scry_model *m, scry_error *err) {
    char *path = path_join(m->folder, "config.json");
    mapped_file map;
    bool ok = mapped_file_open(&map, path, "model", err);
    free(path);
    if (!ok) return false;
    m->config_size = (size_t)map.size;
    m->config = mem_copy_bytes((const char *)map.data, m->config_size);
    mapped_file_close(&map);
    return true;
}

static bool open_all(scry_model *m, const char *adapter, scry_notes *notes, scry_error *err) {
    if (!path_is_directory(m->folder))
        return scry_fail(err, "model: %s: found no folder, expected one with config.json and model.safetensors",
                         m->folder);
    char *adapter_file = path_join(m->folder, "adapter_config.json"),
         *config_file = path_join(m->folder, "config.json");
    bool only_adapter = access(adapter_file, F_OK) == 0 && access(config_file, F_OK) != 0;
    free(adapter_file);
    free(config_file);
    if (only_adapter)
        return scry_fail(err,
                         "model: %s: found a LoRA adapter, expected a model; give the model that it was trained on, "
                         "and this folder as its adapter",
                         m->folder);
    if (!model_plan_read(&m->plan, m->folder, notes, err) || !keep_config(m, err)) return false;
    m->family = model_family_find(m->plan.family);
    return open_weights(m, err) && model_weights_find(m, notes, err) && (!adapter || adapt(m, adapter, notes, err)) &&
           model_ends_find(m, err);
}

scry_model *scry_model_open(const char *folder, const char *adapter, scry_notes *notes, scry_error *err) {
    scry_model *m = mem_new(1, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') length--;
    m->folder = mem_copy_bytes(folder, length);
    m->info.path = m->folder;
    m->file.map.fd = -1;
    if (open_all(m, adapter, notes, err)) return m;
    scry_model_close(m);
    return NULL;
}

void scry_model_close(scry_model *m) {
    if (!m) return;
    model_weights_free(m);
    model_plan_free(&m->plan);
    tensor_file_close(&m->file);
    lora_close(m->lora);
    pthread_mutex_destroy(&m->lock);
    free(m->folder);
    free(m->adapter);
    free(m->config);
    free(m->ends);
    model_amplify_free(m);
    free(m);
}

const scry_model_info *scry_model_info_of(const scry_model *m) {
    return &m->info;
}

/* ---- fingerprint ---- */

static int by_name(const void *a, const void *b) {
    const tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* In the order of names, so that shards and a single file of the same weights have the same hash. */
static void hash_tensors(XXH3_state_t *state, const tensor_file *file) {
    const tensor **sorted = mem_new(file->count + 1, sizeof *sorted);
    for (size_t i = 0; i < file->count; i++) sorted[i] = &file->tensors[i];
    qsort(sorted, file->count, sizeof *sorted, by_name);
    for (size_t i = 0; i < file->count; i++) {
        const tensor *t = sorted[i];
        XXH3_64bits_update(state, t->name, strlen(t->name) + 1);
        XXH3_64bits_update(state, t->dtype_name, strlen(t->dtype_name) + 1);
        XXH3_64bits_update(state, t->shape, (size_t)t->dims * sizeof *t->shape);
        XXH3_64bits_update(state, t->data, (size_t)(tensor_elements(t) * tensor_size(t->dtype)));
    }
    free(sorted);
}

uint64_t scry_model_fingerprint(const scry_model *model) {
    scry_model *m = (scry_model *)(uintptr_t)model; /* kept once computed */
    pthread_mutex_lock(&m->lock);
    if (!m->fingerprint) {
        XXH3_state_t *state = mem_check(XXH3_createState());
        XXH3_64bits_reset(state);
        XXH3_64bits_update(state, m->config, m->config_size);
        hash_tensors(state, &m->file);
        uint64_t changes = m->lora ? lora_fingerprint(m->lora) : 0;
        if (m->lora) XXH3_64bits_update(state, &changes, sizeof changes);
        const uint64_t line = model_amplify_hash(m);
        if (line) XXH3_64bits_update(state, &line, sizeof line);
        m->fingerprint = XXH3_64bits_digest(state);
        XXH3_freeState(state);
    }
    uint64_t fingerprint = m->fingerprint;
    pthread_mutex_unlock(&m->lock);
    return fingerprint;
}
