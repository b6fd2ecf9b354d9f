/* train/checkpoint.c: all that a run needs to go on. */
#include "train/trainer.h"
#include "base/mem.h"
#include "io/formats/safetensors_write.h"
#include "io/tensor.h"

#include <stdlib.h>
#include <string.h>

static char *joined_paths(char *const *path, size_t paths) {
    char *text = mem_copy_string("");
    for (size_t i = 0; i < paths; i++) {
        char *longer = mem_format("%s%s\n", text, path[i]);
        free(text);
        text = longer;
    }
    return text;
}

static uint8_t *joined_names(const trainer *t, uint64_t *size) {
    const char *model = t->model_name ? t->model_name : "", *hook = t->hook_name ? t->hook_name : "";
    size_t first = strlen(model) + 1;
    *size = first + strlen(hook) + 1;
    uint8_t *bytes = mem_new((size_t)*size, 1);
    memcpy(bytes, model, first);
    memcpy(bytes + first, hook, (size_t)*size - first);
    return bytes;
}

bool checkpoint_write(const trainer *t, const char *folder, scry_error *err) {
    char *path = mem_format("%s/%s", folder, CHECKPOINT_NAME), *captures = joined_paths(t->data.path, t->data.paths);
    char *minus = joined_paths(t->data.minus, t->data.minus ? t->data.paths : 0);
    uint64_t count = t->model.count, F = t->model.F, length = strlen(captures), subtracted = strlen(minus), named;
    uint8_t *names = joined_names(t, &named);
    const uint64_t place[PLACES] = {t->done,
                                    t->stream.epoch,
                                    t->stream.window,
                                    t->stream.at,
                                    t->fingerprint,
                                    (uint64_t)(t->data.condition + 1),
                                    t->data.allow_nonfinite,
                                    t->data.outliers.kept};
    const double numbers[NUMBERS] = {(double)t->scale, t->threshold, t->data.outliers.max_norm_ratio};
    const struct {
        safetensors_item item;
        const void *bytes;
        uint64_t size;
    } parts[] = {
        {{"parameters", TENSOR_F32, 1, {count}}, t->model.all, count * 4},
        {{"first_moment", TENSOR_F32, 1, {count}}, t->adam.m, count * 4},
        {{"second_moment", TENSOR_F32, 1, {count}}, t->adam.v, count * 4},
        {{"silent", TENSOR_U64, 1, {F}}, t->revive.silent, F * 8},
        {{"settings", TENSOR_F64, 1, {SETTINGS}}, &t->settings, SETTINGS * 8},
        {{"place", TENSOR_U64, 1, {PLACES}}, place, sizeof place},
        {{"numbers", TENSOR_F64, 1, {NUMBERS}}, numbers, sizeof numbers},
        {{"captures", TENSOR_U8, 1, {length}}, captures, length},
        {{"names", TENSOR_U8, 1, {named}}, names, named},
        {{"minus", TENSOR_U8, 1, {subtracted}}, minus, subtracted}, /* last: only where there is one */
    };
    enum { PARTS = sizeof parts / sizeof *parts };
    const int used = subtracted ? PARTS : PARTS - 1;
    safetensors_item items[PARTS];
    for (int i = 0; i < used; i++) items[i] = parts[i].item;
    safetensors_writer w;
    bool ok = safetensors_create(&w, path, items, (size_t)used, err);
    for (int i = 0; i < used && ok; i++) safetensors_put(&w, parts[i].bytes, (size_t)parts[i].size);
    ok = ok && safetensors_finish(&w, err);
    free(captures);
    free(minus);
    free(names);
    free(path);
    return ok;
}

/* The bytes of a tensor of `count` numbers; NULL and err when it is another. */
static const uint8_t *bytes_of(const tensor_file *file, const char *name, tensor_dtype dtype, uint64_t count,
                               scry_error *err) {
    const tensor *t = tensor_find(file, name);
    if (t && t->dtype == dtype && t->dims == 1 && (t->shape[0] == count || !count)) return t->data;
    scry_fail(err, "%s: %s: found %s, expected the tensor of a checkpoint of this version of scry", file->map.path,
              name, t ? "another type or length" : "nothing");
    return NULL;
}

static void split_paths(char ***path, size_t *paths, const char *text, size_t length) {
    for (size_t from = 0; from < length;) {
        const char *end = memchr(text + from, '\n', length - from);
        size_t size = end ? (size_t)(end - text) - from : length - from;
        *path = mem_resize(*path, *paths + 1, sizeof **path);
        (*path)[(*paths)++] = mem_copy_bytes(text + from, size);
        from += size + 1;
    }
}

