/* lora.c: the tensors of a LoRA adapter, and what they add to a model's weights. */
#include "model/lora.h"

#include "base/blas.h"
#include "base/mem.h"
#include "base/path.h"
#include "model/lora_settings.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct lora_change {
    weight_delta delta;  /* first: what weights point to */
    char *module;        /* "model.layers.0.self_attn.q_proj" */
    const tensor *A, *B; /* [r, in], [out, r]; NULL: nothing is added */
    const tensor *whole; /* PEFT's copy of the model's own tensor, which it saves with changes of a head; or NULL */
    float scale;
    bool used;
} lora_change;

struct lora {
    config settings;
    tensor_file file;
    lora_change *changes;
    size_t count;
};

/* ---- tensors ------------------------------------------------------------------------------------ */

static lora_change *change_of(lora *a, const char *module, size_t length) {
    for (size_t i = 0; i < a->count; i++)
        if (strlen(a->changes[i].module) == length && strncmp(a->changes[i].module, module, length) == 0)
            return &a->changes[i];
    a->changes = mem_resize(a->changes, a->count + 1, sizeof *a->changes);
    a->changes[a->count] = (lora_change){.module = mem_copy_bytes(module, length)};
    return &a->changes[a->count++];
}

static bool refuse_tensor(const lora *a, const char *name, const char *what, scry_error *err) {
    return scry_fail(err, "adapter: %s: %.200s: found %s, expected changes lora_A and lora_B of linear layers only; %s",
                     a->file.map.path, name, what, LORA_MERGE);
}

/* "base_model.model.MODULE.lora_A.weight" */
static bool place_tensor(lora *a, const tensor *t, scry_error *err) {
    static const struct {
        const char *text;
        char part;
    } endings[] = {{".lora_A.weight", 'A'},         {".lora_B.weight", 'B'},     {".lora_A.default.weight", 'A'},
                   {".lora_B.default.weight", 'B'}, {".base_layer.weight", 'W'}, {".weight", 'W'}};
    const char *name = t->name, prefix[] = "base_model.model.";
    if (strncmp(name, prefix, strlen(prefix)) == 0) name += strlen(prefix);
    if (strstr(name, ".lora_embedding_")) return refuse_tensor(a, t->name, "a change of an embedding", err);
    if (strstr(name, ".lora_magnitude_vector")) return refuse_tensor(a, t->name, "DoRA's magnitudes", err);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (!path_ends_with(name, endings[i].text)) continue;
        char text[100];
        if (t->dims != 2 || !tensor_is_float(t->dtype) || !t->shape[0] || !t->shape[1] ||
            tensor_elements(t) > tensor_file_bytes(&a->file)) /* rows that are one and the same */
            return scry_fail(err, "adapter: %s: %.200s: found %s %s, expected a matrix of floating-point numbers",
                             a->file.map.path, t->name, t->dtype_name, tensor_shape_text(t, text, sizeof text));
        lora_change *change = change_of(a, name, strlen(name) - strlen(endings[i].text));
        const tensor **at = endings[i].part == 'A' ? &change->A : endings[i].part == 'B' ? &change->B : &change->whole;
        if (*at) return refuse_tensor(a, t->name, "a second one of the same layer", err);
        *at = t;
        return true;
    }
    return refuse_tensor(a, t->name, strstr(name, ".lora_") ? "another part of an adapter" : "a whole tensor", err);
}

/* Rows first..first + rows, columns from..from + columns; the number of them that are not finite, if asked for. */
static float *widen(const tensor *t, uint64_t first, uint64_t rows, uint64_t from, uint64_t columns, uint64_t *wrong) {
    float *out = mem_new((size_t)(rows * columns) + 1, sizeof *out);
    for (uint64_t r = 0; r < rows; r++) {
        uint64_t at = (uint64_t)((int64_t)(first + r) * t->stride[0] + (int64_t)from * t->stride[1]);
        uint64_t not_finite = tensor_floats(t, at, t->stride[1], columns, out + r * columns);
        if (wrong) *wrong += not_finite;
    }
    return out;
}

static bool is_finite(const lora *a, const tensor *t, scry_error *err) {
    uint64_t wrong = 0;
    for (uint64_t r = 0; r < t->shape[0]; r++) free(widen(t, r, 1, 0, t->shape[1], &wrong));
    return !wrong || scry_fail(err, "adapter: %s: %.200s: found %llu values that are NaN or infinite, expected none",
                               a->file.map.path, t->name, (unsigned long long)wrong);
}

