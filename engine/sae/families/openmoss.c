/* openmoss.c: OpenMOSS's Language-Model-SAEs. Since 2025: config.json and sae_weights.safetensors,
 * tensors W_E, b_E, W_D, b_D. Before that (the Llama Scope release): hyperparams.json and
 * checkpoints/final.safetensors, tensors encoder.weight, encoder.bias, decoder.weight, decoder.bias. */
#include "base/name_list.h"
#include "sae/families/families.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"sae_weights.safetensors",
                                           "sae_weights.pt",
                                           "checkpoints/pruned.safetensors",
                                           "checkpoints/pruned.pt",
                                           "checkpoints/final.safetensors",
                                           "checkpoints/final.pt",
                                           NULL};

static bool has_weights(const char *path) {
    for (size_t i = 0; weight_files[i]; i++)
        if (path_has(path, weight_files[i])) return true;
    return false;
}

bool openmoss_detect(const char *path) {
    if (path_is_directory(path))
        return path_has(path, "hyperparams.json") || (path_has(path, "config.json") && has_weights(path));
    const char *name = path_file_name(path);
    if (strcmp(name, "hyperparams.json") == 0) return true;
    if (strcmp(name, "config.json") == 0) return has_weights(path);
    char *old = path_near(path, "hyperparams.json"), *new = path_near(path, "config.json");
    bool known =
        strncmp(name, "sae_weights.", 12) == 0 || strncmp(name, "final.", 6) == 0 || strncmp(name, "pruned.", 7) == 0;
    bool found = old || (new &&known);
    free(old);
    free(new);
    return found;
}

static const struct {
    const char *name;
    sae_activation activation;
} activations[] = {{"relu", SAE_RELU}, {"jumprelu", SAE_JUMPRELU}, {"topk", SAE_TOPK}};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

/* Norms of residuals. */
static const struct {
    const char *name;
    sae_input input;
    bool dataset_wise;
} input_norms[] = {{"token-wise", SAE_INPUT_CONSTANT_NORM, false},
                   {"dataset-wise", SAE_INPUT_AS_IS, true},
                   {"inference", SAE_INPUT_AS_IS, false},
                   {"none", SAE_INPUT_AS_IS, false}};
enum { NORMS = sizeof input_norms / sizeof *input_norms };

typedef struct settings {
    config cfg;
    bool old;          /* hyperparams.json */
    bool has_b_dec;    /* use_decoder_bias */
    bool by_decoder;   /* sparsity_include_decoder_norm */
    bool dataset_wise; /* norm_activation is dataset-wise */
    const char *hook_in, *hook_out;
    double threshold; /* jump_relu_threshold of the old files */
} settings;

static bool refuse(const settings *set, const char *key, const char *expected, scry_error *err) {
    char shown[80];
    return scry_fail(err, "sae: %s: %s: found %s, expected %s", set->cfg.path, key,
                     config_shown(&set->cfg, key, shown, sizeof shown), expected);
}

static void add_reason(char *text, size_t size, const char *reason) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "; %s", reason);
}

static bool is(const char *text, const char *other) {
    return text && strcmp(text, other) == 0;
}

static bool check_type(const settings *set, scry_error *err) {
    const char *type;
    bool glu;
    if (!config_text(&set->cfg, "sae_type", &type, err)) return false;
    if (type && !is(type, "sae"))
        return refuse(set, "sae_type", "\"sae\"; crosscoders, transcoders and attention are no SAE of one residual",
                      err);
    if (!config_flag(&set->cfg, "use_glu_encoder", false, &glu, err)) return false;
    return !glu || refuse(set, "use_glu_encoder", "false; gated linear units are not supported", err);
}

