/* single_hook.c: an SAE reads and writes one residual stream. Transcoders and crosscoders, which come in the same
 * files, are refused with the advice that fits them. */
#include "sae/format.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char transcoder[] = "this is a transcoder, which reads one place and writes another, and no SAE of one "
                                 "residual stream; choose an SAE of the residual stream (in Gemma Scope 2 the folders "
                                 "resid_post)";
static const char crosscoder[] =
    "this is a crosscoder, which reads several layers or models at once, and no SAE of one "
    "residual stream; choose an SAE of one model and layer";
static const char cross_layer[] = "this is a cross-layer transcoder, which writes to several layers, and no SAE of one "
                                  "residual stream; choose an SAE of the residual stream";

/* Keys of the place that is read and of the place that is written. */
static const char *const places[][2] = {{"hf_hook_point_in", "hf_hook_point_out"},
                                        {"hook_point_in", "hook_point_out"},
                                        {"hook_name", "hook_name_out"},
                                        {"hook_point", "hook_point_out"},
                                        {"hook_layer", "hook_layer_out"},
                                        {"hook_in", "hook_out"},
                                        {"metadata.hook_name", "metadata.hook_name_out"},
                                        {"metadata.hook_layer", "metadata.hook_layer_out"},
                                        {"trainer.submodule_name_in", "trainer.submodule_name_out"}};
/* Settings of transcoders; each is false or absent in an SAE. */
static const char *const flags[] = {"transcode", "skip_connection", "affine_connection", "is_transcoder",
                                    "affine_skip_connection"};
/* Tensors that only transcoders have. */
static const char *const skips[] = {"affine_skip_connection", "W_skip", "skip.weight", "skip_connection.weight"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool is_several(const cJSON *item) {
    return cJSON_IsArray(item) && cJSON_GetArraySize(item) > 1;
}

/* A key for a place that is written, such as layer_out or mlp_hook_output. */
static bool names_place(const char *key) {
    static const char *const kinds[] = {"hook", "layer", "module", "site", "location"};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (strstr(key, kinds[i])) return true;
    return false;
}

/* The item whose key is this one with "in" for "out"; NULL where there is none. */
static const cJSON *twin_of(const cJSON *object, const cJSON *out) {
    const char *at = NULL, *tail = out->string;
    while ((tail = strstr(tail, "out"))) at = tail++;
    if (!at || (at > out->string && at[-1] != '_')) return NULL;
    char *key = mem_format("%.*sin%s", (int)(at - out->string), out->string, at + 3);
    const cJSON *in = cJSON_GetObjectItemCaseSensitive(object, key);
    free(key);
    return in;
}

/* Keys that differ only in "in" and "out" and name places, in the object and those in it. */
static bool check_twins(const config *c, const cJSON *object, int depth, scry_error *err) {
    const cJSON *item;
    cJSON_ArrayForEach (item, object) {
        if (cJSON_IsObject(item) && depth < 4 && !check_twins(c, item, depth + 1, err)) return false;
        const cJSON *in = item->string && names_place(item->string) ? twin_of(object, item) : NULL;
        if (in && !cJSON_Compare(in, item, true))
            return scry_fail(err, "sae: %s: %.60s: found another place than in %.60s, expected the same: %s", c->path,
                             item->string, in->string, transcoder);
    }
    return true;
}

bool config_check_hook(const config *c, scry_error *err) {
    char shown[80], other[80];
    for (size_t i = 0; i < COUNT(places); i++) {
        const char *key_in = places[i][0], *key_out = places[i][1];
        const cJSON *in = config_find(c, key_in), *out = config_find(c, key_out);
        if (is_several(in))
            return scry_fail(err, "sae: %s: %s: found a list of %d, expected one place: %s", c->path, key_in,
                             cJSON_GetArraySize(in), crosscoder);
        if (is_several(out))
            return scry_fail(err, "sae: %s: %s: found a list of %d, expected one place: %s", c->path, key_out,
                             cJSON_GetArraySize(out), cross_layer);
        if (in && out && !cJSON_Compare(in, out, true))
            return scry_fail(err, "sae: %s: %s: found %s, expected %s as in %s: %s", c->path, key_out,
                             config_shown(c, key_out, shown, sizeof shown),
                             config_shown(c, key_in, other, sizeof other), key_in, transcoder);
    }
    for (size_t i = 0; i < COUNT(flags); i++) {
        const cJSON *flag = config_find(c, flags[i]);
        if (flag && !cJSON_IsFalse(flag))
            return scry_fail(err, "sae: %s: %s: found %s, expected false: %s", c->path, flags[i],
                             config_shown(c, flags[i], shown, sizeof shown), transcoder);
    }
    return check_twins(c, c->json, 0, err);
}

static bool refuse(const weights *w, const tensor *t, const char *found, const char *expected, const char *why,
                   scry_error *err) {
    return scry_fail(err, "sae: %s: tensor %s: found %s, expected %s: %s", w->file.map.path, t->name, found, expected,
                     why);
}

/* The dimension of a matrix that is not the number of latents; 0 where the shape does not tell. */
static uint64_t width_of(const tensor *t, uint64_t latents) {
    if (!t || t->dims != 2 || (t->shape[0] == latents) == (t->shape[1] == latents)) return 0;
    return t->shape[0] == latents ? t->shape[1] : t->shape[0];
}

bool weights_check_hook(const weights *w, const weight_names *names, scry_error *err) {
    const tensor *W_enc = weights_find(w, names->W_enc), *b_enc = weights_find(w, names->b_enc);
    const tensor *W_dec = names->W_dec ? weights_find(w, names->W_dec) : NULL;
    char found[40], shape[160];
    for (size_t i = 0; i < COUNT(skips); i++) {
        const tensor *skip = weights_find(w, skips[i]);
        if (skip) return refuse(w, skip, "one", "none", transcoder, err);
    }
    if (W_enc && W_enc->dims > 2) {
        snprintf(found, sizeof found, "%d dimensions", W_enc->dims);
        return refuse(w, W_enc, found, "2", crosscoder, err);
    }
    if (W_dec && W_dec->dims > 2) {
        snprintf(found, sizeof found, "%d dimensions", W_dec->dims);
        return refuse(w, W_dec, found, "2", cross_layer, err);
    }
    uint64_t latents = b_enc && b_enc->dims == 1 ? b_enc->shape[0] : 0;
    uint64_t in = width_of(W_enc, latents), out = width_of(W_dec, latents);
    if (!in || !out || in == out) return true;
    char expected[80];
    snprintf(expected, sizeof expected, "a width of %llu as in %s", (unsigned long long)in, W_enc->name);
    return refuse(w, W_dec, tensor_shape_text(W_dec, shape, sizeof shape), expected, transcoder, err);
}
