/* sparsify.c: EleutherAI's sparsify: cfg.json and sae.safetensors. */
#include "sae/families/families.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"sae.safetensors", NULL};

bool sparsify_detect(const char *path) {
    return path_has(path, "cfg.json") && path_has(path, "sae.safetensors") &&
           !path_has(path, "sae_weights.safetensors");
}

static bool check_activation(const config *cfg, scry_error *err) {
    const char *activation;
    bool is_signed;
    if (!config_text(cfg, "activation", &activation, err)) return false;
    if (activation && strcmp(activation, "topk") != 0)
        return scry_fail(err, "sae: %s: activation: found \"%.40s\", expected topk", cfg->path, activation);
    if (!config_flag(cfg, "signed", false, &is_signed, err)) return false;
    return !is_signed ||
           scry_fail(err, "sae: %s: signed: found true, expected false: latents below 0 are not supported", cfg->path);
}

static bool read_settings(sae *s, const config *cfg, scry_error *err) {
    if (!config_check_hook(cfg, err) || !check_activation(cfg, err) || !config_count(cfg, "k", &s->k, err))
        return false;
    if (!s->k) return scry_fail(err, "sae: %s: k: found nothing, expected a whole number of 1 or more", cfg->path);
    s->activation = SAE_TOPK;
    s->subtract_b_dec = true;
    return true;
}

/* num_latents 0 means d_in times expansion_factor. */
static bool check_sizes(const sae *s, const config *cfg, scry_error *err) {
    const cJSON *latents = config_find(cfg, "num_latents");
    if (latents && !(cJSON_IsNumber(latents) && latents->valuedouble == 0))
        return weights_agree(s, cfg, "d_in", "num_latents", err);
    uint32_t factor;
    if (!weights_agree(s, cfg, "d_in", NULL, err) || !config_count(cfg, "expansion_factor", &factor, err)) return false;
    if (!factor || (uint64_t)factor * s->d_in == s->d_sae) return true;
    return scry_fail(err, "sae: %s: expansion_factor: found %u, expected %u latents / %u as in the weights", cfg->path,
                     factor, s->d_sae, s->d_in);
}

static bool read_weights(sae *s, const config *cfg, const char *path, const sae_harmless *harmless, scry_error *err) {
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        const char *W_dec = weights_find(&w, "W_dec") ? "W_dec" : NULL;
        ok = weights_load(s, &w, &(weight_names){"encoder.weight", "encoder.bias", W_dec, "b_dec", true, false}, err) &&
             check_sizes(s, cfg, err) && weights_check_rest(&w, harmless, err);
        weights_close(&w);
    }
    free(file);
    return ok;
}

bool sparsify_load(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes, scry_error *err) {
    char *file = path_sibling(path, "cfg.json");
    config cfg;
    bool ok = sae_config_open(&cfg, file, err);
    if (ok) {
        ok = read_settings(s, &cfg, err) && read_weights(s, &cfg, path, harmless, err) &&
             config_check_rest(&cfg, harmless, notes, err);
        config_close(&cfg);
    }
    free(file);
    snprintf(s->description, sizeof s->description, "sparsify");
    return ok;
}