/* As in the old loader, TopK with a threshold is JumpReLU. */
static bool read_activation(sae *s, settings *set, scry_error *err) {
    const char *name;
    if (!config_text(&set->cfg, "act_fn", &name, err)) return false;
    if (!config_count(&set->cfg, "top_k", &s->k, err)) return false;
    if (set->old && config_find(&set->cfg, "jump_relu_threshold")) {
        const cJSON *item = config_find(&set->cfg, "jump_relu_threshold");
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0))
            return refuse(set, "jump_relu_threshold", "a number of 0 or more", err);
        set->threshold = item->valuedouble;
    }
    int i = 0;
    while (i < ACTIVATIONS && name && !is(name, activations[i].name)) i++;
    if (i == ACTIVATIONS) {
        char expected[200];
        alternatives(expected, sizeof expected, &activations[0].name, sizeof *activations, ACTIVATIONS);
        if (is(name, "batchtopk"))
            add_reason(expected, sizeof expected,
                       "convert it to jumprelu with OpenMOSS's own tool, as batchtopk depends on the whole "
                       "batch");
        return refuse(set, "act_fn", expected, err);
    }
    s->activation = activations[i].activation;
    if (s->activation == SAE_TOPK && set->threshold > 0) s->activation = SAE_JUMPRELU;
    if (s->activation == SAE_TOPK && !s->k) s->k = 50;
    return true;
}

static bool read_input(sae *s, settings *set, scry_error *err) {
    const char *norm;
    if (!config_text(&set->cfg, "norm_activation", &norm, err)) return false;
    if (!norm) norm = set->old ? "token-wise" : "dataset-wise";
    for (int i = 0; i < NORMS; i++)
        if (is(norm, input_norms[i].name)) {
            s->input = input_norms[i].input;
            set->dataset_wise = input_norms[i].dataset_wise;
            return true;
        }
    char expected[100];
    alternatives(expected, sizeof expected, &input_norms[0].name, sizeof *input_norms, NORMS);
    if (is(norm, "batch-wise")) add_reason(expected, sizeof expected, "batch-wise depends on the batch");
    return refuse(set, "norm_activation", expected, err);
}

static bool read_settings(sae *s, settings *set, scry_error *err) {
    if (!check_type(set, err) || !config_check_hook(&set->cfg, err)) return false;
    if (!read_activation(s, set, err) || !read_input(s, set, err)) return false;
    if (!config_flag(&set->cfg, "use_decoder_bias", true, &set->has_b_dec, err)) return false;
    if (!config_flag(&set->cfg, "sparsity_include_decoder_norm", true, &set->by_decoder, err)) return false;
    /* True by default in the old code; the new code has no such key. */
    if (!config_flag(&set->cfg, "apply_decoder_bias_to_pre_encoder", set->old, &s->subtract_b_dec, err)) return false;
    s->subtract_b_dec = s->subtract_b_dec && set->has_b_dec;
    if (!config_text(&set->cfg, "hook_point_in", &set->hook_in, err)) return false;
    return config_text(&set->cfg, "hook_point_out", &set->hook_out, err);
}

/* sqrt(d) / the average norm of the residuals at one end, "in" or "out": in the settings of the old
 * files, in a tensor named after the hook in the new. */
static bool norm_factor(const sae *s, const settings *set, const weights *w, const char *end, double *out,
                        scry_error *err) {
    char key[64], name[200];
    const char *hook = strcmp(end, "out") == 0 && set->hook_out ? set->hook_out : set->hook_in;
    snprintf(key, sizeof key, "dataset_average_activation_norm.%s", end);
    snprintf(name, sizeof name, "dataset_average_activation_norm.%.150s", hook ? hook : end);
    bool in_settings = set->old && config_find(&set->cfg, key), in_weights = weights_find(w, name);
    double norm = 0;
    if (!in_settings && !in_weights)
        return scry_fail(err, "sae: %s: %s: found none, expected the average norm, as norm_activation is dataset-wise",
                         set->cfg.path, set->old ? key : name);
    if (in_settings && !config_positive(&set->cfg, key, 0, &norm, err)) return false;
    if (!in_settings && !weights_scalar(w, name, &norm, err)) return false;
    if (!(norm > 1e-30 && norm < 1e30))
        return scry_fail(err, "sae: %s: tensor %s: found %.9g, expected a norm above 0", w->file.map.path, name, norm);
    *out = sqrt((double)s->d_in) / norm;
    return true;
}

static float *norms_for_division(const sae *s) {
    float *norms = weights_decoder_norms(s);
    for (uint32_t j = 0; j < s->d_sae; j++)
        if (norms[j] <= 0) norms[j] = 1;
    return norms;
}