static void split_names(checkpoint *c, const char *text, size_t length) {
    for (int i = 0; i < 2; i++) {
        const char *end = memchr(text, 0, length);
        if (!end) return;
        if (end > text) c->name[i] = mem_copy_string(text);
        length -= (size_t)(end - text) + 1;
        text = end + 1;
    }
}

/* Of a run on differences: what was subtracted from each of its captures. */
static bool open_minus(checkpoint *c, const tensor_file *file, scry_error *err) {
    if (!tensor_find(file, "minus")) return true;
    const uint8_t *minus = bytes_of(file, "minus", TENSOR_U8, 0, err);
    if (!minus) return false;
    split_paths(&c->minus, &c->minuses, (const char *)minus, (size_t)tensor_find(file, "minus")->shape[0]);
    return c->minuses == c->paths ||
           scry_fail(err, "%s: minus: found %zu paths, expected %zu, one of each capture; the checkpoint is damaged",
                     file->map.path, c->minuses, c->paths);
}

bool checkpoint_open(checkpoint *c, const char *folder, scry_error *err) {
    *c = (checkpoint){0};
    char *path = mem_format("%s/%s", folder, CHECKPOINT_NAME);
    tensor_file *file = mem_new(1, sizeof *file);
    bool ok = tensor_file_open(file, path, NULL, err);
    free(path);
    if (!ok) {
        free(file);
        return false;
    }
    c->file = file;
    const uint8_t *settings = bytes_of(file, "settings", TENSOR_F64, SETTINGS, err);
    const uint8_t *place = settings ? bytes_of(file, "place", TENSOR_U64, PLACES, err) : NULL;
    const uint8_t *numbers = place ? bytes_of(file, "numbers", TENSOR_F64, NUMBERS, err) : NULL;
    const uint8_t *captures = numbers ? bytes_of(file, "captures", TENSOR_U8, 0, err) : NULL;
    const uint8_t *names = captures ? bytes_of(file, "names", TENSOR_U8, 0, err) : NULL;
    if (!names) return false;
    memcpy(&c->settings, settings, sizeof c->settings);
    memcpy(c->place, place, sizeof c->place);
    memcpy(c->number, numbers, sizeof c->number);
    split_paths(&c->path, &c->paths, (const char *)captures, (size_t)tensor_find(file, "captures")->shape[0]);
    split_names(c, (const char *)names, (size_t)tensor_find(file, "names")->shape[0]);
    return open_minus(c, file, err);
}

bool checkpoint_has(const checkpoint *c, uint64_t parameters, scry_error *err) {
    return bytes_of(c->file, "parameters", TENSOR_F32, parameters, err) != NULL;
}

bool checkpoint_damaged(const checkpoint *c, scry_error *err) {
    const scry_error why = *err;
    return scry_fail(err, "%s: %s; the checkpoint is damaged", ((const tensor_file *)c->file)->map.path, why.text);
}

static bool fill(const tensor_file *file, const char *name, tensor_dtype dtype, size_t size, void *out, uint64_t count,
                 scry_error *err) {
    const uint8_t *bytes = bytes_of(file, name, dtype, count, err);
    if (bytes) memcpy(out, bytes, (size_t)count * size);
    return bytes != NULL;
}

bool checkpoint_fill(const checkpoint *c, trainer *t, scry_error *err) {
    const tensor_file *file = c->file;
    size_t count = t->model.count;
    bool ok = fill(file, "parameters", TENSOR_F32, 4, t->model.all, count, err) &&
              fill(file, "first_moment", TENSOR_F32, 4, t->adam.m, count, err) &&
              fill(file, "second_moment", TENSOR_F32, 4, t->adam.v, count, err) &&
              fill(file, "silent", TENSOR_U64, 8, t->revive.silent, t->model.F, err);
    mapped_file_drop_pages(&file->map);
    return ok;
}

void checkpoint_close(checkpoint *c) {
    if (c->file) tensor_file_close(c->file);
    free(c->file);
    for (size_t i = 0; i < c->paths; i++) free(c->path[i]);
    free(c->path);
    for (size_t i = 0; i < c->minuses; i++) free(c->minus[i]);
    free(c->minus);
    free(c->name[0]);
    free(c->name[1]);
    *c = (checkpoint){0};
}
