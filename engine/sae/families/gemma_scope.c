/* gemma_scope.c: Gemma Scope's params.npz (Gemma 2) and params.safetensors (Gemma 3). All are JumpReLU
 * and subtract nothing; names differ in case. */
#include "sae/families/families.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"params.npz", "params.safetensors", NULL};

bool gemma_scope_detect(const char *path) {
    const char *name = path_file_name(path);
    if (path_ends_with(name, ".npz")) return true;
    if (strcmp(name, "params.safetensors") == 0) return true;
    return path_is_directory(path) && (path_has(path, "params.npz") || path_has(path, "params.safetensors"));
}

/* config.json, which only Gemma Scope 2 has. */
static bool check_settings(const config *cfg, scry_error *err) {
    const char *architecture, *type;
    if (!cfg->json) return true;
    if (!config_check_hook(cfg, err) || !config_text(cfg, "architecture", &architecture, err)) return false;
    if (architecture && strcmp(architecture, "jump_relu") != 0 && strcmp(architecture, "jumprelu") != 0)
        return scry_fail(err, "sae: %s: architecture: found \"%.40s\", expected jump_relu", cfg->path, architecture);
    if (!config_text(cfg, "type", &type, err)) return false;
    return !type || strcmp(type, "sae") == 0 ||
           scry_fail(
               err,
               "sae: %s: type: found \"%.40s\", expected sae: transcoders and crosscoders are no SAE of one residual "
               "stream; choose one of the folders resid_post",
               cfg->path, type);
}

static bool read_weights(sae *s, const config *cfg, const weights *w, const sae_harmless *harmless, scry_error *err) {
    if (!weights_load(s, w, &(weight_names){"W_enc", "b_enc", "W_dec", "b_dec", false, false}, err)) return false;
    s->threshold = weights_vector(w, "threshold", s->d_sae, err);
    if (!s->threshold || !weights_check_rest(w, harmless, err)) return false;
    return !cJSON_IsNumber(config_find(cfg, "width")) || weights_agree(s, cfg, NULL, "width", err);
}

static bool load_with(sae *s, const config *cfg, const char *path, const sae_harmless *harmless, scry_notes *notes,
                      scry_error *err) {
    if (!check_settings(cfg, err)) return false;
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        ok = read_weights(s, cfg, &w, harmless, err) && config_check_rest(cfg, harmless, notes, err);
        weights_close(&w);
    }
    if (ok && strstr(file, "embedding"))
        scry_notes_add(
            notes,
            "sae: %s: Gemma Scope trained its SAEs of embeddings on inputs multiplied by 1/sqrt(d), which is "
            "not done here",
            file);
    free(file);
    return ok;
}

bool gemma_scope_load(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes, scry_error *err) {
    char *file = path_has(path, "config.json") ? path_sibling(path, "config.json") : NULL;
    config cfg = {0};
    bool ok = (!file || sae_config_open(&cfg, file, err)) && load_with(s, &cfg, path, harmless, notes, err);
    config_close(&cfg);
    free(file);
    s->activation = SAE_JUMPRELU;
    snprintf(s->description, sizeof s->description, "Gemma Scope");
    return ok;
}