static bool complete(const lora *a, lora_change *change, scry_error *err) {
    const tensor *A = change->A, *B = change->B;
    if (!A && !B) return true;
    if (!A || !B)
        return scry_fail(err, "adapter: %s: %.200s: found lora_%s without lora_%s, expected both", a->file.map.path,
                         change->module, A ? "A" : "B", A ? "B" : "A");
    char a_text[100], b_text[100];
    if (A->shape[0] != B->shape[1] || A->shape[0] > INT32_MAX || A->shape[1] > INT32_MAX || B->shape[0] > INT32_MAX)
        return scry_fail(err, "adapter: %s: %.200s: found lora_A %s and lora_B %s, expected [r, in] and [out, r]",
                         a->file.map.path, change->module, tensor_shape_text(A, a_text, sizeof a_text),
                         tensor_shape_text(B, b_text, sizeof b_text));
    return is_finite(a, A, err) && is_finite(a, B, err) &&
           lora_scale(&a->settings, change->module, A->shape[0], &change->scale, err);
}

static bool read_tensors(lora *a, scry_error *err) {
    size_t changes = 0;
    for (size_t i = 0; i < a->file.count; i++)
        if (!place_tensor(a, &a->file.tensors[i], err)) return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!complete(a, &a->changes[i], err)) return false;
        changes += a->changes[i].A != NULL;
    }
    return changes || scry_fail(err, "adapter: %s: found no change, expected lora_A and lora_B of linear layers",
                                a->file.map.path);
}

/* ---- opening ------------------------------------------------------------------------------------ */

/* The last name of a path or of "org/name", without slashes at the end. */
static char *last_name(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    char *copy = mem_copy_bytes(path, length), *out = mem_copy_string(path_file_name(copy));
    free(copy);
    return out;
}

/* A note when the adapter names another model than the folder; the Hub's cache has the name further up. */
static void compare_base(const config *c, const char *base, scry_notes *notes) {
    const cJSON *item = config_find(c, "base_model_name_or_path");
    if (!notes || !cJSON_IsString(item) || !*item->valuestring) return;
    char *wanted = last_name(item->valuestring), *real = realpath(base, NULL), *found = last_name(real ? real : base);
    char *cached = mem_format("--%s/", wanted);
    if (strcasecmp(wanted, found) != 0 && !(real && strstr(real, cached)))
        scry_notes_add(
            notes,
            "adapter: %s: was trained on \"%.200s\", and the model is \"%s\": results are the adapter's only "
            "if that is the same model",
            c->path, item->valuestring, base);
    free(wanted);
    free(found);
    free(cached);
    free(real);
}

static char *weights_path(const char *folder) {
    char *path = path_join(folder, "adapter_model.safetensors"), *older = path_join(folder, "adapter_model.bin");
    bool use_older = access(path, F_OK) != 0 && access(older, F_OK) == 0;
    free(use_older ? path : older);
    return use_older ? older : path;
}

static bool open_files(lora *a, const char *folder, scry_error *err) {
    if (!path_is_directory(folder))
        return scry_misuse(err,
                           "adapter: %s: found no folder, expected one with adapter_config.json and "
                           "adapter_model.safetensors",
                           folder);
    char *path = path_join(folder, "adapter_config.json");
    bool ok = config_open(&a->settings, path, "adapter", "{\"peft_type\": \"LORA\"}", err);
    free(path);
    if (!ok || !lora_check_kind(&a->settings, err)) return false;
    path = weights_path(folder);
    ok = tensor_file_open(&a->file, path, "adapter", err);
    free(path);
    return ok;
}

lora *lora_open(const char *folder, const char *base, scry_notes *notes, scry_error *err) {
    lora *a = mem_new(1, sizeof *a);
    if (open_files(a, folder, err) && read_tensors(a, err) && lora_check_rest(&a->settings, notes, err)) {
        compare_base(&a->settings, base, notes);
        return a;
    }
    lora_close(a);
    return NULL;
}

void lora_close(lora *a) {
    if (!a) return;
    for (size_t i = 0; i < a->count; i++) free(a->changes[i].module);
    free(a->changes);
    if (a->file.map.path) tensor_file_close(&a->file);
    config_close(&a->settings);
    free(a);
}

/* ---- what is added ------------------------------------------------------------------------------ */

static void add_change(const weight_delta *delta, const weight_matrix *w, uint32_t first, uint32_t rows, uint32_t from,
                       uint32_t to, float *out) {
    const lora_change *c = (const lora_change *)delta;
    uint32_t rank = (uint32_t)c->A->shape[0], columns = to - from;
    if (!rows || !columns) return;
    float *A = widen(c->A, 0, rank, from, columns, NULL), *B = mem_new((size_t)rows * rank, sizeof *B);
    for (uint32_t r = 0; r < rows; r++)
        tensor_floats(c->B, (uint64_t)((int64_t)weight_stored_row(w, first + r) * c->B->stride[0]), c->B->stride[1],
                      rank, B + (size_t)r * rank);
    blas_room();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)rows, (blasint)columns, (blasint)rank, c->scale, B,
                (blasint)rank, A, (blasint)columns, 1, out, (blasint)columns);
    free(A);
    free(B);
}

/* ---- attaching ---------------------------------------------------------------------------------- */

/* Do the names differ by a prefix such as "model." at most? One with a number in it would name other layers. */
static bool same_module(const char *a, const char *b) {
    size_t longer = strlen(a), shorter = strlen(b);
    if (longer < shorter) return same_module(b, a);
    return lora_name_ends(a, b) && strcspn(a, "0123456789") >= longer - shorter;
}

