/* saelens.c: SAEs as SAELens writes them: cfg.json beside sae_weights.safetensors. */
#include "sae/sae.h"
#include "base/mem.h"
#include "io/tensor.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct config {
    char *path;
    cJSON *json;
} config;

static bool config_text(const config *c, const char *key, const char **out, scry_error *err) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(c->json, key);
    *out = NULL;
    if (!item || cJSON_IsNull(item)) return true;
    if (!cJSON_IsString(item)) return scry_fail(err, "%s: %s: found something else, expected text", c->path, key);
    *out = item->valuestring;
    return true;
}

static bool config_size(const config *c, const char *key, uint32_t *out, scry_error *err) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(c->json, key);
    if (!cJSON_IsNumber(item) || item->valuedouble < 1 || item->valuedouble > 1u << 30)
        return scry_fail(err, "%s: %s: expected a whole number of 1 or more", c->path, key);
    *out = (uint32_t)item->valuedouble;
    return true;
}

/* SAELens 5 spells the activation beside the architecture, so both must be looked at: a TopK SAE
 * may call itself "standard" (SAELens issue 553). */
static bool check_architecture(const config *c, scry_error *err) {
    const char *architecture, *activation;
    if (!config_text(c, "architecture", &architecture, err)) return false;
    if (!config_text(c, "activation_fn_str", &activation, err)) return false;
    if (!activation && !config_text(c, "activation_fn", &activation, err)) return false;
    if (architecture && strcmp(architecture, "standard") != 0)
        return scry_fail(err, "%s: architecture: found \"%.40s\", expected \"standard\"; capture features instead",
                         c->path, architecture);
    if (activation && strcmp(activation, "relu") != 0)
        return scry_fail(err, "%s: activation_fn_str: found \"%.40s\", expected \"relu\"; capture features instead",
                         c->path, activation);
    return true;
}

static bool read_input(sae *s, const config *c, scry_notes *notes, scry_error *err) {
    const cJSON *subtract = cJSON_GetObjectItemCaseSensitive(c->json, "apply_b_dec_to_input");
    s->subtract_b_dec = !subtract || cJSON_IsTrue(subtract);
    const cJSON *norm = cJSON_GetObjectItemCaseSensitive(c->json, "normalize_activations");
    const char *kind = cJSON_IsString(norm) ? norm->valuestring
                       : cJSON_IsTrue(norm) ? "expected_average_only_in"
                                            : "none";
    if (strcmp(kind, "none") == 0) s->input = SAE_INPUT_AS_IS;
    else if (strcmp(kind, "expected_average_only_in") == 0) {
        s->input = SAE_INPUT_AS_IS;
        scry_notes_add(notes,
                       "%s: normalize_activations is \"expected_average_only_in\": taken as folded into the weights, "
                       "as SAELens does; if it was not, all activations are off by one factor",
                       c->path);
    } else if (strcmp(kind, "constant_norm_rescale") == 0) s->input = SAE_INPUT_CONSTANT_NORM;
    else if (strcmp(kind, "layer_norm") == 0) s->input = SAE_INPUT_LAYER_NORM;
    else
        return scry_fail(err,
                         "%s: normalize_activations: found \"%.40s\", expected none, expected_average_only_in, "
                         "constant_norm_rescale or layer_norm",
                         c->path, kind);
    return true;
}

/* A weight of exactly this shape (cols 0: one dimension), as float; NULL and err otherwise. */
static float *weight(const tensor_file *file, const char *name, uint64_t rows, uint64_t cols, scry_error *err) {
    const tensor *t = tensor_find(file, name);
    const char *path = file->map.path;
    char shape[160], expected[64];
    if (cols) snprintf(expected, sizeof expected, "[%" PRIu64 ", %" PRIu64 "]", rows, cols);
    else snprintf(expected, sizeof expected, "[%" PRIu64 "]", rows);
    if (!t) {
        scry_fail(err, "%s: no tensor \"%s\"; expected one of shape %s", path, name, expected);
        return NULL;
    }
    if (t->dtype == TENSOR_OTHER) {
        scry_fail(err, "%s: tensor \"%s\": found dtype %s, expected F16, BF16, F32 or F64", path, name, t->dtype_name);
        return NULL;
    }
    if (t->dims != (cols ? 2 : 1) || t->shape[0] != rows || (cols && t->shape[1] != cols)) {
        scry_fail(err, "%s: tensor \"%s\": found shape %s, expected %s from cfg.json's d_in and d_sae", path, name,
                  tensor_shape_text(t, shape, sizeof shape), expected);
        return NULL;
    }
    uint64_t count = rows * (cols ? cols : 1);
    float *out = mem_new(count, sizeof *out);
    uint64_t bad = tensor_floats(t, 0, 1, count, out);
    if (bad) {
        scry_fail(err, "%s: tensor \"%s\": %" PRIu64 " values are NaN or infinite", path, name, bad);
        free(out);
        return NULL;
    }
    return out;
}

static bool read_weights(sae *s, const char *path, scry_error *err) {
    tensor_file file;
    if (!tensor_file_open(&file, path, "sae", err)) return false;
    bool ok = (s->W_enc = weight(&file, "W_enc", s->d_in, s->d_sae, err)) &&
              (s->b_enc = weight(&file, "b_enc", s->d_sae, 0, err)) &&
              (s->W_dec = weight(&file, "W_dec", s->d_sae, s->d_in, err)) &&
              (s->b_dec = weight(&file, "b_dec", s->d_in, 0, err));
    /* The oldest files scale latents when decoding; that is not ours to guess (FORMATS of SAELens:
     * all ones means none). */
    tensor_file_close(&file);
    return ok;
}

static bool read_config(sae *s, const config *c, scry_notes *notes, scry_error *err) {
    return check_architecture(c, err) && config_size(c, "d_in", &s->d_in, err) &&
           config_size(c, "d_sae", &s->d_sae, err) && read_input(s, c, notes, err);
}

bool sae_load(sae *s, const char *path, scry_notes *notes, scry_error *err) {
    *s = (sae){0};
    struct stat st;
    if (stat(path, &st) != 0)
        return scry_fail(err, "sae: %s: no such file or directory; expected a SAELens directory", path);
    const char *slash = strrchr(path, '/');
    char *folder = S_ISDIR(st.st_mode) ? mem_format("%s/", path)
                   : slash             ? mem_copy_bytes(path, (size_t)(slash - path) + 1)
                                       : mem_copy_string("");
    config c = {.path = mem_format("%scfg.json", folder)};
    char *weights = mem_format("%ssae_weights.safetensors", folder);
    file_map map;
    bool ok = map_open(&map, c.path, "sae", err);
    if (ok) {
        c.json = cJSON_ParseWithLength((const char *)map.data, (size_t)map.size);
        map_close(&map);
        ok = cJSON_IsObject(c.json) || scry_fail(err, "sae: %s: not a JSON object", c.path);
    }
    ok = ok && read_config(s, &c, notes, err) && read_weights(s, weights, err);
    if (ok) snprintf(s->description, sizeof s->description, "SAELens standard (ReLU), %u -> %u", s->d_in, s->d_sae);
    else sae_free(s);
    cJSON_Delete(c.json);
    free(c.path);
    free(weights);
    free(folder);
    return ok;
}

void sae_free(sae *s) {
    free(s->W_enc);
    free(s->b_enc);
    free(s->W_dec);
    free(s->b_dec);
    *s = (sae){0};
}