static bool finish_new(sae *s, const settings *set, const weights *w, scry_error *err) {
    if (set->dataset_wise) {
        double factor;
        if (!norm_factor(s, set, w, "in", &factor, err)) return false;
        s->input_scale = (float)factor;
    }
    if (s->activation == SAE_JUMPRELU) {
        s->threshold = weights_vector(w, "activation_function.log_jumprelu_threshold", s->d_sae, err);
        if (!s->threshold) return false;
        for (uint32_t j = 0; j < s->d_sae; j++) s->threshold[j] = expf(s->threshold[j]);
    }
    if (set->by_decoder && s->activation != SAE_RELU) {
        s->scale = norms_for_division(s);
        s->out_scale = norms_for_division(s);
    }
    return true;
}

/* As in the old loader: the norms of the data are folded into b_enc and the decoder, then the decoder's norms
 * into the encoder; the threshold applies to the result. */
static bool finish_old(sae *s, const settings *set, const weights *w, scry_error *err) {
    double in = 1, out = 1;
    if (set->dataset_wise && (!norm_factor(s, set, w, "in", &in, err) || !norm_factor(s, set, w, "out", &out, err)))
        return false;
    for (uint32_t j = 0; j < s->d_sae; j++) s->b_enc[j] /= (float)in;
    for (uint32_t i = 0; i < s->d_in; i++) s->b_dec[i] /= (float)out;
    for (size_t i = 0; i < (size_t)s->d_sae * s->d_in; i++) s->W_dec[i] *= (float)(in / out);
    if (set->by_decoder) weights_fold_decoder(s);
    if (s->activation == SAE_JUMPRELU) s->threshold = weights_constant(s, (float)set->threshold);
    return true;
}

static bool read_weights(sae *s, const settings *set, const weights *w, scry_error *err) {
    const weight_names new_names = {"W_E", "b_E", "W_D", set->has_b_dec ? "b_D" : NULL, false, false};
    const weight_names old_names = {
        "encoder.weight", "encoder.bias", "decoder.weight", set->has_b_dec ? "decoder.bias" : NULL, true, true};
    if (!weights_load(s, w, set->old ? &old_names : &new_names, err)) return false;
    if (!weights_agree(s, &set->cfg, "d_model", "d_sae", err)) return false;
    double factor;
    if (!config_positive(&set->cfg, "expansion_factor", 0, &factor, err)) return false;
    if (factor > 0 && !config_find(&set->cfg, "d_sae") && floor(s->d_in * factor) != s->d_sae)
        return scry_fail(err, "sae: %s: expansion_factor: found %.9g, expected %u latents / %u as in the weights",
                         set->cfg.path, factor, s->d_sae, s->d_in);
    return set->old ? finish_old(s, set, w, err) : finish_new(s, set, w, err);
}

static bool load_all(sae *s, settings *set, const char *path, const sae_harmless *harmless, scry_notes *notes,
                     scry_error *err) {
    if (!read_settings(s, set, err)) return false;
    char *file = path_weights(path, set->old ? weight_files + 4 : weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        if (weights_find(&w, "sae.W_E") || weights_find(&w, "sae.encoder.weight")) w.prefix = "sae.";
        ok = read_weights(s, set, &w, err) && weights_check_rest(&w, harmless, err) &&
             config_check_rest(&set->cfg, harmless, notes, err);
        weights_close(&w);
    }
    free(file);
    snprintf(s->description, sizeof s->description, "OpenMOSS%s", set->old ? " (Llama Scope)" : "");
    return ok;
}

bool openmoss_load(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes, scry_error *err) {
    char *file = path_near(path, "hyperparams.json");
    settings set = {.old = file != NULL};
    if (!file) file = path_near(path, "config.json");
    if (!file)
        return scry_fail(err, "sae: %s: found no config.json or hyperparams.json, expected one next to it", path);
    bool ok = sae_config_open(&set.cfg, file, err) && load_all(s, &set, path, harmless, notes, err);
    config_close(&set.cfg);
    free(file);
    return ok;
}
