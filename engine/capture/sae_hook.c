/* capture/sae_hook.c: see sae_hook.h. */
#include "capture/sae_hook.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const files[] = {"cfg.json", "config.json", "hyperparams.json"};
/* Keys of a hook's name, and of a layer alone, which then is that of the stream after the block. */
static const char *const name_keys[] = {
    "hook_name",        "metadata.hook_name",    "hook_point", "hook_point_in", "hookpoint",
    "hf_hook_point_in", "trainer.submodule_name"};
static const char *const layer_keys[] = {"hook_layer", "metadata.hook_layer", "trainer.layer", "layer"};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The number behind the first place where `before` is followed by one; the text after it in *after. */
static bool number_after(const char *text, const char *before, uint32_t *number, const char **after) {
    for (const char *at = text; (at = strstr(at, before)); at++) {
        const char *digits = at + strlen(before);
        bool starts = at == text || strchr("./_", at[-1]);
        if (!starts || !is_digit(*digits)) continue;
        char *end;
        *number = (uint32_t)strtoul(digits, &end, 10);
        *after = end;
        return true;
    }
    return false;
}

/* Part of a module's name or of a path that says what of a block is read; the first that occurs. */
static const struct {
    const char *part;
    scry_hook_point point;
} points[] = {{"mlp", SCRY_MLP_OUT},
              {"attn", SCRY_ATTN_OUT},
              {"attention", SCRY_ATTN_OUT},
              {"resid_pre", SCRY_RESID_PRE},
              {"resid_mid", SCRY_RESID_MID}};

static scry_hook_point point_in(const char *text) {
    for (size_t i = 0; i < COUNT(points); i++)
        if (strstr(text, points[i].part)) return points[i].point;
    return SCRY_RESID_POST;
}

/* "blocks.3.hook_resid_post", "model.layers.3", "gpt_neox.layers.3.mlp", "h.3", "resid_post_layer_3". */
static bool parse_name(const char *text, scry_hook *hook) {
    static const char *const words[] = {"layers.", "h.", "layer_"};
    const char *after;
    if (scry_hook_parse(text, hook, NULL)) return true;
    if (strncmp(text, "blocks.", 7) == 0) return false; /* a hook that no model here has */
    for (size_t i = 0; i < COUNT(words); i++)
        if (number_after(text, words[i], &hook->layer, &after)) {
            hook->point = point_in(strcmp(words[i], "layer_") == 0 ? text : after);
            return true;
        }
    return false;
}

static const cJSON *find(const cJSON *json, const char *key) {
    const char *dot = strchr(key, '.');
    if (!dot) return cJSON_GetObjectItemCaseSensitive(json, key);
    char part[40];
    snprintf(part, sizeof part, "%.*s", (int)(dot - key), key);
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, part), dot + 1);
}

/* *other: a name that was found but not understood; the caller frees it. */
static bool hook_of_settings(const cJSON *json, scry_hook *hook, char **other) {
    for (size_t i = 0; i < COUNT(name_keys); i++) {
        const cJSON *name = find(json, name_keys[i]);
        if (!cJSON_IsString(name)) continue;
        if (parse_name(name->valuestring, hook)) return true;
        free(*other);
        *other = mem_copy_string(name->valuestring);
    }
    for (size_t i = 0; i < COUNT(layer_keys) && !*other; i++) {
        const cJSON *layer = find(json, layer_keys[i]);
        if (!cJSON_IsNumber(layer) || layer->valuedouble < 0 || layer->valuedouble > 1e6) continue;
        *hook = (scry_hook){(uint32_t)layer->valuedouble, SCRY_RESID_POST};
        return true;
    }
    return false;
}

static bool hook_of_file(const char *file, scry_hook *hook, char **other) {
    mapped_file map;
    if (access(file, R_OK) != 0 || !mapped_file_open(&map, file, NULL, NULL)) return false;
    cJSON *json = json_parse_prefix((const char *)map.data, (size_t)map.size, NULL);
    bool found = hook_of_settings(json, hook, other);
    cJSON_Delete(json);
    mapped_file_close(&map);
    return found;
}

/* The path's own words: "gemma-scope-2b-pt-res/layer_20/width_16k", "resid_post/layer_12_width_16k", "layers.10.mlp".
 */
static bool hook_of_path(const char *path, scry_hook *hook) {
    const char *after;
    char *whole = realpath(path, NULL);
    if (!whole) return false;
    bool layer = number_after(whole, "layer_", &hook->layer, &after), found = layer;
    if (layer) {
        const char *before = strstr(whole, "mlp_out") ? "mlp" : strstr(whole, "attn_out") ? "attn" : "";
        hook->point = strstr(whole, "-mlp/") ? SCRY_MLP_OUT : point_in(before);
        found = !strstr(whole, "-att/"); /* Gemma Scope's SAEs of heads side by side */
    } else if (parse_name(path_file_name(whole), hook)) found = true;
    free(whole);
    return found;
}

bool sae_hook(const char *path, bool required, scry_hook *hook, bool *has, scry_error *err) {
    *has = false;
    if (access(path, F_OK) != 0)
        return scry_fail(err, "--sae: %s: no such file or directory; expected an SAE's directory or file", path);
    char *folder = path_is_directory(path) ? mem_format("%s/", path) : path_folder(path), *other = NULL;
    for (size_t i = 0; i < 2 * COUNT(files) && !*has; i++) {
        char *file = mem_format("%s%s%s", folder, i < COUNT(files) ? "" : "../", files[i % COUNT(files)]);
        *has = hook_of_file(file, hook, &other);
        free(file);
        if (other) break;
    }
    if (!*has && !other) *has = hook_of_path(path, hook);
    if (!*has && required && other)
        scry_misuse(err,
                    "--sae: %s: reads %s, which is no hook here; name the place that it stands for by --hook "
                    "blocks.L.hook_resid_post",
                    path, other);
    else if (!*has && required)
        scry_misuse(err,
                    "--sae: %s: does not say which hook it reads; add --layer L or --hook "
                    "blocks.L.hook_resid_post",
                    path);
    free(folder);
    free(other);
    return *has || !required;
}