typedef struct attaching {
    lora *adapter;
    scry_model *model;
    scry_error *err;
} attaching;

/* A matrix of the model, whole or one of those that are stored as one. */
static bool attach(attaching *at, model_part part, uint32_t layer, weight_matrix *w) {
    char name[200];
    const lora *a = at->adapter;
    const tensor *t = w->t ? model_tensor(at->model, part, layer, "", name) : NULL;
    (void)t; /* only the name */
    for (size_t i = 0; i < a->count && w->t; i++) {
        lora_change *c = &a->changes[i];
        if (!c->A || !same_module(c->module, name)) continue;
        uint64_t out = w->t->shape[w->in_out], in = w->t->shape[!w->in_out];
        if (c->A->shape[1] != in || c->B->shape[0] != out)
            return scry_fail(
                at->err,
                "adapter: %s: %.200s: found a change of [%llu, %llu], expected [%llu, %llu] as in %s; name "
                "the model that the adapter was trained on",
                a->file.map.path, c->module, (unsigned long long)c->B->shape[0], (unsigned long long)c->A->shape[1],
                (unsigned long long)out, (unsigned long long)in, at->model->folder);
        c->used = true;
        w->delta = &c->delta;
    }
    return true;
}

static bool attach_block(attaching *at, uint32_t layer) {
    block_weights *b = &at->model->block[layer];
    bool apart = at->model->family->qkv == QKV_APART;
    return attach(at, apart ? PART_Q : PART_QKV, layer, &b->q) && attach(at, apart ? PART_K : PART_QKV, layer, &b->k) &&
           attach(at, apart ? PART_V : PART_QKV, layer, &b->v) && attach(at, PART_O, layer, &b->o) &&
           attach(at, PART_GATE, layer, &b->gate) && attach(at, PART_UP, layer, &b->up) &&
           attach(at, PART_DOWN, layer, &b->down);
}

static bool same_values(const tensor *a, const tensor *b) {
    if (b->dims != 2 || a->shape[0] != b->shape[0] || a->shape[1] != b->shape[1]) return false;
    bool same = true;
    for (uint64_t r = 0; r < a->shape[0] && same; r++) {
        float *x = widen(a, r, 1, 0, a->shape[1], NULL), *y = widen(b, r, 1, 0, a->shape[1], NULL);
        same = memcmp(x, y, (size_t)a->shape[1] * sizeof *x) == 0;
        free(x);
        free(y);
    }
    return same;
}

/* A whole tensor of the adapter has to be one of the model's. */
static bool check_whole(const attaching *at, const lora_change *c) {
    const tensor_file *file = &at->model->file;
    for (size_t i = 0; i < file->count; i++) {
        char *name = file->tensors[i].name, *module = mem_copy_string(name);
        if (path_ends_with(name, ".weight")) module[strlen(name) - strlen(".weight")] = 0;
        bool same = same_module(c->module, module) && same_values(c->whole, &file->tensors[i]);
        free(module);
        if (same) return true;
    }
    return refuse_tensor(at->adapter, c->whole->name, "a whole tensor that the model does not have so", at->err);
}

bool lora_attach(lora *a, scry_model *m, scry_error *err) {
    attaching at = {a, m, err};
    blas_single();
    for (uint32_t l = 0; l < m->plan.layers; l++)
        if (!attach_block(&at, l)) return false;
    if (!m->info.tied && !attach(&at, PART_HEAD, 0, &m->head)) return false;
    for (size_t i = 0; i < a->count; i++) {
        lora_change *c = &a->changes[i];
        c->delta.add = add_change;
        if (c->A && !c->used)
            return scry_fail(err,
                             "adapter: %s: %.200s: found a change of a layer that the model (%s%s) does not have, "
                             "expected only those that it has; name the model that the adapter was trained on",
                             a->file.map.path, c->module, m->plan.family, m->info.tied ? ", tied" : "");
        if (c->whole && !check_whole(&at, c)) return false;
    }
    return true;
}

uint64_t lora_fingerprint(const lora *a) {
    XXH3_state_t *state = mem_check(XXH3_createState());
    XXH3_64bits_reset(state);
    for (size_t i = 0; i < a->count; i++) {
        const lora_change *c = &a->changes[i];
        XXH3_64bits_update(state, c->module, strlen(c->module) + 1);
        XXH3_64bits_update(state, &c->scale, sizeof c->scale);
        for (int k = 0; k < 2 && c->A; k++) {
            const tensor *t = k ? c->B : c->A;
            for (uint64_t r = 0; r < t->shape[0]; r++) {
                float *row = widen(t, r, 1, 0, t->shape[1], NULL);
                XXH3_64bits_update(state, row, (size_t)t->shape[1] * sizeof *row);
                free(row);
            }
        }
    }
    uint64_t hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return hash;
}
