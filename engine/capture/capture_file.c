/* capture/capture_file.c: see capture_file.h. */
#include "capture/capture_file.h"
#include "capture/capture_settings.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/float_narrow.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HASH_DIGITS = 16, CHUNK = 1 << 20 };
static const char no_hash[] = "----------------";

static const struct {
    tensor_dtype dtype;
    uint32_t bytes;
} dtypes[SCRY_CAPTURE_DTYPES] = {{TENSOR_F16, 2}, {TENSOR_BF16, 2}, {TENSOR_F32, 4}}; /* as scry_capture_dtype */

/* ---- what is there ---- */

static const cJSON *text_in(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item : NULL;
}

/* The hash of the bytes from `at` on; false when they cannot be read. */
static bool hash_of(mapped_file *map, uint64_t at, char out[HASH_DIGITS + 1]) {
    XXH3_state_t *state = mem_check(XXH3_createState());
    XXH3_64bits_reset(state);
    uint8_t *bytes = mem_new(CHUNK, 1);
    bool ok = true;
    mapped_file_open_fd(map);
    for (uint64_t size; ok && at < map->size; at += size) {
        size = map->size - at < CHUNK ? map->size - at : CHUNK;
        ok = mapped_file_read(map, at, bytes, (size_t)size);
        if (ok) XXH3_64bits_update(state, bytes, (size_t)size);
    }
    mapped_file_close_fd(map);
    free(bytes);
    snprintf(out, HASH_DIGITS + 1, "%016" PRIx64, XXH3_64bits_digest(state));
    XXH3_freeState(state);
    return ok;
}

static bool has_shape(const cJSON *header, uint64_t rows, uint32_t d, const char *dtype) {
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(header, "residual");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *found = text_in(entry, "dtype");
    const cJSON *first = cJSON_GetArrayItem(shape, 0), *second = cJSON_GetArrayItem(shape, 1);
    return found && strcmp(found->valuestring, dtype) == 0 && cJSON_GetArraySize(shape) == 2 && cJSON_IsNumber(first) &&
           cJSON_IsNumber(second) && first->valuedouble == (double)rows && second->valuedouble == d;
}

static capture_state state_of(mapped_file *map, const cJSON *header, uint64_t data, const cJSON *settings,
                              uint64_t rows, uint32_t d, bool verify, char **why) {
    const cJSON *about = cJSON_GetObjectItemCaseSensitive(header, "__metadata__");
    const cJSON *text = text_in(about, "settings"), *hash = text_in(about, "hash");
    cJSON *found = text ? json_parse(text->valuestring, strlen(text->valuestring)) : NULL;
    if (!cJSON_IsObject(found) || !hash) {
        cJSON_Delete(found);
        *why = mem_copy_string("it was not written by scry capture");
        return CAPTURE_OTHER;
    }
    *why = capture_settings_difference(found, settings);
    cJSON_Delete(found);
    if (*why) return CAPTURE_OTHER;
    const cJSON *name = text_in(settings, "dtype");
    int dtype = name ? scry_capture_dtype_of(name->valuestring) : 0;
    char expected[HASH_DIGITS + 1];
    bool whole = dtype >= 0 && map->size - data == rows * d * dtypes[dtype].bytes &&
                 has_shape(header, rows, d, safetensors_dtypes[dtypes[dtype].dtype]);
    if (whole && verify) whole = hash_of(map, data, expected) && strcmp(expected, hash->valuestring) == 0;
    if (!whole) *why = mem_copy_string("its bytes do not match its hash");
    return whole ? CAPTURE_KEPT : CAPTURE_DAMAGED;
}

capture_state capture_file_state(const char *path, const cJSON *settings, uint64_t rows, uint32_t d, bool verify,
                                 char **why) {
    mapped_file map;
    *why = NULL;
    if (access(path, F_OK) != 0) return CAPTURE_ABSENT;
    if (!mapped_file_open(&map, path, NULL, NULL)) {
        *why = mem_copy_string("it cannot be read");
        return CAPTURE_DAMAGED;
    }
    uint64_t length = 0;
    if (map.size >= sizeof length) memcpy(&length, map.data, sizeof length);
    bool fits = length && length <= map.size - sizeof length && length <= JSON_PREFIX_MAX;
    cJSON *header = fits ? json_parse((const char *)map.data + sizeof length, (size_t)length) : NULL;
    capture_state state = state_of(&map, header, sizeof length + length, settings, rows, d, verify, why);
    cJSON_Delete(header);
    mapped_file_close(&map);
    return state;
}

/* ---- writing ---- */

bool capture_file_begin(capture_file *f, const char *path, const cJSON *settings, scry_capture_dtype dtype,
                        uint64_t rows, uint32_t d, scry_error *err) {
    char *text = cJSON_PrintUnformatted(settings);
    const cJSON *condition = text_in(settings, "condition"), *hook = text_in(settings, "hook");
    const char *const about[][2] = {{"condition", condition ? condition->valuestring : ""},
                                    {"hook", hook ? hook->valuestring : ""},
                                    {"hash", no_hash},
                                    {"settings", text}};
    safetensors_item item = {"residual", dtypes[dtype].dtype, 2, {rows, d}};
    *f = (capture_file){.dtype = dtype, .d = d};
    bool ok = safetensors_create_about(&f->writer, path, &item, 1, about, sizeof about / sizeof *about, err);
    cJSON_free(text);
    if (!ok) return false;
    f->half = mem_new(d, sizeof *f->half);
    f->hash = mem_check(XXH3_createState());
    XXH3_64bits_reset(f->hash);
    return true;
}

bool capture_file_row(capture_file *f, const float *row, scry_error *err) {
    size_t wrong = f->d;
    if (f->dtype == SCRY_CAPTURE_F16) wrong = float_narrow_f16(row, f->d, f->half);
    else if (f->dtype == SCRY_CAPTURE_BF16) wrong = float_narrow_bf16(row, f->d, f->half);
    else
        for (size_t i = 0; i < f->d && wrong == f->d; i++)
            if (!isfinite(row[i])) wrong = i;
    if (wrong < f->d && isfinite(row[wrong]))
        return scry_fail(err, "%s: found a residual of %g, beyond what F16 holds; expected --dtype bf16 or f32",
                         f->writer.out.path, (double)row[wrong]);
    if (wrong < f->d)
        return scry_fail(err,
                         "%s: the model computed NaN or infinity in dimension %zu; its weights or its config.json "
                         "are damaged",
                         f->writer.out.path, wrong);
    const void *bytes = f->dtype == SCRY_CAPTURE_F32 ? (const void *)row : f->half;
    size_t size = (size_t)f->d * dtypes[f->dtype].bytes;
    XXH3_64bits_update(f->hash, bytes, size);
    safetensors_put(&f->writer, bytes, size);
    if (!f->writer.failed) return true;
    return scry_fail(err, "%s: cannot be written: %s", f->writer.out.path, strerror(f->writer.failed));
}

bool capture_file_end(capture_file *f, bool ok, scry_error *err) {
    char hash[HASH_DIGITS + 1];
    snprintf(hash, sizeof hash, "%016" PRIx64, XXH3_64bits_digest(f->hash));
    XXH3_freeState(f->hash);
    free(f->half);
    if (!ok) {
        safetensors_cancel(&f->writer);
        return false;
    }
    safetensors_amend(&f->writer, no_hash, hash);
    return safetensors_finish(&f->writer, err);
}
